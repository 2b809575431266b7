import ArgumentParser
import Headstart
import Pictures

struct SubmitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit",
    abstract: "Writes a Kaggle submission for a folder of unlabelled pictures.",
    discussion: """
      Two classes: the columns id,label, where label is the probability of the positive class.
      More: id and a column for each class. The id is the file's name without extension; rows
      stand in natural order.

        headstart submit runs/pets/model.h5 photos/test --output submission.csv
        headstart submit runs/pets/model.h5 photos/test --positive cats --clip 0.01 \\
          --output submission.csv
      """)

  @Argument(help: "Classifier made by train or fine-tune.", completion: .file(extensions: ["h5"]))
  var model: String

  @Argument(help: "Folder of pictures; folders in it are searched too.", completion: .directory)
  var folder: String

  @Option(
    name: .shortAndLong, help: ArgumentHelp("CSV file to write.", valueName: "file"),
    completion: .file(extensions: ["csv"]))
  var output: String

  @Option(
    help: ArgumentHelp(
      "Class whose probability is the label, of two; default: the last.", valueName: "class"))
  var positive: String?

  @Option(help: ArgumentHelp("Keep probabilities within [clip, 1 − clip].", valueName: "clip"))
  var clip = 0.005

  @OptionGroup var prediction: PredictionOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  struct Summary: Encodable {
    var output: String
    var rows: Int
    var columns: [String]
    var unreadable: Int
  }

  func run() throws {
    let session = try PredictionSession(model: model, options: prediction, common: common)
    let submission = try Submission(
      classes: session.classifier.classes, positive: positive, clip: clip)
    let outcomes = try session.predict(folder: folder)
    let predictions = outcomes.compactMap { outcome -> Prediction? in
      if case .predicted(let prediction) = outcome { prediction } else { nil }
    }
    try submission.write(predictions, to: output)
    let summary = Summary(
      output: output, rows: predictions.count, columns: submission.columns,
      unreadable: outcomes.count - predictions.count)
    if common.json {
      try Console.json(summary)
    } else {
      common.note(
        "\(output): \(summary.rows) rows, \(submission.meaning), clipped at \(clip)")
    }
    try session.finish(outcomes)
  }
}
