import Kernels

/// Batch normalisation with frozen statistics: γ·(x − mean)/√(variance + ε) + β, per channel
/// (the last axis), in training as in inference.
///
/// γ and β may be trained; the moving mean and variance never change.
public struct BatchNormalization: Layer {
  public var name: String
  public let className = "BatchNormalization"
  public var gamma: Parameter
  public var beta: Parameter
  public var movingMean: Parameter
  public var movingVariance: Parameter
  public let epsilon: Float
  private var input: Tensor?

  /// A layer with given statistics, all of it frozen.
  ///
  /// - Parameter epsilon: Keras' default is 10⁻³.
  /// - Throws: ``NeuralNetworkError/count(what:expected:found:)``.
  public init(
    gamma: [Float], beta: [Float], movingMean: [Float], movingVariance: [Float],
    epsilon: Float = 1e-3, name: String = ""
  ) throws {
    for (what, values) in [
      ("values of beta", beta), ("moving means", movingMean),
      ("moving variances", movingVariance),
    ] where values.count != gamma.count {
      throw NeuralNetworkError.count(what: what, expected: gamma.count, found: values.count)
    }
    func parameter(_ name: String, _ values: [Float]) -> Parameter {
      Parameter(
        name: name, value: Tensor(shape: [values.count], values: values), isTrainable: false)
    }
    self.gamma = parameter("gamma", gamma)
    self.beta = parameter("beta", beta)
    self.movingMean = parameter("moving_mean", movingMean)
    self.movingVariance = parameter("moving_variance", movingVariance)
    self.epsilon = epsilon
    self.name = name
  }

  public var parameters: [Parameter] { [gamma, beta, movingMean, movingVariance] }

  public mutating func updateParameters(_ body: (inout Parameter) throws -> Void) rethrows {
    try body(&gamma)
    try body(&beta)
    try body(&movingMean)
    try body(&movingVariance)
  }

  /// Freezes γ and β, or lets them train; the statistics stay frozen.
  public mutating func setTrainable(_ isTrainable: Bool) {
    gamma.isTrainable = isTrainable
    beta.isTrainable = isTrainable
  }

  public func outputShape(_ inputShape: [Int]) throws -> [Int] {
    guard let last = inputShape.last, last == gamma.value.values.count, last > 0 else {
      throw NeuralNetworkError.shape(
        layer: label, expected: "\(gamma.value.values.count) channels", found: inputShape)
    }
    return inputShape
  }

  /// 1/√(variance + ε).
  private var inverseDeviations: [Float] {
    movingVariance.value.values.map { 1 / ($0 + epsilon).squareRoot() }
  }

  public func callAsFunction(_ input: Tensor, pool: ThreadPool) throws -> Tensor {
    var output = Tensor(shape: try checkedOutputShape(input), values: input.values)
    let channels = gamma.value.values.count
    let scale = zip(inverseDeviations, gamma.value.values).map { $0 * $1 }
    let (mean, shift) = (movingMean.value.values, beta.value.values)
    pool.forEachChunk(of: &output.values, chunk: rowsPerChunk(channels) * channels) { _, chunk in
      for row in stride(from: 0, to: chunk.count, by: channels) {
        for channel in 0..<channels {
          chunk[row + channel] =
            (chunk[row + channel] - mean[channel]) * scale[channel] + shift[channel]
        }
      }
    }
    return output
  }

  public mutating func forward(_ input: Tensor, pool: ThreadPool) throws -> Tensor {
    self.input = input
    return try self(input, pool: pool)
  }

  public mutating func backward(
    _ gradient: Tensor, needsInputGradient: Bool, pool: ThreadPool
  ) throws -> Tensor? {
    let input = try kept(input)
    let channels = gamma.value.values.count
    let inverse = inverseDeviations
    if gamma.isTrainable || beta.isTrainable {
      var (byGamma, byBeta) = ([Float](repeating: 0, count: channels), [Float]())
      byBeta = byGamma
      for row in stride(from: 0, to: gradient.values.count, by: channels) {
        for channel in 0..<channels {
          let value = gradient.values[row + channel]
          byBeta[channel] += value
          byGamma[channel] +=
            value * (input.values[row + channel] - movingMean.value.values[channel])
            * inverse[channel]
        }
      }
      if gamma.isTrainable { gamma.gradient = byGamma }
      if beta.isTrainable { beta.gradient = byBeta }
    }
    guard needsInputGradient else { return nil }
    var result = gradient
    let scale = zip(inverse, gamma.value.values).map { $0 * $1 }
    pool.forEachChunk(of: &result.values, chunk: rowsPerChunk(channels) * channels) { _, chunk in
      for row in stride(from: 0, to: chunk.count, by: channels) {
        for channel in 0..<channels { chunk[row + channel] *= scale[channel] }
      }
    }
    return result
  }

  public mutating func forget() { input = nil }
}
