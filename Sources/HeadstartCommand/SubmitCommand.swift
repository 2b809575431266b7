import ArgumentParser
import Headstart
import KerasFormat
import Pictures

struct SubmitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit",
    abstract: "Writes a Kaggle submission for a folder of unlabelled pictures.",
    discussion: """
      Two classes: the columns id,label, where label is the probability of the positive class. \
      More: id and a column for each class. The id is the file's name without extension; rows \
      stand in natural order.

      Probabilities are clipped, since one confident mistake costs −ln p. The model file tells what \
      log loss each clip level had on pictures that were not trained on: the level is 0.005 unless \
      another is better there beyond doubt, and the log loss to expect is printed. Of models that \
      are averaged with --ensemble, or of other views than a model's own, nothing of the kind is \
      known; the level is 0.005. A run's ensemble.json may say what its recipe's submission holds.

        headstart submit runs/pets/model.h5 photos/test --output submission.csv
        headstart submit runs/pets/model.h5 photos/test --positive cats --clip 0.01 \\
          --output submission.csv
      """)

  @Argument(
    help: "Classifier made by train or fine-tune, an ensemble.json, or the folder of a run.",
    completion: .file(extensions: ["h5", "keras", "json"]))
  var model: String

  @Argument(help: "Folder of pictures; folders in it are searched too.", completion: .directory)
  var folder: String

  @Option(
    name: .shortAndLong, help: ArgumentHelp("CSV file to write.", valueName: "file"),
    completion: .file(extensions: ["csv"]))
  var output: String

  @Option(
    help: ArgumentHelp(
      "Class whose probability is the label, of two; default: the run's own, or the last.",
      valueName: "class"))
  var positive: String?

  @Option(
    help: ArgumentHelp(
      "Keep probabilities within [clip, 1 − clip]; default: 0.005, or the model's own estimate.",
      valueName: "clip"))
  var clip: Double?

  @OptionGroup var prediction: PredictionOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  struct Summary: Encodable {
    var output: String
    var rows: Int
    var columns: [String]
    var unreadable: Int
    var clip: Double
    /// Nil if the model does not tell.
    var expectedLogLoss: Double?
    var expectedLogLossInterval: [Double]?
  }

  func run() throws {
    let session = try PredictionSession(model: model, options: prediction, common: common)
    let own = session.ensemble.submission
    let choice = ClipChoice(
      given: clip, recipe: own.clip, calibration: session.ensemble.calibration)
    let submission = try WrongUsage.refusing {
      try Submission(
        classes: session.ensemble.classes, positive: positive ?? own.positive, clip: choice.clip)
    }
    try AtomicFile.check(output)
    let outcomes = try session.predict(folder: folder, check: submission.checkIdentifiers)
    let predictions = outcomes.compactMap { outcome -> Prediction? in
      if case .predicted(let prediction) = outcome { prediction } else { nil }
    }
    // A file of an earlier submission is worth more than an empty one.
    guard !predictions.isEmpty else {
      Console.note("\(output): not written, since no picture of \(folder) could be read")
      return try session.finish(outcomes)
    }
    try submission.write(predictions, to: output)
    let expected = session.ensemble.calibration?.clipping.expectedLogLoss(
      clip: choice.clip, pictures: predictions.count)
    let summary = Summary(
      output: output, rows: predictions.count, columns: submission.columns,
      unreadable: outcomes.count - predictions.count, clip: choice.clip,
      expectedLogLoss: expected?.mean,
      expectedLogLossInterval: expected.map { [$0.interval.lowerBound, $0.interval.upperBound] })
    if common.json {
      try Console.json(summary)
    } else {
      common.note("\(output): \(summary.rows) rows, \(submission.meaning)")
      common.note("clipped at \(choice.clip): \(choice.reason)")
      if let expected, let calibration = session.ensemble.calibration {
        common.note(
          String(
            format: "expected log loss %.4f (95 %%: %.4f–%.4f)", expected.mean,
            expected.interval.lowerBound, expected.interval.upperBound)
            + ", judging by \(calibration.basis)")
      }
    }
    try session.finish(outcomes)
  }
}

/// The level to clip at, and why.
private struct ClipChoice {
  let clip: Double
  let reason: String

  init(given: Double?, recipe: Double?, calibration: Calibration?) {
    if let given {
      (clip, reason) = (given, "as asked for")
    } else if let recipe {
      (clip, reason) = (recipe, "as the run's recipe has it")
    } else if let calibration, calibration.clipping.best != ClipTable.standardClip {
      clip = calibration.clipping.best
      reason =
        "better than \(ClipTable.standardClip) on \(calibration.basis)"
    } else {
      clip = ClipTable.standardClip
      reason =
        calibration.map {
          "no level is better beyond doubt on \($0.basis)"
        } ?? "the default; the model does not tell what level is best"
    }
  }
}
