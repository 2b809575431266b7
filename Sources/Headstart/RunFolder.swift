import Foundation
import KerasFormat

/// The folder that a command leaves its results in: `runs/<time>-<command>` by default.
///
/// Every file is written under a temporary name, flushed and renamed, so that a file with a final
/// name is whole.
public struct RunFolder: Sendable {
  public let url: URL

  /// Makes the folder.
  ///
  /// - Parameter path: where; nil for a new `runs/<yyyyMMdd-HHmmss>-<command>`.
  /// - Throws: ``StageError/cannotCreateFolder(path:reason:)``.
  public init(_ path: String?, command: String, now: Date = Date()) throws {
    if let path {
      url = URL(fileURLWithPath: path, isDirectory: true)
    } else {
      url = RunFolder.unused("runs/\(RunFolder.timestamp(now))-\(command)")
    }
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw StageError.cannotCreateFolder(path: url.path, reason: error.localizedDescription)
    }
  }

  /// Keeps another process out of the folder until the lock is released or the process ends.
  ///
  /// - Throws: ``StageError/folderInUse(path:)``.
  public func lock() throws -> FolderLock {
    guard let lock = FolderLock(tryingOn: url.path) else {
      throw StageError.folderInUse(path: url.path)
    }
    return lock
  }

  public func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  public func write(_ text: String, to name: String) throws {
    try write(Data(text.utf8), to: name)
  }

  public func write(_ data: Data, to name: String) throws {
    try AtomicFile.write(to: path(name)) { temporary in
      try data.write(to: URL(fileURLWithPath: temporary))
    }
  }

  /// Removes a file that an earlier run may have left.
  public func remove(_ name: String) throws {
    guard FileManager.default.fileExists(atPath: path(name)) else { return }
    try FileManager.default.removeItem(atPath: path(name))
  }

  /// JSON with its keys in alphabetical order, so that two runs can be compared line by line.
  public func write(json value: some Encodable, to name: String) throws {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try write(String(decoding: encoder.encode(value), as: UTF8.self) + "\n", to: name)
  }

  private static func timestamp(_ date: Date) -> String {
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.dateFormat = "yyyyMMdd-HHmmss"
    return format.string(from: date)
  }

  /// The path itself, or with -2, -3… if it is taken.
  private static func unused(_ path: String) -> URL {
    var candidate = path
    var number = 2
    while FileManager.default.fileExists(atPath: candidate) {
      candidate = "\(path)-\(number)"
      number += 1
    }
    return URL(fileURLWithPath: candidate, isDirectory: true)
  }
}
