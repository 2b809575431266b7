import Foundation
import Pictures

extension Ensemble {
  /// The same members with the weights that have the least log loss on pictures that none of them was
  /// trained on; see ``EnsembleWeights/fit(_:labels:)``. A picture that one member cannot read does
  /// not count.
  ///
  /// The calibration is that of the fitted mean on the same pictures, a little too good, by about
  /// (members − 1) / (2 · pictures).
  ///
  /// - Parameters:
  ///   - predictions: of each member, (members, pictures).
  ///   - labels: the true class of each picture.
  /// - Throws: ``EnsembleError`` if a member was trained on one of the pictures, or none can be read.
  public func fitted(
    to predictions: [[Predictor.Outcome]], labels: [Int]
  ) throws(EnsembleError) -> Ensemble {
    precondition(predictions.count == members.count, "every member predicts")
    var probabilities = [[[Double]]](repeating: [], count: members.count)
    var known: [Int] = []
    var met = 0
    for (row, label) in labels.enumerated() {
      let all = predictions.compactMap { outcomes -> Prediction? in
        if case .predicted(let prediction) = outcomes[row] { prediction } else { nil }
      }
      guard all.count == members.count else { continue }
      known.append(label)
      for (member, prediction) in all.enumerated() {
        probabilities[member].append(prediction.probabilities)
      }
      let picture = all[0].picture
      if members.contains(where: { $0.classifier.trainedOn.contains(picture) }) { met += 1 }
    }
    guard met == 0 else {
      throw .invalid(
        expected: "pictures that no model was trained on, to fit weights to",
        found: "\(met) of \(known.count) that one was trained on")
    }
    guard !known.isEmpty else {
      throw .invalid(expected: "pictures to fit weights to", found: "none that can be read")
    }
    let weights = EnsembleWeights.fit(probabilities, labels: known)
    let mean = Self.mean(probabilities, weights: weights)
    return try Ensemble(
      zip(members, weights).map { Member($0.classifier, weight: $1, name: $0.name) },
      calibration: Calibration(probabilities: mean, labels: known, source: .validation),
      views: views, submission: submission)
  }
}

extension EnsembleFile {
  /// What is to be written of an ensemble whose members' names are their files. Members without
  /// weight are left out.
  ///
  /// - Parameter path: where it is to be written, at or above its members.
  /// - Throws: ``EnsembleError`` if a member's file does not lie below that folder, or the views are
  ///   drawn at random, which a file notes by what they were drawn from.
  public init(_ ensemble: Ensemble, at path: String) throws {
    // As it is read again: from the folder of the name it has, whatever links lead where.
    func place(_ path: String) -> [String] {
      URL(fileURLWithPath: path).standardizedFileURL.pathComponents
    }
    let folder = Array(place(path).dropLast())
    let members = try ensemble.members.filter { $0.weight > 0 }.map { member in
      let file = place(member.name)
      guard file.starts(with: folder) else {
        throw EnsembleError.invalid(
          path: path, expected: "its models in its own folder or below", found: member.name)
      }
      return Member(
        model: file.dropFirst(folder.count).joined(separator: "/"), weight: member.weight)
    }
    var testTime: TestTime?
    if ensemble.views != [.plain] {
      guard ensemble.views == (try? PictureView.testTime(ensemble.views.count)) else {
        throw EnsembleError.invalid(
          path: path, expected: "views without chance, which --tta asks for",
          found: "views that a recipe drew")
      }
      testTime = TestTime(views: ensemble.views.count)
    }
    self.init(
      members: members, calibration: ensemble.calibration, testTime: testTime,
      submission: ensemble.submission.isEmpty ? nil : ensemble.submission)
  }
}
