import CHDF5
import Foundation

/// A regular file that is read at any place, by several threads at a time.
///
/// For files whose layout is known and checked: nothing is parsed, so damaged contents can do no
/// harm, which cannot be said of every version of libhdf5.
public final class BinaryFile: Sendable {
  public let path: String
  /// In bytes, when the file was opened.
  public let size: Int
  private let descriptor: Int32

  /// - Throws: `KerasFormatError` of kind `cannotOpen` if it is no regular file or not readable.
  public init(opening path: String) throws {
    try RegularFile.inspect(path)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw KerasFormatError(
        .cannotOpen, file: path, expected: "a readable file",
        found: RegularFile.systemMessage(errno))
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let reason = RegularFile.systemMessage(errno)
      close(descriptor)
      throw KerasFormatError(.cannotOpen, file: path, expected: "a readable file", found: reason)
    }
    self.path = path
    self.descriptor = descriptor
    size = Int(status.st_size)
  }

  deinit { close(descriptor) }

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
    let (length, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<T>.stride)
    guard offset >= 0, count >= 0, !overflow, length <= size, offset <= size - length else {
      throw KerasFormatError(
        .damaged, file: path, expected: "\(length) bytes at \(offset)", found: "\(size) in all")
    }
    return try [T](unsafeUninitializedCapacity: count) { buffer, initialized in
      let bytes = UnsafeMutableRawBufferPointer(buffer)
      var done = 0
      while done < length {
        let got = pread(descriptor, bytes.baseAddress! + done, length - done, off_t(offset + done))
        if got < 0, errno == EINTR { continue }
        guard got > 0 else {
          throw KerasFormatError(
            .damaged, file: path, expected: "\(length) bytes at \(offset)",
            found: got == 0 ? "\(done)" : RegularFile.systemMessage(errno))
        }
        done += got
      }
      initialized = count
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
