/// Why a stage could not run.
public enum StageError: Error, Equatable, CustomStringConvertible {
  case noWeights(backbone: String, searched: [String])
  case cannotCreateFolder(path: String, reason: String)
  case cannotWriteInto(folder: String, reason: String)
  case folderInUse(path: String)
  case noPictures(path: String, found: String)
  case noFolder(path: String, found: String)
  case noResults(path: String)
  case tooFewClasses(path: String, found: [String])
  case emptyClass(name: String, split: String, reason: String)
  case unknownClasses([String], model: String, expected: [String])
  case duplicateIdentifiers(id: String, paths: [String])
  case notAClassifier(path: String, expected: String, found: String)
  /// A Keras model without the attribute that makes it a classifier.
  case foreignModel(path: String)

  public var description: String {
    switch self {
    case .noWeights(let backbone, let searched):
      return "No weights for \(backbone): looked for \(searched.joined(separator: ", ")). Run"
        + " `headstart weights fetch \(backbone)`, or name a Keras weight file with --weights"
        + " (`headstart weights make` writes untrained ones, to try things with)."
    case .cannotCreateFolder(let path, let reason):
      return "Cannot make the folder \(path): \(reason)."
    case .cannotWriteInto(let folder, let reason):
      return "Cannot write into the folder \(folder): \(reason)."
    case .folderInUse(let path):
      return "Another run is writing to \(path); name another folder with --output."
    case .noPictures(let path, let found):
      return "\(path): expected pictures, found \(found)."
    case .noFolder(let path, let found):
      return "\(path): expected a folder of pictures, found \(found)."
    case .noResults(let path):
      return "\(path): expected a run's folder with metrics.json, found no results to report."
    case .tooFewClasses(let path, let found):
      return "\(path): expected at least two classes of training pictures, found "
        + (found.isEmpty ? "none." : "only \(found.joined(separator: ", ")).")
    case .emptyClass(let name, let split, let reason):
      return "The class \(name) has no picture for \(split): \(reason)."
    case .unknownClasses(let names, let model, let expected):
      return "\(model) knows the classes \(expected.joined(separator: ", ")); the pictures are of"
        + " \(names.joined(separator: ", ")) as well."
    case .duplicateIdentifiers(let id, let paths):
      return "Two pictures would have the id \(id) in the submission: "
        + paths.joined(separator: " and ") + "."
    case .foreignModel(let path):
      return "\(path): a Keras model that names no classes and no preprocessing. This makes a"
        + " classifier of it: headstart convert \(path) --classes CLASS,CLASS"
        + " --preprocessing caffe|rescale|none --output FILE.h5; or, where Keras has trained a"
        + " classifier of headstart's: headstart convert \(path) --like ORIGINAL.h5 --output"
        + " FILE.h5."
    case .notAClassifier(let path, let expected, let found):
      return "\(path): expected \(expected), found \(found)."
    }
  }
}
