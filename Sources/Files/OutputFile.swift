import Foundation

/// Why a file or folder could not be written.
package struct WriteError: Error, Equatable, CustomStringConvertible {
  package let path: String
  /// The end of a sentence, as ``SystemReason`` gives it.
  package let reason: String

  package init(_ path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  /// By the system's error number.
  package init(_ path: String, _ number: Int32) {
    self.init(path, reason: SystemReason.text(number, writing: path))
  }

  package var description: String { "Cannot write \(path): \(reason)." }
}

/// A file that is being written.
package final class OutputFile {
  package enum Opening {
    /// A file that must not be there yet.
    case new
    /// A file that may be there, in which case it is kept and written to from its end on.
    case atEnd
  }

  private let path: String
  private var descriptor: Int32

  /// - Throws: ``WriteError``, as all methods do.
  package init(
    _ path: String, _ opening: Opening, permissions: mode_t = 0o666
  ) throws(WriteError) {
    self.path = path
    let flags = opening == .new ? O_EXCL : 0
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | flags, permissions)
    guard descriptor >= 0 else { throw WriteError(path, errno) }
    if opening == .atEnd { try seek(toEnd: true) }
  }

  deinit { if descriptor >= 0 { Foundation.close(descriptor) } }

  /// Writes all of some bytes.
  package func write(_ bytes: some ContiguousBytes) throws(WriteError) {
    let number = bytes.withUnsafeBytes { buffer -> Int32 in
      var done = 0
      while done < buffer.count {
        let count = Foundation.write(
          descriptor, buffer.baseAddress! + done, buffer.count - done)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return count < 0 ? errno : ENOSPC }
        done += count
      }
      return 0
    }
    guard number == 0 else { throw WriteError(path, number) }
  }

  /// Goes to the beginning, or the end; its place in bytes.
  @discardableResult
  package func seek(toEnd: Bool) throws(WriteError) -> Int {
    let place = lseek(descriptor, 0, toEnd ? SEEK_END : SEEK_SET)
    guard place >= 0 else { throw WriteError(path, errno) }
    return Int(place)
  }

  /// Makes the file an empty one.
  package func truncate() throws(WriteError) {
    guard ftruncate(descriptor, 0) == 0 else { throw WriteError(path, errno) }
    try seek(toEnd: false)
  }

  /// Closes the file, which some file systems use to tell that it could not be written.
  package func close() throws(WriteError) {
    guard descriptor >= 0 else { return }
    let result = Foundation.close(descriptor)
    descriptor = -1
    guard result == 0 || errno == EINTR else { throw WriteError(path, errno) }
  }
}
