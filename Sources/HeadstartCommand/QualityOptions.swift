import ArgumentParser
import Headstart

/// What a classifier must reach; below it, the command fails.
struct QualityOptions: ParsableArguments {
  @Option(
    name: .customLong("assert-accuracy-at-least"),
    help: ArgumentHelp("Fail, with exit code 1, if the accuracy is lower.", valueName: "share"))
  var accuracy: Double?

  @Option(
    name: .customLong("assert-log-loss-at-most"),
    help: ArgumentHelp("Fail, with exit code 1, if the log loss is higher.", valueName: "loss"))
  var logLoss: Double?

  func validate() throws {
    if let accuracy, !(accuracy > 0 && accuracy <= 1) {
      throw ValidationError(
        "--assert-accuracy-at-least takes a share above 0 and at most 1, not \(accuracy).")
    }
    if let logLoss, !(logLoss > 0 && logLoss < .infinity) {
      throw ValidationError("--assert-log-loss-at-most takes a positive number, not \(logLoss).")
    }
  }

  var gate: QualityGate { QualityGate(minimumAccuracy: accuracy, maximumLogLoss: logLoss) }
}

extension QualityGate {
  /// Writes the results; where they are not good enough, into the folder `rejected` in the run's,
  /// so that hours of work are not lost and nobody takes the model for an accepted one.
  ///
  /// - Throws: `QualityGateFailure` after that, and what `write` throws.
  func apply(
    to report: EvaluationReport?, predictions: String = "validation", in folder: RunFolder,
    write: (RunFolder) throws -> Void
  ) throws {
    do {
      if let report { try check(report, of: predictions) }
    } catch let failure as QualityGateFailure {
      let rejected = try RunFolder(folder.path("rejected"), command: "rejected")
      try write(rejected)
      Console.note("what was trained is in \(rejected.folder)")
      throw failure
    }
    try write(folder)
  }
}

extension RunFolder {
  /// What shows the predictions of the validation pictures; nothing, not even what an earlier run
  /// left, if there are none.
  func write(judged: JudgedPredictions?) throws {
    if let judged {
      try judged.write(to: self)
    } else {
      try JudgedPredictions.remove(from: self)
    }
  }
}
