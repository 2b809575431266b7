/// Reads the fields of one protocol-buffer message, as they come on the wire.
///
/// Format: Protocol Buffers documentation, "Encoding". Every length is checked against the
/// message's end before it is believed; nested messages are ranges that the caller reads with
/// another reader, so nothing recurses.
struct ProtobufReader {
  enum Value: Equatable {
    case varint(UInt64)
    /// A string, bytes, a nested message or packed numbers: where they stand in `bytes`.
    case range(Range<Int>)
    case fixed32(UInt32)
    case fixed64(UInt64)
  }

  /// What is wrong, and at which byte.
  struct Malformed: Error, Equatable, CustomStringConvertible {
    let description: String
  }

  let bytes: [UInt8]
  private(set) var position: Int
  let end: Int

  init(_ bytes: [UInt8], in range: Range<Int>? = nil) {
    self.bytes = bytes
    position = range?.lowerBound ?? 0
    end = range?.upperBound ?? bytes.count
    precondition(position >= 0 && end <= bytes.count)
  }

  /// The next field's number and value, or nil at the end of the message.
  mutating func next() throws(Malformed) -> (field: Int, value: Value)? {
    guard position < end else { return nil }
    let start = position
    let tag = try varint()
    let field = tag >> 3
    guard (1..<1 << 29).contains(field) else {
      throw Malformed(description: "field number \(field) at byte \(start)")
    }
    switch tag & 7 {
    case 0: return (Int(field), .varint(try varint()))
    case 1: return (Int(field), .fixed64(try fixed(8)))
    case 2:
      let length = try varint()
      guard length <= UInt64(end - position) else {
        throw Malformed(
          description: "a field of \(length) bytes at byte \(start), \(end - position) are left")
      }
      defer { position += Int(length) }
      return (Int(field), .range(position..<position + Int(length)))
    case 5: return (Int(field), .fixed32(UInt32(try fixed(4))))
    default: throw Malformed(description: "wire type \(tag & 7) at byte \(start)")
    }
  }

  /// A number of seven bits a byte, the lowest first; ten bytes at most.
  mutating func varint() throws(Malformed) -> UInt64 {
    let start = position
    var result: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard position < end else { break }
      let byte = bytes[position]
      position += 1
      guard shift < 63 || byte <= 1 else { break }
      result |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return result }
    }
    throw Malformed(description: "a number that does not end, or is over 64 bits, at byte \(start)")
  }

  private mutating func fixed(_ width: Int) throws(Malformed) -> UInt64 {
    guard end - position >= width else {
      throw Malformed(
        description: "a number of \(width) bytes at byte \(position), \(end - position) are left")
    }
    defer { position += width }
    return bytes[position..<position + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
