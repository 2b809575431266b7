/// Predictions held against labels.
public struct Evaluation: Sendable {
  public let report: EvaluationReport
  /// How many of the judged pictures the classifier was trained on.
  public let trainedOn: Int

  /// Pictures that could not be read do not count.
  ///
  /// - Parameters:
  ///   - outcomes: of each picture, in the order of `labels`.
  ///   - labels: true classes, as indices of `classes`.
  public init(outcomes: [Predictor.Outcome], labels: [Int], classifier: Classifier) throws {
    let classes = classifier.classes
    var probabilities: [[Double]] = []
    var judged: [Int] = []
    var met = 0
    for (outcome, label) in zip(outcomes, labels) {
      guard case .predicted(let prediction) = outcome else { continue }
      judged.append(label)
      probabilities.append(prediction.probabilities)
      if classifier.trainedOn.contains(prediction.picture) { met += 1 }
    }
    report = try EvaluationReport(
      probabilities: probabilities, labels: judged, classes: classes)
    trainedOn = met
  }
}
