import Foundation
import NeuralNetwork
import Pictures

/// `history.csv`: how the training went, a line a step, in the columns of Keras' `CSVLogger`.
package enum HistoryFile {
  /// A gradient solver leaves a line an epoch; `newton` a line for each strength it tried.
  package static func text(_ trained: TrainedHead) -> String {
    if let regression = trained.regression { return text(regression) }
    return text(trained.history)
  }

  /// A line for each strength.
  static func text(_ regression: RegressionReport) -> String {
    var text = CSVFile.line(["strength", "out_of_fold_loss", "chosen"])
    for (strength, loss) in zip(regression.strengths, regression.logLosses) {
      text += CSVFile.line([
        String(strength), String(format: "%.6f", loss),
        strength == regression.chosen ? "1" : "0",
      ])
    }
    return text
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

  /// The epochs of a table as `text` makes it; none of a table of other columns, or with a loss or
  /// accuracy that is no number of a sane size.
  package static func records(_ table: [[String]]) -> [EpochRecord] {
    guard let header = table.first, let epoch = header.firstIndex(of: "epoch"),
      let accuracy = header.firstIndex(of: "accuracy"), let loss = header.firstIndex(of: "loss")
    else { return [] }
    let others = ["val_accuracy", "val_loss", "seconds"].map { header.firstIndex(of: $0) }
    func parsed(_ text: String) -> Double? {
      Double(text).flatMap { abs($0) < 1e9 ? $0 : nil }
    }
    var records: [EpochRecord] = []
    for row in table.dropFirst() {
      guard row.count == header.count, let number = Int(row[epoch]),
        (0...1_000_000).contains(number),
        let accuracy = parsed(row[accuracy]), let loss = parsed(row[loss])
      else { return [] }
      let values = others.map { column in column.flatMap { parsed(row[$0]) } }
      records.append(
        EpochRecord(
          epoch: number, loss: loss, accuracy: accuracy, validationLoss: values[1],
          validationAccuracy: values[0], seconds: values[2] ?? 0, rowsPerSecond: 0))
    }
    return records
  }
}
