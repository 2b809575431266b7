import Foundation

/// The operating system's reasons for not writing, as the ends of sentences: no capital letter, no
/// full stop, and the part of the path that is to blame where the system does not name it.
package enum SystemReason {
  /// Why nothing could be written to a path, or no folder made there.
  ///
  /// - Parameters:
  ///   - number: the system's error number (`errno`).
  ///   - path: of the file or folder.
  package static func text(_ number: Int32, writing path: String) -> String {
    switch number {
    case ENOENT, ENOTDIR: obstacle(above: path) ?? plain(number)
    // What stands in the way of a file or a folder is one of the other kind.
    case EEXIST where !Folder.isFolder(path): "there is a file of that name"
    case EISDIR, ENOTEMPTY, EEXIST: "there is a folder of that name"
    default: plain(number)
    }
  }

  /// Why nothing could be written, by an error of this program's or of Foundation's, whose own
  /// texts are long, and name temporary files and no reasons.
  package static func text(_ error: any Error, writing path: String) -> String {
    if let error = error as? WriteError { return error.reason }
    return number(in: error).map { text($0, writing: path) } ?? "\(error)"
  }

  /// The system's own text of an error number: `permission denied`.
  package static func plain(_ number: Int32) -> String { lowercased(FileError.message(number)) }

  /// An error of Foundation's in a sentence, its path first; nil for one of another kind.
  package static func sentence(_ error: any Error) -> String? {
    guard let number = number(in: error) else { return nil }
    let path = (error as? CocoaError)?.filePath
    return (path.map { $0 + ": " } ?? "") + plain(number) + "."
  }

  /// The system's error number within an error of Foundation's.
  package static func number(in error: any Error) -> Int32? {
    if let error = error as? POSIXError { return error.code.rawValue }
    guard let error = error as? CocoaError else { return nil }
    if let underlying = error.underlying as? POSIXError { return underlying.code.rawValue }
    // Some of Foundation's errors keep the kind of failure only.
    return switch error.code {
    case .fileNoSuchFile, .fileReadNoSuchFile: ENOENT
    case .fileWriteOutOfSpace: ENOSPC
    case .fileWriteNoPermission, .fileReadNoPermission: EACCES
    case .fileWriteVolumeReadOnly: EROFS
    case .fileWriteFileExists: EEXIST
    default: nil
    }
  }

  package static func lowercased(_ text: String) -> String {
    text.prefix(1).lowercased() + text.dropFirst()
  }

  /// The first folder above a path that is missing, or no folder.
  private static func obstacle(above path: String) -> String? {
    let parts = Folder.parts(of: path)
    var folder = path.utf8.first == 0x2F ? "/" : ""
    for part in parts.dropLast() {
      folder += (folder.isEmpty || folder == "/" ? "" : "/") + part
      var status = stat()
      guard stat(folder, &status) == 0 else {
        return errno == ENOENT ? "there is no folder \(folder)" : plain(errno)
      }
      guard status.st_mode & S_IFMT == S_IFDIR else { return "\(folder) is not a folder" }
    }
    return nil
  }
}

extension CocoaError {
  fileprivate var filePath: String? {
    userInfo[NSFilePathErrorKey] as? String ?? (userInfo[NSURLErrorKey] as? URL)?.path
  }

  /// As a Swift error: on Linux it arrives as `NSError` at times.
  fileprivate var underlying: (any Error)? {
    let error = userInfo[NSUnderlyingErrorKey] as? any Error
    guard let found = error as? NSError, found.domain == NSPOSIXErrorDomain,
      let code = POSIXErrorCode(rawValue: Int32(found.code))
    else { return error }
    return POSIXError(code)
  }
}
