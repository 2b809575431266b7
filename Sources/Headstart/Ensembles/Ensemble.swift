import Kernels

/// Several classifiers of the same classes, whose probabilities are averaged.
///
/// p(class) = Σ wₘ · pₘ(class), weights wₘ ≥ 0 with Σ wₘ = 1. The members may differ in everything
/// else: picture size, backbone, preprocessing, head.
public struct Ensemble: Sendable {
  /// A classifier and what it counts.
  public struct Member: Sendable {
    /// What predicts.
    public let classifier: Classifier
    /// Its share of the mean; all shares add up to 1.
    public let weight: Double
    /// What messages and progress call it: its file.
    public let name: String

    public init(_ classifier: Classifier, weight: Double, name: String = "") {
      self.classifier = classifier
      self.weight = weight
      self.name = name
    }
  }

  /// At least one, of the same classes.
  public let members: [Member]
  /// How far the averaged probabilities can be believed; nil if nothing is known of them. It is
  /// that of a lone member, and otherwise one made from held-out predictions of the mean itself:
  /// see ``Calibration/init(probabilities:labels:folds:source:)``.
  public let calibration: Calibration?
  /// The views of each picture whose probabilities are averaged.
  public let views: [PictureView]
  /// What a submission holds unless something else is asked for.
  public let submission: SubmissionChoice

  /// - Throws: ``EnsembleError`` if there is no member, the members' classes or their order differ,
  ///   or the weights are not what they must be.
  public init(
    _ members: [Member], calibration: Calibration? = nil, views: [PictureView] = [.plain],
    submission: SubmissionChoice = SubmissionChoice()
  ) throws(EnsembleError) {
    guard let first = members.first else { throw .invalid(expected: "a member", found: "none") }
    for member in members where member.classifier.classes != first.classifier.classes {
      throw .otherClasses(
        member.classifier.classes, of: member.name, expected: first.classifier.classes,
        as: first.name)
    }
    try Self.check(weights: members.map(\.weight))
    self.members = members
    self.calibration = calibration
    self.views = views
    self.submission = submission
  }

  /// One classifier by itself.
  public init(_ classifier: Classifier, name: String = "") {
    members = [Member(classifier, weight: 1, name: name)]
    calibration = classifier.calibration
    views = [.plain]
    submission = SubmissionChoice()
  }

  /// Ensembles (or lone classifiers) averaged, each counting the same.
  ///
  /// The calibration is kept only of one that is alone: nothing is known of another mean.
  ///
  /// - Throws: ``EnsembleError`` as ``init(_:calibration:views:submission:)``, and if they take different
  ///   views of a picture.
  public init(averaging parts: [Ensemble]) throws(EnsembleError) {
    if parts.count == 1 {
      self = parts[0]
      return
    }
    for part in parts where part.views != parts[0].views {
      throw .otherViews(of: part.members[0].name, than: parts[0].members[0].name)
    }
    var members: [Member] = []
    for part in parts {
      members += part.members.map {
        Member($0.classifier, weight: $0.weight / Double(parts.count), name: $0.name)
      }
    }
    try self.init(members, views: parts.first?.views ?? [.plain])
  }

  /// The same, which takes these views of each picture; of other views than its own nothing is
  /// known, and it has no calibration.
  public func with(views: [PictureView]) -> Ensemble {
    Ensemble(self, views: views)
  }

  private init(_ ensemble: Ensemble, views: [PictureView]) {
    members = ensemble.members
    // It is of the mean over the views that it was made with.
    calibration = views == ensemble.views ? ensemble.calibration : nil
    self.views = views
    submission = ensemble.submission
  }

  /// The class names, in the order of the probabilities.
  public var classes: [String] { members[0].classifier.classes }

  /// How far weights may be from a sum of 1: files hold rounded decimals.
  private static let tolerance = 1e-6

  static func check(weights: [Double]) throws(EnsembleError) {
    for weight in weights where !(weight >= 0 && weight <= 1 + tolerance) {
      throw .invalid(expected: "weights from 0 to 1", found: "\(weight)")
    }
    let sum = weights.reduce(0, +)
    guard abs(sum - 1) <= tolerance else {
      throw .invalid(expected: "weights whose sum is 1", found: "a sum of \(sum)")
    }
  }

  /// The weighted mean of probabilities.
  ///
  /// - Parameters:
  ///   - members: (members, pictures, classes).
  ///   - weights: of each member.
  /// - Returns: (pictures, classes).
  public static func mean(_ members: [[[Double]]], weights: [Double]) -> [[Double]] {
    precondition(members.count == weights.count, "every member has its weight")
    guard let first = members.first else { return [] }
    return first.indices.map { picture in
      first[picture].indices.map { place in
        zip(members, weights).reduce(0) { $0 + $1.1 * $1.0[picture][place] }
      }
    }
  }
}

/// Why classifiers cannot be averaged.
public enum EnsembleError: Error, Equatable, CustomStringConvertible {
  case unreadable(path: String, reason: String)
  case invalid(path: String? = nil, expected: String, found: String)
  case member(path: String, model: String, reason: String)
  case otherClasses([String], of: String, expected: [String], as: String)
  case otherViews(of: String, than: String)

  public var description: String {
    switch self {
    case .unreadable(let path, let reason):
      return "\(path) cannot be read: \(reason)."
    case .invalid(let path, let expected, let found):
      return "\(path ?? "The ensemble"): expected \(expected), found \(found)."
    case .member(let path, let model, let reason):
      return "\(path): its member \(model) cannot be used: \(reason)"
    case .otherClasses(let classes, let model, let expected, let first):
      return "\(model) knows the classes \(classes.joined(separator: ", ")), \(first) the classes"
        + " \(expected.joined(separator: ", ")): only models of the same classes, in the same"
        + " order, can be averaged."
    case .otherViews(let model, let first):
      return "\(model) is judged by other views of a picture (test-time augmentation) than"
        + " \(first): say by --tta which to take of both."
    }
  }

  /// The same, naming the file that it was found in.
  func naming(_ file: String) -> EnsembleError {
    guard case .invalid(nil, let expected, let found) = self else { return self }
    return .invalid(path: file, expected: expected, found: found)
  }
}
