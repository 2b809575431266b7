/// Writes just enough of an ONNX model: a graph with constant tensors. Field numbers as in
/// `onnx.proto3`, wire format as in the Protocol Buffers documentation, "Encoding".
enum ONNXFile {
  static func varint(_ value: UInt64) -> [UInt8] {
    value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7F | 0x80)] + varint(value >> 7)
  }

  static func number(_ field: UInt64, _ value: UInt64) -> [UInt8] {
    varint(field << 3) + varint(value)
  }

  static func bytes(_ field: UInt64, _ value: [UInt8]) -> [UInt8] {
    varint(field << 3 | 2) + varint(UInt64(value.count)) + value
  }

  /// Little-endian binary32.
  static func bytes(_ values: [Float]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(4 * values.count)
    for value in values {
      for shift in stride(from: UInt32(0), to: 32, by: 8) {
        result.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift))
      }
    }
    return result
  }

  static func tensor(
    _ name: String, dimensions: [UInt64], type: UInt64 = 1, data: [UInt8]
  ) -> [UInt8] {
    dimensions.flatMap { number(1, $0) } + number(2, type) + bytes(8, Array(name.utf8))
      + bytes(9, data)
  }

  /// A model with a version, a producer, and a graph with a node besides the tensors.
  static func model(_ tensors: [[UInt8]]) -> [UInt8] {
    let graph =
      bytes(1, bytes(4, Array("Conv".utf8))) + bytes(2, Array("net".utf8))
      + tensors.flatMap { bytes(5, $0) }
    return number(1, 7) + bytes(2, Array("hand".utf8)) + bytes(7, graph)
  }
}
