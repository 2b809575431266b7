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
