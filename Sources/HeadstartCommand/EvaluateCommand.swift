import ArgumentParser
import Foundation
import Headstart
import KerasFormat
import Pictures

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "How good a classifier is on labelled pictures.",
    discussion: """
      Accuracy with its 95 % interval, log loss, ROC AUC, precision, recall and F1 of each class, \
      and the confusion matrix. DATA is read as train reads it; its validation pictures are \
      judged if it has any set apart in a folder, otherwise all its pictures. Pictures that the \
      classifier was trained on are counted and reported: they flatter it.

        headstart evaluate runs/pets/model.h5 photos
        headstart evaluate runs/pets/model.h5 photos --split train
        headstart evaluate runs/pets/model.h5 photos --json | jq .logLoss
        headstart evaluate runs/pets/model.h5 photos --output judged
        headstart evaluate runs/a photos --ensemble runs/b runs/c
        headstart evaluate runs/a photos --ensemble runs/b --fit-weights runs/ab.json
      """)

  @Argument(
    help: "Classifier made by train or fine-tune, an ensemble.json, or the folder of a run.",
    completion: .file(extensions: ["h5", "keras", "json"]))
  var model: String

  @Argument(help: "Folder of labelled pictures.", completion: .directory)
  var data: String

  @Option(
    help: "Pictures to judge: validation, train, test (where it has class folders), all.")
  var split: Split?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Folder for confusion.svg, misclassified.png, predictions.csv and metrics.json.",
      valueName: "folder"), completion: .directory)
  var output: String?

  @Option(
    name: .customLong("fit-weights"),
    help: ArgumentHelp(
      "Weigh the models of the mean by these pictures, and write it as an ensemble.json.",
      discussion: """
        The weights are those of least log loss. None of the models may have been trained on the \
        pictures, and all of them must lie in FILE's folder or below.
        """, valueName: "file"), completion: .file(extensions: ["json"]))
  var fitWeights: String?

  @OptionGroup(title: "Data options") var labelOptions: LabelOptions
  @OptionGroup var prediction: PredictionOptions
  @OptionGroup(title: "Quality") var quality: QualityOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  enum Split: String, ExpressibleByArgument, CaseIterable { case validation, train, test, all }

  func run() throws {
    let session = try PredictionSession(model: model, options: prediction, common: common)
    if let fitWeights {
      guard session.ensemble.members.count > 1 else {
        throw ValidationError("--fit-weights needs further models to weigh: --ensemble MODEL…")
      }
      // Before any work is done.
      _ = try EnsembleFile(session.ensemble, at: fitWeights)
      try AtomicFile.check(fitWeights)
    }
    let samples = try pictures(for: session)
    let folder = try output.map { try RunFolder($0, command: "evaluate") }
    let outcomes =
      try fitWeights.map { try fit(session, samples, to: $0) }
      ?? session.predict(samples.map(\.path), cached: true)
    guard outcomes.contains(where: { if case .predicted = $0 { true } else { false } }) else {
      try session.finish(outcomes)
      return
    }
    let evaluation = try Evaluation(
      outcomes: outcomes, labels: samples.map(\.label), ensemble: session.ensemble)
    if evaluation.trainedOn > 0 {
      Console.warning(
        """
        \(evaluation.trainedOn) of these \(evaluation.report.count) pictures are among \
        those that the classifier was trained on; the figures flatter it
        """)
    }
    if let folder {
      try JudgedPredictions(
        outcomes, labels: samples.map(\.label), classes: session.ensemble.classes
      ).write(to: folder)
      try folder.write(json: evaluation.report, to: "metrics.json")
    }
    if common.json {
      try Console.json(evaluation.report)
    } else {
      Console.result(evaluation.report.text)
    }
    try quality.gate.check(evaluation.report, of: split?.rawValue ?? "measured")
    try session.finish(outcomes)
  }

  /// What the fitted mean says of the pictures it was fitted to.
  private func fit(
    _ session: PredictionSession, _ samples: [(path: String, label: Int)], to file: String
  ) throws -> [Predictor.Outcome] {
    let outcomes = try session.predictMembers(samples.map(\.path))
    let fitted = try session.ensemble.fitted(to: outcomes, labels: samples.map(\.label))
    try EnsembleFile(fitted, at: file).write(to: file)
    for member in fitted.members {
      common.note(String(format: "%.3f  ", member.weight) + member.name)
    }
    common.note(
      "\(file): the mean of these weights, fitted to these pictures, which flatters their log loss")
    return EnsemblePredictor.mean(outcomes, weights: fitted.members.map(\.weight))
  }

  /// The labelled pictures of the split, in the classifier's order of classes.
  private func pictures(for session: PredictionSession) throws -> [(path: String, label: Int)] {
    let dataSet = try labelOptions.open(
      data, classes: session.ensemble.classes, common, pool: session.pool)
    let samples =
      switch split ?? (dataSet.validation.isEmpty ? .all : .validation) {
      case .validation: dataSet.validation
      case .train: dataSet.train
      case .test: dataSet.test
      case .all: dataSet.train + dataSet.validation + dataSet.test
      }
    let labelled = samples.compactMap { sample in
      sample.label.map { (path: sample.path, label: $0) }
    }
    guard !labelled.isEmpty else {
      throw StageError.noPictures(
        path: data,
        found: "no labelled one"
          + (split.map { " of the split \($0.rawValue)" } ?? ""))
    }
    return labelled
  }
}
