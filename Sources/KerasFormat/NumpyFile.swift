import Files
import Foundation

/// A number type that `.npy` files hold.
public protocol NumpyElement: BitwiseCopyable, Sendable {
  /// NumPy's name of the type: byte order, kind, bytes.
  static var numpyName: String { get }
}

extension Float: NumpyElement {
  public static var numpyName: String { "<f4" }
}

extension Int64: NumpyElement {
  public static var numpyName: String { "<i8" }
}

/// Arrays as `numpy.save` writes them (format version 1.0, C order, little-endian).
///
/// Source: `numpy.lib.format`.
public enum NumpyFile {
  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// Far more than a shape needs; NumPy itself stops at 10,000 bytes.
  private static let largestHeader = 1 << 16

  /// Reads an array.
  ///
  /// - Returns: The extent of each axis, and the values in C order.
  /// - Throws: `KerasFormatError` if the file is no `.npy` file of that element type in C order,
  ///   or not as long as its shape says.
  public static func read<T: NumpyElement>(
    _ path: String, _ type: T.Type = T.self
  ) throws -> (shape: [Int], values: [T]) {
    let file = try BinaryFile(opening: path)
    func error(
      _ kind: KerasFormatError.Kind, expected: String, found: String
    ) -> KerasFormatError {
      KerasFormatError(kind, file: path, object: nil, expected: expected, found: found)
    }
    guard file.size >= 10, try file.bytes(0..<6) == magic else {
      throw error(
        .wrongFormat, expected: "a NumPy array", found: try RegularFile.describeContents(path))
    }
    let version = try file.bytes(6..<8)
    let sizeBytes = version[0] == 1 ? 2 : 4
    guard (1...3).contains(version[0]), file.size >= 8 + sizeBytes else {
      throw error(
        .unsupported, expected: "format version 1 to 3", found: "\(version[0]).\(version[1])")
    }
    let size = try file.bytes(8..<8 + sizeBytes).reversed().reduce(0) { $0 << 8 | Int($1) }
    let start = 8 + sizeBytes + size
    guard size <= largestHeader, start <= file.size else {
      throw error(.damaged, expected: "a header", found: "one of \(size) bytes")
    }
    let header = String(decoding: try file.bytes(8 + sizeBytes..<start), as: UTF8.self)
    guard let name = header.firstMatch(of: /'descr': *'([^']*)'/)?.1,
      let order = header.firstMatch(of: /'fortran_order': *(True|False)/)?.1,
      let extents = header.firstMatch(of: /'shape': *\(([0-9, ]*)\)/)?.1
    else { throw error(.damaged, expected: "descr, fortran_order and shape", found: header) }
    guard name == T.numpyName, order == "False" else {
      throw error(
        .unexpected, expected: "\(T.numpyName) in C order",
        found: "\(name) in \(order == "False" ? "C" : "Fortran") order")
    }
    let shape = try extents.split(separator: ",").map { text in
      guard let extent = Int(text.trimmingCharacters(in: .whitespaces)) else {
        throw error(.damaged, expected: "a shape", found: "(\(extents))")
      }
      return extent
    }
    let count = try Shape.count(shape, at: HDF5Place(file: path, object: nil))
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<T>.stride)
    guard !overflow, bytes == file.size - start else {
      throw error(
        .damaged, expected: "\(count) values of \(T.numpyName)",
        found: "\(file.size - start) bytes")
    }
    return (shape, try file.read(T.self, at: start, count: count))
  }

  /// Writes an array, whole or not at all.
  ///
  /// - Parameters:
  ///   - values: In C order.
  ///   - shape: The extent of each axis, the first one being that of the rows.
  public static func write<T: NumpyElement>(
    _ path: String, values: [T], shape: [Int]
  ) throws {
    guard let rows = shape.first, shape.reduce(1, *) == values.count else {
      throw KerasFormatError(
        .invalidArgument, file: path, expected: "values for the shape \(shape)",
        found: "\(values.count)")
    }
    let writer = try Writer<T>(path: path, rowShape: Array(shape.dropFirst()))
    if rows > 0 { try writer.append(values) }
    try writer.finish()
  }

  /// Writes an array of any length, some rows at a time.
  ///
  /// The file appears under its name, whole, at ``finish()``. A writer that goes without it leaves
  /// nothing behind.
  public final class Writer<T: NumpyElement> {
    private let path: String
    private let temporary: String
    private let rowShape: [Int]
    private let output: OutputFile
    private var rows = 0
    private var isFinished = false

    /// - Parameter rowShape: The extents of one row; empty for a row of one number.
    public init(path: String, rowShape: [Int]) throws {
      self.path = path
      self.rowShape = rowShape
      try AtomicFile.checkPlace(path)
      let temporary = AtomicFile.temporaryPath(for: AtomicFile.target(of: path))
      self.temporary = temporary
      output = try AtomicFile.naming(path, for: temporary) { try OutputFile(temporary, .new) }
      try write(header(rows: 0))
    }

    deinit {
      if !isFinished { unlink(temporary) }
    }

    /// Adds whole rows.
    public func append(_ values: [T]) throws {
      let count = max(1, rowShape.reduce(1, *))
      guard values.count % count == 0 else {
        throw KerasFormatError(
          .invalidArgument, file: path, expected: "rows of \(count) values",
          found: "\(values.count) values")
      }
      rows += values.count / count
      #if _endian(little)
        try write(values.withUnsafeBytes { Data($0) })
      #else
        #error("values would have to be swapped")
      #endif
    }

    /// Completes the file.
    public func finish() throws {
      try AtomicFile.naming(path, for: temporary) {
        try output.seek(toEnd: false)
        try output.write(header(rows: rows))
        try output.close()
      }
      try AtomicFile.publish(temporary, as: path)
      isFinished = true
    }

    private func write(_ data: Data) throws {
      try AtomicFile.naming(path, for: temporary) { try output.write(data) }
    }

    /// The header has one length for any number of rows, so that it can be written again.
    private func header(rows: Int) -> Data {
      let shape = ([rows] + rowShape).map(String.init).joined(separator: ", ")
      let text =
        "{'descr': '\(T.numpyName)', 'fortran_order': False, "
        + "'shape': (\(shape)\(rowShape.isEmpty ? "," : "")), }"
      // Room for a count of 19 digits, up to a multiple of 64 with the ten bytes before the text.
      let widest = text.utf8.count - String(rows).utf8.count + 19 + 1
      let length = (10 + widest + 63) / 64 * 64 - 10
      let padded = text + String(repeating: " ", count: length - text.utf8.count - 1) + "\n"
      return Data(NumpyFile.magic + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + padded.utf8)
    }
  }
}
