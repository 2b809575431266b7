import ArgumentParser
import Foundation
import Headstart
import KerasFormat
import Kernels
import Pictures

struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Class and probability of each picture.",
    discussion: """
      Pictures and folders of pictures, in any mixture; a folder's pictures in natural order.

        headstart predict runs/pets cat.jpg
        headstart predict runs/pets/model.h5 holiday --format csv > holiday.csv
        headstart predict runs/pets/model.h5 holiday --format json | jq '.[].class'

      Pictures found in folders go through the feature cache, so that asking again is free; those \
      named one by one do not. Behind --ensemble models and pictures may stand in any order: what \
      is there and no model is a picture. A picture that cannot be read is named; the exit code \
      is then 3.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case table, csv, json }

  @Argument(
    help: "Classifier made by train or fine-tune, an ensemble.json, or the folder of a run.",
    completion: .file(extensions: ["h5", "keras", "json"]))
  var model: String

  @Argument(help: "Pictures and folders.", completion: .file())
  var pictures: [String]

  @Option(help: "table, csv or json.")
  var format: Format?

  @Option(
    help: ArgumentHelp(
      "PNG file to write: the first 24 pictures, class and probability under each.",
      valueName: "file"), completion: .file(extensions: ["png"]))
  var grid: String?

  @OptionGroup var prediction: PredictionOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func validate() throws {
    if common.json, let format, format != .json {
      throw ValidationError("--json and --format \(format.rawValue) exclude each other.")
    }
  }

  func run() throws {
    let session = try PredictionSession(model: model, options: prediction, common: common)
    if let grid { try AtomicFile.check(grid) }
    var outcomes: [Predictor.Outcome] = []
    var files: [String] = []
    for input in pictures {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: input, isDirectory: &isFolder),
        isFolder.boolValue
      else {
        files.append(input)
        continue
      }
      outcomes += try session.predict(files, cached: false)
      files = []
      outcomes += try session.predict(folder: input)
    }
    outcomes += try session.predict(files, cached: false)
    let classes = session.ensemble.classes
    switch format ?? (common.json ? .json : .table) {
    case .table: Console.result(table(outcomes, classes))
    case .csv: Console.exact(csv(outcomes, classes))
    case .json: try Console.json(outcomes.map { JSONRow($0, classes: classes) })
    }
    if let grid { try write(outcomes, classes, to: grid) }
    try session.finish(outcomes)
  }

  private func write(
    _ outcomes: [Predictor.Outcome], _ classes: [String], to path: String
  ) throws {
    let predictions = outcomes.compactMap { outcome -> Prediction? in
      if case .predicted(let prediction) = outcome { prediction } else { nil }
    }
    // Of pictures none of which can be read there is nothing to show; they are named below.
    guard !predictions.isEmpty else { return }
    let data = try PictureGrid.samples(predictions, classes: classes)
    try AtomicFile.write(data, to: path)
  }

  private func table(_ outcomes: [Predictor.Outcome], _ classes: [String]) -> String {
    Console.table(
      outcomes.map { outcome in
        switch outcome {
        case .predicted(let prediction):
          [
            prediction.path, classes[prediction.best],
            String(format: "%.1f %%", 100 * prediction.probabilities[prediction.best]),
          ]
        case .unreadable(let path, _): [path, "unreadable", "–"]
        }
      })
  }

  private func csv(_ outcomes: [Predictor.Outcome], _ classes: [String]) -> String {
    var text = CSVFile.line(["path", "class", "probability"] + classes)
    for case .predicted(let prediction) in outcomes {
      text += CSVFile.line(
        [
          prediction.path, classes[prediction.best],
          String(format: "%.6f", prediction.probabilities[prediction.best]),
        ] + prediction.probabilities.map { String(format: "%.6f", $0) })
    }
    return String(text.dropLast())
  }

  /// The contract's object: the prediction, or what was wrong with the picture.
  struct JSONRow: Encodable {
    var path: String
    var `class`: String?
    var probability: Double?
    var probabilities: [String: Double]?
    var error: String?

    init(_ outcome: Predictor.Outcome, classes: [String]) {
      switch outcome {
      case .predicted(let prediction):
        path = prediction.path
        `class` = classes[prediction.best]
        probability = prediction.probabilities[prediction.best]
        probabilities = Dictionary(
          uniqueKeysWithValues: zip(classes, prediction.probabilities))
      case .unreadable(let path, let reason):
        self.path = path
        error = reason
      }
    }
  }
}
