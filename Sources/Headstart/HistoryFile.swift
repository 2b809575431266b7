import Foundation
import NeuralNetwork
import Pictures

/// `history.csv`: how the training went, a line a step, in the columns of Keras' `CSVLogger`.
package enum HistoryFile {
  /// A gradient solver leaves a line an epoch; `newton` a line for each strength it tried.
  package static func text(_ trained: TrainedHead) -> String {
    if let regression = trained.regression {
      var text = CSVFile.line(["strength", "out_of_fold_loss", "chosen"])
      for (strength, loss) in zip(regression.strengths, regression.logLosses) {
        text += CSVFile.line([
          String(strength), String(format: "%.6f", loss),
          strength == regression.chosen ? "1" : "0",
        ])
      }
      return text
    }
    return self.text(trained.history)
  }

  /// A line an epoch.
  package static func text(_ history: [EpochRecord]) -> String {
    var text = CSVFile.line(["epoch", "accuracy", "loss", "val_accuracy", "val_loss", "seconds"])
    for record in history {
      text += CSVFile.line([
        String(record.epoch), String(format: "%.6f", record.accuracy),
        String(format: "%.6f", record.loss),
        record.validationAccuracy.map { String(format: "%.6f", $0) } ?? "",
        record.validationLoss.map { String(format: "%.6f", $0) } ?? "",
        String(format: "%.3f", record.seconds),
      ])
    }
    return text
  }
}
