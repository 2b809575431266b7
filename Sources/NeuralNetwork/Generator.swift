import Foundation

/// A seeded random number generator: xoshiro256**, its state filled by SplitMix64.
///
/// The same seed gives the same numbers on every machine. The state is a value, so a checkpoint
/// can keep it. Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators".
public struct Generator: RandomNumberGenerator, Sendable, Equatable, Codable {
  /// The four words of state.
  public private(set) var state: [UInt64]

  public init(seed: UInt64) {
    var counter = seed
    state = (0..<4).map { _ in
      counter &+= 0x9E37_79B9_7F4A_7C15
      var word = counter
      word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
      word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
      return word ^ (word >> 31)
    }
  }

  /// A generator that goes on from a state, as a checkpoint keeps it; nil unless it has four words,
  /// not all zero.
  public init?(state: [UInt64]) {
    guard state.count == 4, state.contains(where: { $0 != 0 }) else { return nil }
    self.state = state
  }

  /// A generator for another purpose under the same seed, independent of this one.
  public static func derived(seed: UInt64, purpose: UInt64) -> Generator {
    var outer = Generator(seed: seed)
    return Generator(seed: outer.next() ^ (purpose &* 0xD134_2543_DE82_EF95))
  }

  public mutating func next() -> UInt64 {
    let scrambled = state[1] &* 5
    let result = ((scrambled << 7) | (scrambled >> 57)) &* 9
    let shifted = state[1] << 17
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= shifted
    state[3] = (state[3] << 45) | (state[3] >> 19)
    return result
  }

  /// A number in [0, 1), a multiple of 2⁻⁵³.
  public mutating func uniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// A number in `0..<bound`, each equally likely (Lemire's multiplication with rejection).
  public mutating func index(below bound: Int) -> Int {
    precondition(bound > 0, "there is no index below \(bound)")
    let bound = UInt64(bound)
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
    }
    return Int(product.high)
  }

  /// A number of the standard normal distribution (Box and Muller).
  public mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * .pi * uniform())
  }

  /// Shuffles in place (Fisher and Yates), the same way in every version of the standard library.
  public mutating func shuffle<T>(_ array: inout [T]) {
    guard array.count > 1 else { return }
    for last in stride(from: array.count - 1, to: 0, by: -1) {
      array.swapAt(last, index(below: last + 1))
    }
  }

  /// The numbers `0..<count` in random order.
  public mutating func permutation(_ count: Int) -> [Int] {
    var result = Array(0..<count)
    shuffle(&result)
    return result
  }

  /// Keras' `GlorotUniform`: uniform in ±√(6 / (inputs + outputs)).
  ///
  /// For a convolution, inputs and outputs are channels × kernel height × kernel width.
  public mutating func glorotUniform(shape: [Int], inputs: Int, outputs: Int) -> Tensor {
    let limit = (6 / Double(inputs + outputs)).squareRoot()
    let values = (0..<shape.product).map { _ in Float((2 * uniform() - 1) * limit) }
    return Tensor(shape: shape, values: values)
  }
}
