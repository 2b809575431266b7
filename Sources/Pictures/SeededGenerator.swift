/// A generator of random numbers that gives the same sequence for the same seed on every platform.
///
/// xoshiro256** 1.0 by Blackman and Vigna (https://prng.di.unimi.it), its 256 bits of state filled
/// from the seed by SplitMix64, as its authors advise.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  public init(seed: UInt64) {
    var mixer = SplitMix64(state: seed)
    state = (mixer.next(), mixer.next(), mixer.next(), mixer.next())
  }

  /// A generator in a given state, not all of it zero.
  package init(state: (UInt64, UInt64, UInt64, UInt64)) {
    self.state = state
  }

  public mutating func next() -> UInt64 {
    let result = rotate(state.1 &* 5, 7) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = rotate(state.3, 45)
    return result
  }

  /// A number in `0..<bound`, without bias (Lemire's multiplication with rejection).
  ///
  /// `Int.random(in:using:)` would do, but its way from bits to numbers is not promised to stay.
  public mutating func number(below bound: Int) -> Int {
    precondition(bound > 0, "an empty range has no numbers")
    let bound = UInt64(bound)
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
    }
    return Int(product.high)
  }

  /// The elements in random order (Fisher and Yates, from the last to the first).
  public mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
    var result = elements
    for last in result.indices.dropFirst().reversed() {
      result.swapAt(last, number(below: last + 1))
    }
    return result
  }

  private func rotate(_ x: UInt64, _ by: UInt64) -> UInt64 { x << by | x >> (64 - by) }
}

/// Steele, Lea and Flood's SplitMix64: turns any 64 bits, even 0 and 1, into well-mixed ones.
package struct SplitMix64 {
  private var state: UInt64

  package init(state: UInt64) {
    self.state = state
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mix(state)
  }

  static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
