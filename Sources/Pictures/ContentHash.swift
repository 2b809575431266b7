/// 64 bits that tell the contents of files apart, the same on every platform.
///
/// Eight bytes at a time go through a full 64×64→128-bit multiplication whose halves are xored (the
/// mixing step of Wang Yi's wyhash), and SplitMix64's finisher follows. Not for adversaries: whoever
/// wants two files with one hash can make them, and gains a wrong report of a duplicate.
enum ContentHash {
  static func hash(_ bytes: [UInt8], seed: UInt64 = 0) -> UInt64 {
    var state = SplitMix64.mix(seed ^ UInt64(bytes.count) ^ 0xA076_1D64_78BD_642F)
    bytes.withUnsafeBytes { bytes in
      var i = 0
      while i + 8 <= bytes.count {
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self))
        state = fold(state ^ word, 0xE703_7ED1_A0B4_28DB)
        i += 8
      }
      var last: UInt64 = 0
      for (shift, byte) in bytes[i...].enumerated() { last |= UInt64(byte) << (8 * shift) }
      state = fold(state ^ last, 0x8EBC_6AF0_9C88_C6E3)
    }
    return SplitMix64.mix(state)
  }

  private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    // The product alone would stay 0 once it is 0; the factor keeps what came before.
    return product.high ^ product.low ^ a
  }
}
