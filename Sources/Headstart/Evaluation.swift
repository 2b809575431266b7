/// Predictions held against labels.
public struct Evaluation: Sendable {
  /// How good the predictions are.
  public let report: EvaluationReport
  /// How many of the judged pictures the classifier, or a member of the ensemble, was trained on.
  public let trainedOn: Int

  /// Pictures that could not be read do not count.
  ///
  /// - Parameters:
  ///   - outcomes: of each picture, in the order of `labels`.
  ///   - labels: true classes, as indices of `classes`.
  public init(outcomes: [Predictor.Outcome], labels: [Int], classifier: Classifier) throws {
    try self.init(outcomes: outcomes, labels: labels, ensemble: Ensemble(classifier))
  }

  /// The same for an ensemble.
  public init(outcomes: [Predictor.Outcome], labels: [Int], ensemble: Ensemble) throws {
    let trainedOn = ensemble.members.map(\.classifier.trainedOn)
    var probabilities: [[Double]] = []
    var judged: [Int] = []
    var met = 0
    for (outcome, label) in zip(outcomes, labels) {
      guard case .predicted(let prediction) = outcome else { continue }
      judged.append(label)
      probabilities.append(prediction.probabilities)
      if trainedOn.contains(where: { $0.contains(prediction.picture) }) { met += 1 }
    }
    report = try EvaluationReport(
      probabilities: probabilities, labels: judged, classes: ensemble.classes)
    self.trainedOn = met
  }
}
