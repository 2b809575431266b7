import CZlib

/// CRC-32 as zip and PNG use it (polynomial 0xEDB88320, reflected).
struct CRC32 {
  private var state: UInt = 0

  var value: UInt32 { UInt32(truncatingIfNeeded: state) }

  mutating func update(_ bytes: [UInt8]) {
    var rest = bytes[...]
    // zlib counts in 32 bits.
    while !rest.isEmpty {
      let part = rest.prefix(1 << 30)
      part.withUnsafeBufferPointer { state = crc32(state, $0.baseAddress, UInt32($0.count)) }
      rest = rest.dropFirst(part.count)
    }
  }
}
