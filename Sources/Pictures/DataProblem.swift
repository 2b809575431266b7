/// Something in a data set that does not stop the work but should be known.
public struct DataProblem: Sendable, Hashable, CustomStringConvertible {
  /// The sort of problem.
  public enum Kind: String, Sendable, CaseIterable {
    /// A picture beside the folders that count, and so without a class or a part; not used.
    case outsideClassFolders
    /// A class without pictures in validation or test.
    case emptyClassFolder
    /// A folder below `test/` that is not a class, beside some that are; its pictures have no label.
    case unknownClass
    /// Files with the same bytes in one split and class.
    case duplicate
    /// Files with the same bytes in different classes.
    case sameContentInTwoClasses
    /// Files with the same bytes in different splits.
    case sameContentInTwoSplits
    /// Files that show the same picture, resized or compressed anew; a split keeps them together.
    case nearDuplicates
    /// A file or folder whose name is not UTF-8; not used.
    case nameNotUTF8
    /// A folder that cannot be listed.
    case unreadableFolder
    /// A folder that links lead to a second time; not entered again.
    case folderReachedTwice
    /// A folder whose name ends like a picture's; not entered.
    case folderNamedLikePicture
    /// A picture of a format that is not read; not used.
    case unreadFormat
    /// A file that a list of labels names and that is not there; not used.
    case missingFile
    /// A file that a list of labels names more than once, always with the same label; used once.
    case listedTwice
    /// A file whose name does not begin with a class; not used.
    case noClassInName

    // What only a `DataSetExamination` finds.

    /// A picture that cannot be decoded.
    case unreadablePicture
    /// A picture with less detail than networks are trained on.
    case tinyPicture
    /// A picture whose pixels are all the same.
    case oneColour
    /// A file named like another format than it is of.
    case wrongExtension
    /// A picture that is not 8-bit colour, and is converted.
    case unusualMode
    /// A picture that is turned or mirrored by its EXIF orientation.
    case turnedByCamera
    /// Pictures that look the same, with different labels.
    case nearDuplicatesInTwoClasses
    /// Pictures that look the same, in different splits.
    case nearDuplicatesInTwoSplits
    /// Classes of very different size.
    case imbalance

    /// How bad it is.
    public enum Severity: String, Sendable, Codable {
      /// Pictures are lost.
      case error
      /// Figures may be wrong, or classifiers worse.
      case warning
      /// Worth knowing.
      case note
    }

    public var severity: Severity {
      switch self {
      case .unreadablePicture, .unreadableFolder, .nameNotUTF8, .folderNamedLikePicture,
        .unreadFormat, .missingFile:
        .error
      case .unusualMode, .turnedByCamera, .duplicate, .nearDuplicates, .folderReachedTwice,
        .listedTwice, .wrongExtension:
        .note
      default: .warning
      }
    }
  }

  /// The sort of problem.
  public let kind: Kind
  /// The files or folders in question, sorted.
  public let paths: [String]
  /// What is the matter, as a sentence without the paths.
  public let detail: String

  init(_ kind: Kind, _ paths: [String], _ detail: String) {
    self.kind = kind
    self.paths = paths.sorted(by: bytesPrecede)
    self.detail = detail
  }

  /// The same with all pictures of one unread format in one problem, where the first of them was.
  static func grouped(_ problems: [DataProblem]) -> [DataProblem] {
    var grouped: [DataProblem] = []
    var places: [String: Int] = [:]
    for problem in problems {
      if problem.kind == .unreadFormat, let place = places[problem.detail] {
        grouped[place] = DataProblem(
          problem.kind, grouped[place].paths + problem.paths, problem.detail)
      } else {
        if problem.kind == .unreadFormat { places[problem.detail] = grouped.count }
        grouped.append(problem)
      }
    }
    return grouped
  }

  public var description: String {
    let shown = paths.prefix(4).joined(separator: ", ")
    let more = paths.count > 4 ? " and \(paths.count - 4) more" : ""
    return paths.isEmpty ? detail : "\(shown)\(more): \(detail)"
  }
}

/// A file that was passed over because it is not a picture.
public struct SkippedFile: Sendable, Hashable {
  /// Why it was passed over.
  public enum Reason: String, Sendable, CaseIterable {
    /// Its name begins with a dot, or it lies in `__MACOSX`.
    case hidden
    /// Neither its name nor its first bytes are those of a picture that is read.
    case notAPicture
  }

  public let path: String
  /// Why it was passed over.
  public let reason: Reason
}
