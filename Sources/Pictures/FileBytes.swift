import Foundation

/// Reading files whole, with the operating system's reason when that fails.
enum FileBytes {
  /// No picture within the pixel limit needs more, uncompressed and 16 bits deep with alpha.
  static let limit = 1 << 31

  /// The bytes of the regular file at `path`, symbolic links followed.
  static func read(_ path: String) throws(PictureError) -> [UInt8] {
    try read(path, atMost: nil)
  }

  /// The first bytes of a regular file, `count` of them if it is that long.
  static func head(_ path: String, count: Int) throws(PictureError) -> [UInt8] {
    try read(path, atMost: count)
  }

  /// Whether there is nothing of that name, or a link to nothing.
  static func isMissing(_ path: String) -> Bool {
    access(path, F_OK) != 0 && errno == ENOENT
  }

  /// The size of a regular file, nil if it is none.
  static func size(_ path: String) -> Int? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(status.st_size)
  }

  private static func read(_ path: String, atMost count: Int?) throws(PictureError) -> [UInt8] {
    // Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { throw .unreadable(name: path, reason: reason(path, errno)) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else {
      throw .unreadable(name: path, reason: reason(path, errno))
    }
    let kind = status.st_mode & S_IFMT
    guard kind == S_IFREG else {
      throw .notAFile(name: path, found: kind == S_IFDIR ? "a folder" : "a pipe or device")
    }
    let size = Int(status.st_size)
    guard size <= limit else { throw .fileTooLarge(name: path, bytes: size, limit: limit) }
    let wanted = min(size, count ?? size)
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
      while filled < wanted {
        let got = Foundation.read(file, buffer.baseAddress! + filled, wanted - filled)
        if got > 0 {
          filled += got
        } else if got == 0 {
          break
        } else if errno != EINTR {
          failure = errno
          break
        }
      }
    }
    guard failure == 0 else { throw .unreadable(name: path, reason: reason(path, failure)) }
    return bytes
  }

  private static func reason(_ path: String, _ code: Int32) -> String {
    var status = stat()
    if code == ENOENT, lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK {
      return "broken symbolic link"
    }
    return String(cString: strerror(code))
  }
}
