import CHDF5
import Files

/// A regular file that is read at any place, by several threads at a time.
///
/// For files whose layout is known and checked: nothing is parsed, so damaged contents can do no
/// harm, which cannot be said of every version of libhdf5.
public final class BinaryFile: Sendable {
  public var path: String { file.path }
  /// In bytes, when the file was opened.
  public var size: Int { file.size }
  private let file: OpenFile

  /// - Throws: `KerasFormatError` of kind `cannotOpen` if it is no regular file or not readable.
  public init(opening path: String) throws {
    file = try RegularFile.open(path)
  }

  /// The bytes of a range of places.
  ///
  /// - Throws: `KerasFormatError` of kind `damaged` if the file is shorter.
  public func bytes(_ range: Range<Int>) throws -> [UInt8] {
    try read(UInt8.self, at: range.lowerBound, count: range.count)
  }

  /// `count` little-endian floats from a place, in bytes, on.
  ///
  /// - Throws: `KerasFormatError` of kind `damaged` if the file is shorter.
  public func floats(at offset: Int, count: Int) throws -> [Float] {
    let values = try read(Float.self, at: offset, count: count)
    #if _endian(big)
      return values.map { Float(bitPattern: $0.bitPattern.byteSwapped) }
    #else
      return values
    #endif
  }

  /// Values as they lie in memory here.
  func read<T: BitwiseCopyable>(_ type: T.Type, at offset: Int, count: Int) throws -> [T] {
    do {
      return try file.read(type, at: offset, count: count)
    } catch {
      throw KerasFormatError(error, file: path)
    }
  }
}

extension HDF5Dataset {
  /// Where the elements of a contiguous dataset lie in the file, in bytes from its beginning;
  /// `nil` if they lie in chunks, or are not written yet.
  public var offset: Int? {
    let offset = HDF5Library.locked { H5Dget_offset(identifier.id) }
    return Int(exactly: offset).flatMap { $0 > 0 ? $0 : nil }
  }
}
