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
  private var mask: [Float]?

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

  public func callAsFunction(_ input: Tensor, pool: ThreadPool) -> Tensor { input }

  public mutating func forward(_ input: Tensor, pool: ThreadPool) -> Tensor {
    guard rate > 0 else {
      mask = []
      return input
    }
    let scale = 1 / (1 - rate)
    // Two values a draw: 32 random bits against a threshold.
    let threshold = UInt32(Double(rate) * 0x1p32)
    var mask = [Float](repeating: 0, count: input.values.count)
    var bits: UInt64 = 0
    for index in mask.indices {
      bits = index.isMultiple(of: 2) ? generator.next() : bits >> 32
      if UInt32(truncatingIfNeeded: bits) >= threshold { mask[index] = scale }
    }
    self.mask = mask
    return masked(input, mask)
  }

  public mutating func backward(
    _ gradient: Tensor, needsInputGradient: Bool, pool: ThreadPool
  ) throws -> Tensor? {
    let mask = try kept(mask)
    guard needsInputGradient else { return nil }
    return mask.isEmpty ? gradient : masked(gradient, mask)
  }

  public mutating func forget() { mask = nil }

  private func masked(_ tensor: Tensor, _ mask: [Float]) -> Tensor {
    var result = tensor
    for index in mask.indices { result.values[index] *= mask[index] }
    return result
  }
}
