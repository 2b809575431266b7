import Foundation
import Headstart

/// Shows the fine-tune stage's events as progress bars.
final class FineTuneDisplay {
  private let common: CommonOptions
  private let epochs: Int
  private let views: ProgressBar
  private let reading: ProgressBar
  private let folds: ProgressBar
  private let search: ProgressBar
  private var epoch: ProgressBar?

  init(_ common: CommonOptions, epochs: Int) {
    self.common = common
    self.epochs = epochs
    views = ProgressBar("Views", unit: "views", quiet: common.quiet)
    reading = ProgressBar("Head", unit: "views read", quiet: common.quiet)
    folds = ProgressBar("Head", unit: "folds", quiet: common.quiet)
    search = ProgressBar("Learning rate", unit: "steps", quiet: common.quiet)
  }

  func show(_ event: FineTuneStage.Event) {
    switch event {
    case .extraction(let progress):
      views.update(progress)
      if progress.done == progress.total { views.finish() }
    case .head(.reading(let done, let total)):
      reading.update(done: done, total: total)
      if done == total { reading.finish() }
    case .head(.fold(let done, let total)):
      folds.update(done: done, total: total)
      if done == total { folds.finish() }
    case .head:
      break
    case .start(let loss, let accuracy):
      common.note(
        String(format: "before: val_loss %.4f, val_accuracy %.4f", loss, accuracy))
    case .training(.batch(let number, let done, let total, let loss, let accuracy)):
      let bar =
        epoch
        ?? ProgressBar("Epoch \(number)/\(epochs)", unit: "pictures", quiet: common.quiet)
      epoch = bar
      bar.update(
        done: done, total: total,
        detail: String(format: "loss %.4f, accuracy %.4f", loss, accuracy))
    case .training(.epoch(let record, _)):
      epoch?.finish()
      epoch = nil
      if let loss = record.validationLoss, let accuracy = record.validationAccuracy {
        common.note(
          String(
            format: "Epoch %d/%d: val_loss %.4f, val_accuracy %.4f", record.epoch, epochs, loss,
            accuracy))
      }
    case .search(let done, let total):
      search.update(done: done, total: total)
    }
  }

  func finish() {
    for bar in [views, reading, folds, search] { bar.finish() }
    epoch?.finish()
  }
}
