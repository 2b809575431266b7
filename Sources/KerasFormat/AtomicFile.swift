import Foundation

/// Writing a file so that it is either there whole or not at all.
public enum AtomicFile {
  /// Lets `body` write a temporary file beside `path`, then flushes it to the disk and renames it.
  ///
  /// Readers see the old file or the new one, never a part. If `body` throws, or the process is
  /// killed, the old file stays; in the first case the temporary file is removed.
  ///
  /// - Parameters:
  ///   - path: Where the finished file will stand.
  ///   - body: Writes and closes the file whose path it is given.
  /// - Throws: What `body` throws, or `KerasFormatError` of kind `cannotWrite`.
  public static func write<R>(
    to path: String, _ body: (_ temporaryPath: String) throws -> R
  ) throws -> R {
    let temporary = temporaryPath(for: path)
    do {
      let result = try naming(path, for: temporary) { try body(temporary) }
      try publish(temporary, as: path)
      return result
    } catch {
      unlink(temporary)
      throw error
    }
  }

  /// Calls a temporary file by the name of the finished one in what `body` throws: the caller knows
  /// that only.
  static func naming<R>(_ path: String, for temporary: String, _ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch let failure as KerasFormatError where failure.file == temporary {
      throw KerasFormatError(
        failure.kind, file: path, object: failure.object, expected: failure.expected,
        found: failure.found)
    }
  }

  /// Flushes a finished temporary file to the disk and renames it.
  static func publish(_ temporary: String, as path: String) throws {
    try synchronize(temporary)
    guard rename(temporary, path) == 0 else {
      throw KerasFormatError(
        .cannotWrite, file: path, expected: "to rename \(temporary)",
        found: RegularFile.systemMessage(errno))
    }
    try synchronize(folder(of: path))
  }

  /// Returns once the file or folder at `path` is on the disk (`fsync`).
  public static func synchronize(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw KerasFormatError(
        .cannotWrite, file: path, expected: "to open it for flushing",
        found: RegularFile.systemMessage(errno))
    }
    defer { close(descriptor) }
    // Some file systems cannot flush a folder and say EINVAL; there is nothing more to do then.
    guard fsync(descriptor) == 0 || errno == EINVAL else {
      throw KerasFormatError(
        .cannotWrite, file: path, expected: "to flush it to the disk",
        found: RegularFile.systemMessage(errno))
    }
  }

  /// A name beside `path` that no other writer uses, hidden from `*` patterns.
  static func temporaryPath(for path: String) -> String {
    let name = path.split(separator: "/", omittingEmptySubsequences: true).last ?? "file"
    let unique = String(UInt64.random(in: .min ... .max), radix: 36)
    return "\(folder(of: path))/.\(name).\(getpid())-\(unique).tmp"
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
