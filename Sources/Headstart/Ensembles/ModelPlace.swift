import Files
import Foundation

/// Where a trained model lies: a file, or the folder of a run that left one.
public enum ModelPlace {
  /// What a run leaves to predict with, the first of them first.
  private static let names = ["ensemble.json", "model.h5"]
  private static let endings: Set = ["h5", "hdf5", "keras", "json"]

  /// The model's file: the path itself, or in a folder `ensemble.json`, else `model.h5`.
  ///
  /// - Throws: ``StageError/notAClassifier(path:expected:found:)`` for a folder with neither.
  public static func file(_ path: String) throws(StageError) -> String {
    guard Folder.isFolder(path) else { return path }
    if let file = fileInside(path) { return file }
    let rejected = fileInside((path as NSString).appendingPathComponent("rejected")) != nil
    throw .notAClassifier(
      path: path, expected: "a model, or a folder with \(names.joined(separator: " or "))",
      found: "a folder with neither"
        + (rejected ? ", but with rejected/, whose model was not good enough" : ""))
  }

  /// The file of one model, to be trained on or shown: as ``file(_:)``, or the member of an ensemble
  /// of one.
  ///
  /// - Throws: ``StageError/notAClassifier(path:expected:found:)`` for an ensemble of several too;
  ///   ``EnsembleError``.
  public static func single(_ path: String) throws -> String {
    let file = try file(path)
    let members = try members(file)
    guard members.count == 1, let model = members.first else {
      throw StageError.notAClassifier(
        path: file, expected: "one model",
        found: "an ensemble of \(members.joined(separator: ", ")): name one of them")
    }
    return model
  }

  /// The files of the models that a file stands for: itself, or those that an ensemble names.
  ///
  /// - Throws: ``EnsembleError``.
  public static func members(_ file: String) throws(EnsembleError) -> [String] {
    guard EnsembleFile.isJSON(file) else { return [file] }
    let folder = (file as NSString).deletingLastPathComponent as NSString
    return try EnsembleFile.read(file).members.map { folder.appendingPathComponent($0.model) }
  }

  /// Whether there is something at a path that is meant as a model: by the file's ending or its
  /// first bytes, or a folder with one.
  public static func isModel(_ path: String) -> Bool {
    if Folder.isFolder(path) { return fileInside(path) != nil }
    if endings.contains((path as NSString).pathExtension.lowercased()) { return true }
    guard let file = try? OpenFile(path), let start = try? file.bytes(0..<min(8, file.size))
    else { return false }
    // HDF5, and the zip archive that a .keras file is.
    return start == [0x89] + Array("HDF\r\n\u{1A}\n".utf8)
      || start.starts(with: Array("PK\u{3}\u{4}".utf8)) || EnsembleFile.isJSON(path)
  }

  private static func fileInside(_ folder: String) -> String? {
    names.map { (folder as NSString).appendingPathComponent($0) }
      .first { OpenFile.stamp(of: $0) != nil }
  }
}
