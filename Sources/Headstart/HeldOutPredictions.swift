import Foundation
import Kernels
import NeuralNetwork

/// What a head says of pictures that it has not seen, to calibrate it by.
struct HeldOutPredictions {
  let source: Calibration.Source
  /// Of every class, a row for each label.
  let logits: [[Double]]
  let labels: [Int]
  /// Rows that belong together share one.
  let folds: [Int]

  /// The out-of-fold predictions of `newton`, or the validation predictions of another solver; nil
  /// if there are none.
  init?(
    _ trained: TrainedHead, train: LabelledRows,
    validation: (features: StoredFeatures, rows: LabelledRows)?, classifier: Classifier,
    pool: ThreadPool
  ) throws {
    if let regression = trained.regression {
      let logits = train.labels.indices.map { row in
        // Two classes have one column, P(second). Off 0 and 1 by what `Float` can tell from them.
        let values = regression.outOfFold[row: row].map { max(Double($0), 0x1p-24) }
        return values.count == 1
          ? [0, log(values[0]) - log(max(1 - values[0], 0x1p-24))] : values.map { log($0) }
      }
      // Of several views, the plain one's rows come first.
      self.init(
        source: .outOfFold, logits: logits, labels: train.labels,
        folds: Array(regression.folds.prefix(logits.count)))
    } else if let validation {
      self.init(
        validation: validation.rows,
        logits: try validation.features.inParts { features, count in
          try classifier.logits(features: features, count: count, pool: pool)
        })
    } else {
      return nil
    }
  }

  /// Predictions of validation pictures.
  init(validation rows: LabelledRows, logits: [[Double]]) {
    self.init(
      source: .validation, logits: logits, labels: rows.labels, folds: rows.groups.map { $0 % 10 })
  }

  private init(source: Calibration.Source, logits: [[Double]], labels: [Int], folds: [Int]) {
    self.source = source
    self.logits = logits
    self.labels = labels
    self.folds = folds
  }

  func calibration(mayTemper: Bool) -> Calibration {
    Calibration(
      logits: logits, labels: labels, folds: folds, source: source, mayTemper: mayTemper)
  }

  /// The report on out-of-fold predictions, at the temperature that the model has.
  func outOfFold(_ calibration: Calibration?, classes: [String]) throws -> EvaluationReport? {
    guard source == .outOfFold else { return nil }
    return try EvaluationReport(
      probabilities: Calibration.probabilities(
        logits, temperature: calibration?.temperature ?? 1),
      labels: labels, classes: classes)
  }
}

extension StoredFeatures {
  /// Puts all rows, a bounded number at a time, through a function of features and their count.
  func inParts(
    _ body: (_ features: [Float], _ count: Int) throws -> [[Double]]
  ) throws -> [[Double]] {
    var rows: [[Double]] = []
    for start in stride(from: 0, to: count, by: 256) {
      let part = Array(start..<min(start + 256, count))
      rows += try body(try read(part), part.count)
    }
    return rows
  }
}
