import Files
import Foundation
import KerasFormat
import Pictures

/// `sketches` in the folder of the feature cache: what making a split found out about pictures, so
/// that making it again reads none of them.
public enum SketchFile {
  private static let name = "sketches"

  /// The sketches kept in a folder. There are none if it has no such file, or one that is damaged or
  /// of another version: it is made anew then, and nothing but time is lost.
  public static func read(in folder: String) -> SketchTable {
    guard let file = try? OpenFile(path(in: folder)),
      let bytes = try? file.bytes(0..<file.size)
    else { return SketchTable() }
    return SketchTable(bytes: bytes) ?? SketchTable()
  }

  /// Keeps the sketches if there are new ones among them, atomically.
  ///
  /// - Throws: ``StageError/cannotCreateFolder(path:reason:)``, or why the file cannot be written.
  public static func write(_ sketches: SketchTable, in folder: String) throws {
    guard sketches.hasChanged else { return }
    try StageError.create(folder: folder)
    try AtomicFile.write(Data(sketches.bytes), to: path(in: folder))
  }

  private static func path(in folder: String) -> String {
    (folder as NSString).appendingPathComponent(name)
  }
}
