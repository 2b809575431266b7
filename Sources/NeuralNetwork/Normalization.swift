import Kernels

/// (x − mean) / max(√variance, 10⁻⁷) for each channel (the last axis), with fixed statistics: Keras'
/// `Normalization` as a preprocessing layer.
public struct Normalization: Layer {
  public var name: String
  public let className = "Normalization"
  public let mean: [Float]
  public let variance: [Float]

  /// - Throws: ``NeuralNetworkError`` for counts that differ, or a variance below 0.
  public init(mean: [Float], variance: [Float], name: String = "") throws {
    guard mean.count == variance.count, !mean.isEmpty else {
      throw NeuralNetworkError.count(
        what: "variances", expected: max(mean.count, 1), found: variance.count)
    }
    for value in variance where !(value >= 0) {
      throw NeuralNetworkError.setting(name: "variance", expected: "at least 0", found: "\(value)")
    }
    self.mean = mean
    self.variance = variance
    self.name = name
  }

  public func outputShape(_ inputShape: [Int]) throws -> [Int] {
    guard inputShape.last == mean.count else {
      throw NeuralNetworkError.shape(
        layer: label, expected: "\(mean.count) channels", found: inputShape)
    }
    return inputShape
  }

  public func callAsFunction(_ input: consuming Tensor, pool: ThreadPool) throws -> Tensor {
    _ = try checkedOutputShape(input)
    let (mean, channels) = (mean, mean.count)
    let deviations = variance.map { max($0.squareRoot(), 1e-7) }
    pool.forEachChunk(of: &input.values, chunk: rowsPerChunk(channels) * channels) { _, chunk in
      for row in stride(from: 0, to: chunk.count, by: channels) {
        for channel in 0..<channels {
          chunk[row + channel] = (chunk[row + channel] - mean[channel]) / deviations[channel]
        }
      }
    }
    return input
  }

  public mutating func forward(_ input: consuming Tensor, pool: ThreadPool) throws -> Tensor {
    try self(input, pool: pool)
  }

  public mutating func backward(
    _ gradient: consuming Tensor, needsInputGradient: Bool, pool: ThreadPool
  ) -> Tensor? {
    guard needsInputGradient else { return nil }
    gradient.values.scaleChannels(
      by: variance.map { 1 / max($0.squareRoot(), 1e-7) }, adding: [0], pool: pool)
    return gradient
  }

  public mutating func forget() {}
}
