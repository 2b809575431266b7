import Foundation
import Headstart

extension Calibration {
  /// `2000 out-of-fold predictions`
  var basis: String {
    "\(pictures) " + (source == .outOfFold ? "out-of-fold predictions" : "validation pictures")
  }

  /// `calibration: logits divided by 4.41, fitted on 800 validation pictures: log loss 0.80 → 0.29`
  var text: String {
    let losses = String(format: "log loss %.4f → %.4f", logLossBefore, logLossAfter)
    let best = String(format: "%.2f", bestTemperature)
    if isApplied { return "calibration: logits divided by \(best), fitted on \(basis): \(losses)" }
    let verdict = logLossAfter < logLossBefore ? "is no better beyond doubt" : "would be worse"
    return "calibration: temperature 1; \(best) \(verdict) on \(basis) (\(losses))"
  }
}

extension EvaluationReport {
  /// `accuracy 0.9850 (95 %: 0.9741–0.9914), log loss 0.0449`
  var line: String {
    String(
      format: "accuracy %.4f (95 %%: %.4f–%.4f), log loss %.4f", accuracy, accuracyInterval[0],
      accuracyInterval[1], logLoss)
  }

  /// Everything, for a terminal.
  var text: String {
    var head: [[String]] = [
      ["pictures", String(count)],
      [
        "accuracy",
        String(
          format: "%.4f (95 %%: %.4f–%.4f)", accuracy, accuracyInterval[0], accuracyInterval[1]),
      ],
      ["log loss", String(format: "%.4f", logLoss)],
    ]
    if let rocAUC { head.append(["ROC AUC", String(format: "%.4f", rocAUC)]) }
    let perClass =
      [["class", "precision", "recall", "F1", "pictures"]]
      + classes.map {
        [
          $0.name, String(format: "%.4f", $0.precision), String(format: "%.4f", $0.recall),
          String(format: "%.4f", $0.f1), String($0.support),
        ]
      }
    let matrix =
      [["true \\ predicted"] + classes.map(\.name)]
      + zip(classes, confusion).map { [$0.name] + $1.map(String.init) }
    return [head, perClass, matrix].map(Console.table).joined(separator: "\n\n")
  }
}
