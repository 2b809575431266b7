import Foundation
import KerasFormat

/// Reads chosen constant tensors ("initializers") of an ONNX model, and nothing else of it.
///
/// Format: `onnx.proto3` of ONNX IR version 7: ModelProto.graph = 7, GraphProto.initializer = 5,
/// TensorProto dims = 1, data_type = 2, float_data = 4, name = 8, raw_data = 9 (little-endian),
/// data_location = 14.
package enum ONNXInitializers {
  /// The float tensors of the names given.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - file: names it in errors.
  /// - Throws: ``WeightsError/malformed(file:expected:found:)`` if the file is not what it should
  ///   be, a name is missing or there twice, or a tensor's data does not fit its shape.
  package static func read(
    _ names: Set<String>, from bytes: [UInt8], file: String
  ) throws(WeightsError) -> [String: NamedTensor] {
    do {
      var found: [String: NamedTensor] = [:]
      for graph in try messages(bytes, 0..<bytes.count, field: 7) {
        for message in try messages(bytes, graph, field: 5) {
          let header = try Header(bytes, message)
          guard names.contains(header.name) else { continue }
          guard found[header.name] == nil else {
            throw Unfit(expected: "one tensor \(header.name)", found: "two")
          }
          found[header.name] = try header.tensor(bytes)
        }
      }
      let missing = names.filter { found[$0] == nil }.sorted()
      guard missing.isEmpty else {
        throw Unfit(
          expected: "the tensors \(names.sorted().joined(separator: ", "))",
          found: "none named \(missing.joined(separator: ", "))")
      }
      return found
    } catch let error as Unfit {
      throw WeightsError.malformed(file: file, expected: error.expected, found: error.found)
    } catch {
      throw WeightsError.malformed(
        file: file, expected: "an ONNX model", found: String(describing: error))
    }
  }

  private struct Unfit: Error {
    let expected: String
    let found: String
  }

  /// The ranges of all nested messages in one field.
  private static func messages(
    _ bytes: [UInt8], _ range: Range<Int>, field wanted: Int
  ) throws -> [Range<Int>] {
    var reader = ProtobufReader(bytes, in: range)
    var ranges: [Range<Int>] = []
    while let (field, value) = try reader.next() {
      if field == wanted, case .range(let range) = value { ranges.append(range) }
    }
    return ranges
  }

  /// A TensorProto whose data is not read yet.
  private struct Header {
    var name = ""
    var dimensions: [UInt64] = []
    var type: UInt64 = 0
    var isExternal = false
    var rawData: Range<Int>?
    var packedFloats: Range<Int>?

    init(_ bytes: [UInt8], _ range: Range<Int>) throws {
      var reader = ProtobufReader(bytes, in: range)
      while let (field, value) = try reader.next() {
        switch (field, value) {
        case (1, .varint(let size)): dimensions.append(size)
        case (1, .range(let packed)):
          var sizes = ProtobufReader(bytes, in: packed)
          while sizes.position < sizes.end { dimensions.append(try sizes.varint()) }
        case (2, .varint(let number)): type = number
        case (4, .range(let floats)): packedFloats = floats
        case (8, .range(let text)): name = String(decoding: bytes[text], as: UTF8.self)
        case (9, .range(let data)): rawData = data
        case (14, .varint(let location)): isExternal = location != 0
        default: break
        }
      }
    }

    func tensor(_ bytes: [UInt8]) throws -> NamedTensor {
      guard type == 1 else {
        throw Unfit(expected: "\(name) of 32-bit floats (type 1)", found: "type \(type)")
      }
      guard !isExternal, let data = rawData ?? packedFloats else {
        throw Unfit(expected: "the data of \(name) in the file", found: "none")
      }
      // The data is there already, so it bounds every size; nothing is allocated before.
      var count = 1
      for size in dimensions {
        let (product, overflow) = count.multipliedReportingOverflow(by: Int(clamping: size))
        guard size > 0, !overflow, product <= data.count / 4 else {
          throw Unfit(
            expected: "\(name) of shape \(dimensions)", found: "only \(data.count) bytes of data")
        }
        count = product
      }
      guard data.count == 4 * count else {
        throw Unfit(
          expected: "\(4 * count) bytes for \(name) of shape \(dimensions)",
          found: "\(data.count) bytes")
      }
      let values = (0..<count).map { index in
        let start = data.lowerBound + 4 * index
        return Float(
          bitPattern: UInt32(bytes[start]) | UInt32(bytes[start + 1]) << 8
            | UInt32(bytes[start + 2]) << 16 | UInt32(bytes[start + 3]) << 24)
      }
      return NamedTensor(name: name, shape: dimensions.map { Int($0) }, values: values)
    }
  }
}
