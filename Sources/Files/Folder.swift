import Foundation

/// What is done to folders and names in them.
package enum Folder {
  /// Makes a folder, and those above it, unless it is there.
  package static func create(_ path: String) throws(WriteError) {
    // One that another process makes at the same moment is as good.
    guard !isFolder(path), let number = make(path), !isFolder(path) else { return }
    guard number == ENOENT, let above = parent(of: path) else { throw WriteError(path, number) }
    do {
      try create(above)
    } catch {
      // The folder that was asked for, not the one that was tried for its sake.
      throw WriteError(path, reason: error.reason)
    }
    if let number = make(path), !isFolder(path) { throw WriteError(path, number) }
  }

  /// The system's error number, if it refuses.
  private static func make(_ path: String) -> Int32? { mkdir(path, 0o777) == 0 ? nil : errno }

  /// Removes a file that may be there; never a folder.
  package static func remove(file path: String) throws(WriteError) {
    guard unlink(path) != 0, errno != ENOENT else { return }
    throw WriteError(path, errno)
  }

  /// The folder that a path lies in; nil if it lies in none.
  package static func parent(of path: String) -> String? {
    var path = Substring(path).utf8
    while path.count > 1, path.last == 0x2F { path.removeLast() }
    guard let slash = path.lastIndex(of: 0x2F) else {
      return path.isEmpty || path.elementsEqual(".".utf8) ? nil : "."
    }
    if slash == path.startIndex { return path.count == 1 ? nil : "/" }
    return String(decoding: path[..<slash], as: UTF8.self)
  }

  /// The parts of a path between slashes.
  ///
  /// As systems and libraries part it, byte by byte: a slash and a combining mark behind it are one
  /// `Character`, which `split(separator: "/")` does not part.
  ///
  /// - Parameter keepingEmpty: Whether there is an empty part between two slashes, and before the
  ///   first and behind the last.
  package static func parts(of path: String, keepingEmpty: Bool = false) -> [String] {
    path.utf8.split(separator: 0x2F, omittingEmptySubsequences: !keepingEmpty)
      .map { String(decoding: $0, as: UTF8.self) }
  }

  package static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}
