import Foundation
import Pictures

/// Predictions of labelled pictures, as the files that show how good they are.
public struct JudgedPredictions: Sendable {
  /// Of pictures that could be read.
  public let predictions: [Prediction]
  /// The true class of each prediction.
  public let labels: [Int]
  /// Names of the labels, in their order.
  public let classes: [String]

  /// - Precondition: every prediction has its label.
  public init(_ predictions: [Prediction], labels: [Int], classes: [String]) {
    precondition(predictions.count == labels.count, "every prediction has its label")
    self.predictions = predictions
    self.labels = labels
    self.classes = classes
  }

  /// Those of the outcomes that are predictions.
  public init(_ outcomes: [Predictor.Outcome], labels: [Int], classes: [String]) {
    let judged = zip(outcomes, labels).compactMap { outcome, label in
      if case .predicted(let prediction) = outcome { (prediction, label) } else { nil }
    }
    self.init(judged.map(\.0), labels: judged.map(\.1), classes: classes)
  }

  /// How good they are.
  ///
  /// - Throws: `NeuralNetworkError` if there are none.
  public func report() throws -> EvaluationReport {
    try EvaluationReport(
      probabilities: predictions.map(\.probabilities), labels: labels, classes: classes)
  }

  /// A row a picture: `path,label,class,probability,<class>,…`, the class being the predicted one.
  public var csv: String {
    var text = CSVFile.line(["path", "label", "class", "probability"] + classes)
    for (prediction, label) in zip(predictions, labels) {
      let best = prediction.best
      text += CSVFile.line(
        [
          prediction.path, classes[label], classes[best],
          String(format: "%.6f", prediction.probabilities[best]),
        ] + prediction.probabilities.map { String(format: "%.6f", $0) })
    }
    return text
  }

  /// Writes `confusion.svg`, `predictions.csv` and, if a picture is misclassified,
  /// `misclassified.png`; one that an earlier run left is removed otherwise.
  ///
  /// - Throws: `NeuralNetworkError` if there are no predictions; `KerasFormatError` if a file
  ///   cannot be written.
  public func write(to folder: RunFolder) throws {
    try folder.write(ConfusionChart.svg(try report()), to: "confusion.svg")
    try folder.write(csv, to: "predictions.csv")
    if let grid = try PictureGrid.misclassified(predictions, labels: labels, classes: classes) {
      try folder.write(grid, to: "misclassified.png")
    } else {
      try folder.remove("misclassified.png")
    }
  }

  /// Removes the files of ``write(to:)``, which are not of the run that ends in this folder now.
  public static func remove(from folder: RunFolder) throws {
    for name in ["confusion.svg", "predictions.csv", "misclassified.png"] {
      try folder.remove(name)
    }
  }
}
