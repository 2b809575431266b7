import Foundation
import KerasFormat
import Pictures

/// The folder that a command leaves its results in: `runs/<time>-<command>` by default.
///
/// Every file is written under a temporary name, flushed and renamed, so that a file with a final
/// name is whole.
public struct RunFolder: Sendable {
  /// As it was given, or relative to the working folder.
  public let folder: String

  /// The folder as a URL.
  public var url: URL { URL(fileURLWithPath: folder, isDirectory: true) }

  /// Makes the folder, and sees whether it can be written to.
  ///
  /// - Parameter path: where; nil for a new `runs/<yyyyMMdd-HHmmss>-<command>`.
  /// - Throws: ``StageError/cannotCreateFolder(path:reason:)``,
  ///   ``StageError/cannotWriteInto(folder:reason:)``.
  public init(_ path: String?, command: String, now: Date = Date()) throws {
    if let path {
      folder = path
    } else {
      folder = RunFolder.unused("runs/\(RunFolder.timestamp(now))-\(command)")
    }
    try StageError.create(folder: folder)
    do {
      // Before hours of work, not after them: can anything be written there?
      try AtomicFile.check(self.path(".results"))
    } catch let error as KerasFormatError {
      throw StageError.cannotWriteInto(folder: folder, reason: error.found)
    }
  }

  /// Keeps another process out of the folder until the lock is released or the process ends.
  ///
  /// - Throws: ``StageError/folderInUse(path:)``.
  public func lock() throws -> FolderLock {
    guard let lock = FolderLock(tryingOn: folder) else {
      throw StageError.folderInUse(path: folder)
    }
    return lock
  }

  /// The path of a file in the folder.
  public func path(_ name: String) -> String { (folder as NSString).appendingPathComponent(name) }

  /// Writes a file of UTF-8, atomically.
  public func write(_ text: String, to name: String) throws {
    try write(Data(text.utf8), to: name)
  }

  /// Writes a file, atomically.
  public func write(_ data: Data, to name: String) throws {
    try AtomicFile.write(data, to: path(name))
  }

  /// Removes a file that an earlier run may have left.
  ///
  /// - Throws: `KerasFormatError` of kind `cannotWrite`, also for a folder of that name.
  public func remove(_ name: String) throws { try AtomicFile.remove(path(name)) }

  /// JSON with its keys in alphabetical order, so that two runs can be compared line by line.
  public func write(json value: some Encodable, to name: String) throws {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try write(String(decoding: encoder.encode(value), as: UTF8.self) + "\n", to: name)
  }

  /// `split.csv`: which picture went where, if a split was made; one that an earlier run left is
  /// removed otherwise.
  public func write(split: SplitTable?) throws {
    if let split {
      try write(split.csv, to: "split.csv")
    } else {
      try remove("split.csv")
    }
  }

  private static func timestamp(_ date: Date) -> String {
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.dateFormat = "yyyyMMdd-HHmmss"
    return format.string(from: date)
  }

  /// The path itself, or with -2, -3… if it is taken.
  private static func unused(_ path: String) -> String {
    var candidate = path
    var number = 2
    while FileManager.default.fileExists(atPath: candidate) {
      candidate = "\(path)-\(number)"
      number += 1
    }
    return candidate
  }
}
