import Foundation

/// Why a feature store could not be opened, read or filled.
public enum FeatureStoreError: Error, Equatable, CustomStringConvertible {
  /// `key.json` of the folder names other settings than its name and this run do.
  case foreign(folder: String, expected: String, found: String)
  /// The folder is not a feature store.
  case notAStore(folder: String, reason: String)
  /// No store of a folder has such a name.
  case noSuchStore(name: String, root: String)
  /// A file or folder could not be written; what was committed before stays.
  case cannotWrite(path: String, reason: String)
  /// There is not enough room; what was committed before stays.
  case diskFull(path: String, needed: Int, free: Int)
  /// A file or folder could not be read for a reason that is no damage (rights, for example).
  case cannotRead(path: String, reason: String)
  /// A shard turned out damaged while it was read; it was set aside.
  case damaged(path: String, reason: String)
  /// A value is too large for float16, in which the store keeps them.
  case outOfRange(picture: PictureHash, value: Float)
  /// There are no features of this picture.
  case missing(picture: PictureHash, folder: String)

  public var description: String {
    switch self {
    case .foreign(let folder, let expected, let found):
      return """
        The feature store '\(folder)' belongs to other settings: its key.json says \
        \(found.prefix(12)), this run needs \(expected.prefix(12)). Move the folder away.
        """
    case .notAStore(let folder, let reason):
      return "'\(folder)' is not a feature store: \(reason)."
    case .noSuchStore(let name, let root):
      return "No feature store in '\(root)' is called '\(name)', and no key begins so."
    case .cannotWrite(let path, let reason):
      return "'\(path)' could not be written: \(reason). What was stored before is kept."
    case .diskFull(let path, let needed, let free):
      return """
        No room to write '\(path)': \(describe(bytes: needed)) needed, \(describe(bytes: free)) \
        free. What was stored before is kept; make room and run the same command again.
        """
    case .cannotRead(let path, let reason):
      return "'\(path)' could not be read: \(reason)."
    case .damaged(let path, let reason):
      return """
        The feature file '\(path)' is damaged (\(reason)) and was set aside. Run the same command \
        again: its pictures are computed anew.
        """
    case .outOfRange(let picture, let value):
      return """
        A feature of the picture with SHA-256 \(picture) is \(value), which float16 (at most 65504) \
        cannot hold: use float32 storage.
        """
    case .missing(let picture, let folder):
      return
        "The feature store '\(folder)' holds no features of the picture with SHA-256 \(picture)."
    }
  }
}

/// A shard that was found damaged or foreign: it is no longer used, and still there.
public struct SetAsideShard: Sendable, Hashable, Codable, CustomStringConvertible {
  /// Where the shard stood.
  public let path: String
  /// Where it was moved to; `nil` if it could not be moved and is only left aside.
  public let movedTo: String?
  /// What is wrong with it.
  public let reason: String

  public var description: String {
    let end = movedTo.map { "moved to '\($0)'" } ?? "left where it is, not used"
    return "'\(path)' is not trusted (\(reason)): \(end)"
  }
}

/// A number of bytes for people: `512 bytes`, `1.4 MB`, `2.5 GB` (powers of ten).
public func describe(bytes: Int) -> String {
  guard bytes >= 1000 else { return "\(bytes) bytes" }
  var value = Double(bytes)
  var unit = -1
  while value >= 999.5, unit < 4 {
    value /= 1000
    unit += 1
  }
  return String(
    format: value < 9.95 ? "%.1f %@" : "%.0f %@", value, ["kB", "MB", "GB", "TB", "PB"][unit])
}
