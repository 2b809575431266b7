/// What an epoch of training came to.
public struct EpochRecord: Sendable, Codable, Equatable {
  /// 1 for the first.
  public var epoch: Int

  /// The mean loss over the epoch's batches, as they were trained on (with dropout).
  public var loss: Double
  public var accuracy: Double
  public var validationLoss: Double?
  public var validationAccuracy: Double?

  /// Of training, without validation.
  public var seconds: Double
  public var rowsPerSecond: Double

  public init(
    epoch: Int, loss: Double, accuracy: Double, validationLoss: Double? = nil,
    validationAccuracy: Double? = nil, seconds: Double, rowsPerSecond: Double
  ) {
    self.epoch = epoch
    self.loss = loss
    self.accuracy = accuracy
    self.validationLoss = validationLoss
    self.validationAccuracy = validationAccuracy
    self.seconds = seconds
    self.rowsPerSecond = rowsPerSecond
  }
}

/// How far a training is.
public enum HeadProgress: Sendable {
  /// Rows of features read and pooled.
  case reading(done: Int, total: Int)
  /// Rows of an epoch trained on, with the mean loss and accuracy over them.
  case batch(epoch: Int, done: Int, total: Int, loss: Double, accuracy: Double)
  /// An epoch is over.
  case epoch(EpochRecord)
  /// Folds of the newton solver's cross-validation.
  case fold(done: Int, total: Int)
}

extension HeadProgress {
  init(_ progress: TrainingProgress) {
    switch progress {
    case .batch(let epoch, let done, let total, let loss, let accuracy):
      self = .batch(epoch: epoch, done: done, total: total, loss: loss, accuracy: accuracy)
    case .epoch(let record, _): self = .epoch(record)
    }
  }
}

/// A trained head.
public struct TrainedHead: Sendable {
  /// From the source's shape to probabilities: the fixed layers, pooling, the trained layers.
  public var model: Sequential

  /// By epoch; empty for the newton solver.
  public var history: [EpochRecord]

  /// The epoch whose weights the model has; nil for the newton solver.
  public var bestEpoch: Int?

  /// As it was after the last step, or at its first where its state is not that of ``model``'s
  /// weights (a standardisation was folded into them); nil for the newton solver.
  public var optimizer: Optimizer?

  /// The newton solver's report.
  public var regression: RegressionReport?
}
