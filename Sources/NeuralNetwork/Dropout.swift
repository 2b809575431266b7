import Kernels

/// Inverted dropout: in training, each value is zero with probability `rate` and else divided by
/// 1 − rate; in inference nothing happens.
public struct Dropout: Layer {
  public var name: String
  public let className = "Dropout"

  /// The probability of zero, in [0, 1).
  public let rate: Float

  /// The state of the random numbers: part of a checkpoint.
  public var generator: Generator
  private var mask: [Bool]?

  /// - Throws: ``NeuralNetworkError/setting(name:expected:found:)`` for a rate outside [0, 1).
  public init(_ rate: Float, seed: UInt64, name: String = "") throws {
    guard rate >= 0, rate < 1 else {
      throw NeuralNetworkError.setting(
        name: "dropout", expected: "at least 0 and below 1", found: "\(rate)")
    }
    self.rate = rate
    self.name = name
    generator = Generator(seed: seed)
  }

  public func outputShape(_ inputShape: [Int]) -> [Int] { inputShape }

  public var randomState: Generator? {
    get { generator }
    set { if let newValue { generator = newValue } }
  }

  public func callAsFunction(_ input: consuming Tensor, pool: ThreadPool) -> Tensor { input }

  public mutating func forward(_ input: consuming Tensor, pool: ThreadPool) -> Tensor {
    guard rate > 0 else {
      mask = []
      return input
    }
    // Two values a draw: 32 random bits against a threshold.
    let threshold = UInt32(Double(rate) * 0x1p32)
    var mask = [Bool](repeating: false, count: input.values.count)
    var bits: UInt64 = 0
    for index in mask.indices {
      bits = index.isMultiple(of: 2) ? generator.next() : bits >> 32
      mask[index] = UInt32(truncatingIfNeeded: bits) >= threshold
    }
    apply(mask, to: &input.values, pool)
    self.mask = mask
    return input
  }

  public mutating func backward(
    _ gradient: consuming Tensor, needsInputGradient: Bool, pool: ThreadPool
  ) throws -> Tensor? {
    let mask = try kept(mask)
    guard needsInputGradient else { return nil }
    if !mask.isEmpty { apply(mask, to: &gradient.values, pool) }
    return gradient
  }

  public mutating func forget() { mask = nil }

  private func apply(_ mask: [Bool], to values: inout [Float], _ pool: ThreadPool) {
    let scale = 1 / (1 - rate)
    pool.forEachChunk(of: &values) { range, chunk in
      // Products, lest what is not a number vanish.
      for index in chunk.indices { chunk[index] *= mask[range.lowerBound + index] ? scale : 0 }
    }
  }
}
