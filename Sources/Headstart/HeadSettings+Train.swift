import Kernels
import NeuralNetwork
import Pictures

extension HeadSettings {
  /// Refuses settings that contradict each other, before any work is done.
  ///
  /// - Throws: `NeuralNetworkError` or `AugmentationError`, naming the setting.
  public func check(classes: Int, hasValidation: Bool) throws {
    if patience != nil, !hasValidation {
      throw NeuralNetworkError.setting(
        name: "patience", expected: "validation pictures, whose loss it watches", found: "none")
    }
    func require(_ condition: Bool, _ name: String, _ expected: String, _ found: Any) throws {
      guard condition else {
        throw NeuralNetworkError.setting(name: name, expected: expected, found: "\(found)")
      }
    }
    try augmentation.check()
    try require((0...10_000).contains(views), "views", "0 to 10000", views)
    try require(folds >= 2, "folds", "at least 2", folds)
    try require(
      strength.map { $0 > 0 && $0.isFinite } ?? true, "strength", "positive", strength ?? 0)
    for pooling in poolings {
      _ = try HeadTrainer(
        configuration(pooling: pooling, labels: Array(0..<classes), classes: classes),
        classes: classes, pool: ThreadPool(threads: 1))
    }
  }

  /// Trains a head; where the pooling is not given, one for each candidate, and keeps the one of
  /// least cross-validated log loss.
  ///
  /// - Parameters:
  ///   - groups: equal numbers share a fold.
  ///   - progress: folds are counted over all candidates.
  func train(
    on source: StoredFeatures, validation: StoredFeatures?, labels: [Int], groups: [Int],
    classes: Int, pool: ThreadPool, progress: (HeadProgress) throws -> Void
  ) throws -> TrainedHead {
    var best: TrainedHead?
    var solved = 0  // folds of the candidates before
    for (index, pooling) in poolings.enumerated() {
      let trainer = try HeadTrainer(
        configuration(
          pooling: pooling, labels: labels, groups: Array(groups.prefix(labels.count)),
          classes: classes), classes: classes, pool: pool)
      // Those to come have as many folds, unless their grid goes on beyond an edge.
      let later = (poolings.count - index - 1) * trainer.configuration.folds
      var folds = 0
      let trained = try trainer.train(on: source, validation: validation, groups: groups) {
        if case .fold(let done, let total) = $0 {
          folds = total
          try progress(.fold(done: solved + done, total: solved + total + later))
        } else {
          try progress($0)
        }
      }
      solved += folds
      // The first of equals, so that the choice does not hang on rounding in the last one.
      if let known = best?.regression?.leastLogLoss, let loss = trained.regression?.leastLogLoss,
        known <= loss
      {
        continue
      }
      best = trained
    }
    guard let best else { preconditionFailure("there is at least one pooling") }
    return best
  }
}

extension RegressionReport {
  /// The out-of-fold log loss at the strength chosen.
  var leastLogLoss: Double { logLosses.min() ?? .infinity }
}
