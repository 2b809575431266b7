import Files
import Foundation

/// Writing a file so that it is either there whole or not at all.
public enum AtomicFile {
  /// Lets `body` write a temporary file beside `path`, then flushes it to the disk and renames it.
  ///
  /// Readers see the old file or the new one, never a part. If `body` throws, or the process is
  /// killed, the old file stays; in the first case the temporary file is removed. A file that is
  /// replaced leaves its permissions to the new one; other names of it (hard links) keep the old.
  ///
  /// - Parameters:
  ///   - path: Where the finished file will stand, symbolic links followed. A folder, a pipe or a
  ///     device that stands there is refused, not replaced.
  ///   - body: Writes and closes the file whose path it is given.
  /// - Throws: What `body` throws, or `KerasFormatError` of kind `cannotWrite`, which names `path`
  ///   and the system's reason.
  public static func write<R>(
    to path: String, _ body: (_ temporaryPath: String) throws -> R
  ) throws -> R {
    try checkPlace(path)
    let temporary = temporaryPath(for: target(of: path))
    do {
      let result = try naming(path, for: temporary) { try body(temporary) }
      try publish(temporary, as: path)
      return result
    } catch {
      unlink(temporary)
      throw error
    }
  }

  /// Writes a file of these bytes, as ``write(to:_:)`` does.
  public static func write(_ data: Data, to path: String) throws {
    try write(to: path) { temporary in
      let file = try OutputFile(temporary, .new)
      try file.write(data)
      try file.close()
    }
  }

  /// Refuses, before the work whose result it is, a path that no file could be written to.
  ///
  /// - Throws: `KerasFormatError` of kind `cannotWrite`.
  public static func check(_ path: String) throws {
    try checkPlace(path)
    let temporary = temporaryPath(for: target(of: path))
    defer { unlink(temporary) }
    try naming(path, for: temporary) { try OutputFile(temporary, .new).close() }
  }

  /// Removes a file that may be there; never a folder.
  ///
  /// - Throws: `KerasFormatError` of kind `cannotWrite`.
  public static func remove(_ path: String) throws {
    do { try Folder.remove(file: path) } catch { throw KerasFormatError(error) }
  }

  /// Refuses what a rename would fail on, or replace although it is no file.
  static func checkPlace(_ path: String) throws {
    var status = stat()
    guard stat(path, &status) == 0 else { return }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return
    case S_IFDIR: throw KerasFormatError(WriteError(path, EISDIR))
    default: throw KerasFormatError(WriteError(path, reason: "it is a pipe or device, not a file"))
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
    } catch let failure as WriteError where failure.path == temporary {
      throw KerasFormatError(WriteError(path, reason: failure.reason))
    } catch let failure as CocoaError {
      guard let number = SystemReason.number(in: failure) else { throw failure }
      throw KerasFormatError(WriteError(path, number))
    }
  }

  /// The file that a symbolic link leads to; any other path as it is.
  static func target(of path: String) -> String {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK,
      let target = realpath(path, nil)
    else { return path }
    defer { free(target) }
    return String(cString: target)
  }

  /// Flushes a finished temporary file to the disk, gives it the permissions of the one that it
  /// replaces, and renames it.
  static func publish(_ temporary: String, as path: String) throws {
    let target = target(of: path)
    try naming(path, for: temporary) { try synchronize(temporary) }
    var (old, new) = (stat(), stat())
    // Not those of a file that has another name already.
    if stat(target, &old) == 0, stat(temporary, &new) == 0, new.st_nlink == 1 {
      // Not every file system has permissions.
      _ = chmod(temporary, old.st_mode & 0o777)
    }
    guard rename(temporary, target) == 0 else { throw KerasFormatError(WriteError(path, errno)) }
    // The file is there; only a power cut in the next seconds could still take it away.
    try? synchronize(Folder.parent(of: target) ?? ".")
  }

  /// Returns once the file or folder at `path` is on the disk (`fsync`).
  public static func synchronize(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw KerasFormatError(WriteError(path, errno)) }
    defer { close(descriptor) }
    // Some file systems cannot flush a folder and say EINVAL; there is nothing more to do then.
    guard fsync(descriptor) == 0 || errno == EINVAL else {
      throw KerasFormatError(WriteError(path, errno))
    }
  }

  /// A name beside `path` that no other writer uses, hidden from `*` patterns.
  static func temporaryPath(for path: String) -> String {
    let name = Folder.parts(of: path).last ?? "file"
    let unique = String(UInt64.random(in: .min ... .max), radix: 36)
    return "\(Folder.parent(of: path) ?? ".")/.\(name).\(getpid())-\(unique).tmp"
  }
}

extension KerasFormatError {
  /// A failure to write a file.
  init(_ error: WriteError) {
    self.init(
      .cannotWrite, file: error.path, expected: "a place that can be written to",
      found: error.reason)
  }
}
