import Files
import Foundation
import KerasFormat

/// Why the demo has no pictures.
public enum DemoError: Error, Equatable, CustomStringConvertible {
  case cannotWrite(path: String, reason: String)
  /// The public photos could not be had, or are not what they should be.
  case noPhotos(address: String, reason: String)

  public var description: String {
    switch self {
    case .cannotWrite(let path, let reason): "Cannot write \(path): \(reason)."
    case .noPhotos(let address, let reason): "\(address): \(reason)"
    }
  }
}

/// Folders that are either whole or not there.
enum DemoFolder {
  /// Lets `body` fill a folder beside `folder`, which then takes its name.
  ///
  /// What an interrupted call left is cleared first.
  static func fill(_ folder: String, _ body: (_ temporary: String) throws -> Void) throws {
    let temporary = folder + ".partial"
    try? FileManager.default.removeItem(atPath: temporary)
    do {
      try create(temporary)
      try body(temporary)
    } catch {
      try? FileManager.default.removeItem(atPath: temporary)
      guard case DemoError.cannotWrite(let path, let reason) = error, path.hasPrefix(temporary)
      else { throw error }
      throw DemoError.cannotWrite(path: folder + path.dropFirst(temporary.count), reason: reason)
    }
    try move(temporary, to: folder)
  }

  static func create(_ folder: String) throws {
    try attempt(folder) { try Folder.create(folder) }
  }

  static func write(_ bytes: [UInt8], to path: String) throws {
    try attempt(path) {
      let file = try OutputFile(path, .new)
      try file.write(bytes)
      try file.close()
    }
  }

  static func move(_ path: String, to destination: String) throws {
    try attempt(destination) {
      guard rename(path, destination) == 0 else { throw WriteError(destination, errno) }
    }
  }

  /// Removes a folder with all that is in it.
  static func remove(_ folder: String) throws {
    try attempt(folder) { try FileManager.default.removeItem(atPath: folder) }
  }

  /// The names in a folder, sorted; none if it is not there.
  static func names(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }

  private static func attempt(_ path: String, _ body: () throws -> Void) throws {
    do {
      try body()
    } catch {
      throw DemoError.cannotWrite(path: path, reason: SystemReason.text(error, writing: path))
    }
  }
}
