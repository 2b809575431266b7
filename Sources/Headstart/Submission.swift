import Files
import Foundation
import KerasFormat
import Pictures

/// A Kaggle submission.
///
/// Two classes: header `id,label`, the label being P(positive class). More: `id,<class>,…`, a
/// probability for each class. The id is the file's name without extension; rows stand in natural
/// order (2 before 10); probabilities are clipped, since one confident mistake costs −ln p, and
/// have six decimals.
public struct Submission: Sendable {
  /// Names of the labels, in their order.
  public let classes: [String]
  /// Index of the class whose probability is the label, of two.
  public let positive: Int
  /// Probabilities are kept within [clip, 1 − clip].
  public let clip: Double

  /// - Parameters:
  ///   - positive: default: the last class.
  ///   - clip: 0 for no clipping; below one half.
  /// - Throws: ``SubmissionError`` if there is no such class or the clip makes no sense.
  public init(classes: [String], positive: String? = nil, clip: Double = 0.005) throws {
    guard clip >= 0, clip < 0.5 else { throw SubmissionError.clip(clip) }
    if let positive {
      guard classes.count == 2 else { throw SubmissionError.positiveOfMany(classes) }
      guard let index = classes.firstIndex(of: positive) else {
        throw SubmissionError.unknownClass(positive, known: classes)
      }
      self.positive = index
    } else {
      self.positive = classes.count - 1
    }
    self.classes = classes
    self.clip = clip
  }

  /// The header.
  public var columns: [String] { ["id"] + (classes.count == 2 ? ["label"] : classes) }

  /// What the columns hold, in words.
  public var meaning: String {
    classes.count == 2
      ? "label = P(\(classes[positive]))" : "a probability for each of \(classes.count) classes"
  }

  /// Refuses pictures of which two would have the same id.
  ///
  /// - Throws: ``StageError/duplicateIdentifiers(id:paths:)``.
  public func checkIdentifiers(_ paths: [String]) throws {
    var known: [String: String] = [:]
    for path in paths {
      let id = Submission.identifier(path)
      if let other = known[id] {
        throw StageError.duplicateIdentifiers(id: id, paths: [other, path])
      }
      known[id] = path
    }
  }

  /// The whole file's text.
  ///
  /// - Throws: ``StageError/duplicateIdentifiers(id:paths:)``.
  public func text(_ predictions: [Prediction]) throws -> String {
    let rows = predictions.map { (id: Submission.identifier($0.path), prediction: $0) }
      .sorted { NaturalOrder.precedes($0.id, $1.id) }
    for (row, next) in zip(rows, rows.dropFirst()) where row.id == next.id {
      throw StageError.duplicateIdentifiers(
        id: row.id, paths: [row.prediction.path, next.prediction.path])
    }
    var text = CSVFile.line(columns)
    for row in rows {
      let values = row.prediction.probabilities
      let columns = classes.count == 2 ? [values[positive]] : values
      text += CSVFile.line([row.id] + columns.map(format))
    }
    return text
  }

  /// Writes the file, atomically.
  public func write(_ predictions: [Prediction], to path: String) throws {
    let data = Data(try text(predictions).utf8)
    try AtomicFile.write(data, to: path)
  }

  /// The file's name without its extension.
  static func identifier(_ path: String) -> String {
    ((path as NSString).lastPathComponent as NSString).deletingPathExtension
  }

  private func format(_ probability: Double) -> String {
    String(format: "%.6f", min(max(probability, clip), 1 - clip))
  }
}

/// What a recipe says of its submission, which `submit` repeats unless told otherwise.
public struct SubmissionChoice: Codable, Sendable, Equatable {
  /// The class whose probability is the label, of two; nil: the last.
  public var positive: String?
  /// Probabilities are kept within [clip, 1 − clip]; nil: what the calibration says is best.
  public var clip: Double?

  public init(positive: String? = nil, clip: Double? = nil) {
    self.positive = positive
    self.clip = clip
  }

  /// Whether it says nothing.
  var isEmpty: Bool { positive == nil && clip == nil }
}

/// Why a submission cannot be laid out.
public enum SubmissionError: Error, Equatable, CustomStringConvertible {
  case clip(Double)
  case positiveOfMany([String])
  case unknownClass(String, known: [String])

  public var description: String {
    switch self {
    case .clip(let value):
      return "Probabilities can be clipped at 0 up to, not including, 0.5; not at \(value)."
    case .positiveOfMany(let classes):
      return "A positive class belongs to two classes; this classifier has \(classes.count), whose"
        + " submission has a column each."
    case .unknownClass(let name, let known):
      return
        "There is no class \(name) to be the positive one, only \(known.joined(separator: ", "))."
    }
  }
}
