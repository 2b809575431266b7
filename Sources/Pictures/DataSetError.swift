/// Why a data set cannot be used as it is. Each case names the file or folder.
public enum DataSetError: Error, Equatable, Sendable {
  case unreadable(path: String, reason: String)
  /// A file where a folder was expected.
  case notAFolder(path: String)
  case noPictures(path: String)
  /// Pictures, but no folder for each class.
  case noClassFolders(path: String)
  /// A class folder without a picture, where each class needs some.
  case emptyClass(name: String, path: String)
  /// A class folder whose pictures are all of formats that are not read.
  case unreadFormats(name: String, paths: [String], reason: String)
  case tooFewClasses(found: [String], needed: Int, path: String)
  /// A class that is not among those expected.
  case unknownClass(name: String, expected: [String], path: String)
  /// A class order that leaves out or repeats a class.
  case classOrder(given: [String], found: [String])
  /// Two folders that mean the same split.
  case ambiguousFolders(first: String, second: String)
  /// A line of a list of labels or of a split that cannot be understood.
  case malformedList(path: String, line: Int, found: String)
  /// One file with two labels.
  case contradictingLabels(path: String, labels: [String], list: String)
  /// A share of pictures that is not a share.
  case fraction(name: String, value: Double)
}

extension DataSetError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unreadable(let path, let reason):
      "\(path): cannot be read: \(reason)"
    case .notAFolder(let path):
      "\(path): expected a folder, found a file"
    case .noPictures(let path):
      "\(path): expected pictures (\(PictureFormat.list)), found none"
    case .noClassFolders(let path):
      "\(path): expected a folder for each class, found pictures without one; if their names begin "
        + "with the class, as in cat.123.jpg, say that labels come from names (--labels-from name)"
    case .emptyClass(let name, let path):
      "\(path): class \(name) has no pictures; add some or remove the folder"
    case .unreadFormats(let name, let paths, let reason):
      "class \(name) has no picture that can be read: \(paths.first ?? "")"
        + (paths.count > 1 ? " and \(paths.count - 1) more" : "") + ": \(reason); convert them"
    case .tooFewClasses(let found, let needed, let path):
      "\(path): expected at least \(needed) classes, found \(Self.list(found))"
    case .unknownClass(let name, let expected, let path):
      "\(path): \(name) is not one of the classes (\(Self.list(expected)))"
    case .classOrder(let given, let found):
      "class order \(Self.list(given)) does not name each class once; the classes are "
        + Self.list(found)
    case .ambiguousFolders(let first, let second):
      "\(first) and \(second) mean the same; keep one"
    case .malformedList(let path, let line, let found):
      "\(path):\(line): \(found)"
    case .contradictingLabels(let path, let labels, let list):
      "\(list): \(path) is labelled \(labels.joined(separator: " and "))"
    case .fraction(let name, let value):
      "\(name) fraction must be at least 0 and below 1 in all, found \(value)"
    }
  }

  private static func list(_ names: [String]) -> String {
    names.isEmpty ? "none" : names.joined(separator: ", ")
  }
}
