import Files
import Foundation
import KerasFormat

/// A recipe's files.
public enum RecipeFiles {
  /// The text of a recipe's file.
  ///
  /// - Throws: ``RecipeError`` if it cannot be read or is no text.
  public static func text(_ path: String) throws -> String {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw RecipeError(path, expected: "a file that can be read", found: "none")
    }
    guard data.count <= 1 << 16, let text = String(data: data, encoding: .utf8) else {
      throw RecipeError(
        path, expected: "UTF-8 text of at most 65536 bytes", found: "\(data.count) bytes")
    }
    return text
  }

  /// Gives a file a second name, or copies it where that cannot be, atomically. Nothing here writes
  /// into a file that is finished, so that neither changes with the other.
  package static func link(_ source: String, to path: String) throws {
    // A rename of one name of a file to another one of it does nothing.
    if let stamp = OpenFile.stamp(of: source), stamp == OpenFile.stamp(of: path) { return }
    try AtomicFile.write(to: path) { temporary in
      guard Foundation.link(source, temporary) != 0 else { return }
      try FileManager.default.copyItem(atPath: source, toPath: temporary)
    }
  }
}
