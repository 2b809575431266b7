import Files
import Foundation

/// Reading picture files whole, with the operating system's reason when that fails.
enum FileBytes {
  /// No picture within the pixel limit needs more, uncompressed and 16 bits deep with alpha.
  static let limit = 1 << 31

  /// Files that are longer are not read to the end only to find that they are no pictures.
  private static let judgedByHead = 1 << 20

  /// The bytes of the regular file at `path`, symbolic links followed.
  static func read(_ path: String) throws(PictureError) -> [UInt8] {
    try stamped(open(path)).bytes
  }

  /// The bytes of what should be a picture, with what tells this file from a later one of the same
  /// name.
  ///
  /// - Throws: ``PictureError/notAPicture(name:found:)`` of a large file that is none; small ones are
  ///   judged when they are decoded.
  static func picture(
    _ path: String
  ) throws(PictureError) -> (bytes: [UInt8], stamp: OpenFile.Stamp) {
    let file = try open(path)
    if file.size > judgedByHead {
      let head = try bytes(of: file, count: PictureFormat.signatureLength)
      guard PictureFormat(firstBytes: head) != nil else {
        throw .notAPicture(name: path, found: PictureFormat.guess(firstBytes: head))
      }
    }
    return try stamped(file)
  }

  private static func stamped(
    _ file: OpenFile
  ) throws(PictureError) -> (bytes: [UInt8], stamp: OpenFile.Stamp) {
    guard file.size <= limit else {
      throw .fileTooLarge(name: file.path, bytes: file.size, limit: limit)
    }
    return (try bytes(of: file, count: file.size), file.stamp)
  }

  /// The first bytes of a regular file, `count` of them if it is that long.
  static func head(_ path: String, count: Int) throws(PictureError) -> [UInt8] {
    let file = try open(path)
    return try bytes(of: file, count: min(count, file.size))
  }

  /// Whether there is nothing of that name, or a link to nothing.
  static func isMissing(_ path: String) -> Bool {
    access(path, F_OK) != 0 && errno == ENOENT
  }

  /// The size of a regular file, nil if it is none.
  static func size(_ path: String) -> Int? { OpenFile.stamp(of: path).map { Int($0.size) } }

  private static func open(_ path: String) throws(PictureError) -> OpenFile {
    do {
      return try OpenFile(path)
    } catch {
      throw pictureError(error, path)
    }
  }

  private static func bytes(of file: OpenFile, count: Int) throws(PictureError) -> [UInt8] {
    do {
      return try file.bytes(0..<count)
    } catch {
      throw pictureError(error, file.path)
    }
  }

  private static func pictureError(_ error: FileError, _ path: String) -> PictureError {
    switch error {
    case .unreadable(let reason): .unreadable(name: path, reason: reason)
    case .notAFile(let found): .notAFile(name: path, found: found)
    case .short(_, let size): .unreadable(name: path, reason: "cut to \(size) bytes while read")
    }
  }
}
