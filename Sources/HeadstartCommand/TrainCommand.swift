import ArgumentParser
import Foundation
import Headstart
import Kernels
import NeuralNetwork
import Pictures

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Head stage: trains a classifier on the frozen backbone's features.",
    discussion: """
      Features that are not in the cache are extracted first. The run's folder receives model.h5 \
      (which Keras opens too), history.csv, curves.svg, metrics.json and manifest.json; of the validation \
      pictures, confusion.svg, misclassified.png and predictions.csv.

      DATA holds train/ and, if you like, validation/ (or valid/, val/), each with a folder per \
      class; or class folders directly, which are then split.

        headstart train photos --output runs/pets
        headstart train photos --size 320
        headstart train photos --views 4 --rotation-range 15
        headstart train photos --labels-from name --backbone vgg19
        headstart train photos --pooling flatten --hidden 256 --dropout .5 \\
          --solver rmsprop --epochs 50 --size 150 --preprocessing rescale \\
          --interpolation nearest

      The last is the network of Keras' blog, "Building powerful image classification models \
      using very little data"; the first is more accurate, and trains in a second.
      """)

  @Argument(help: "Folder of labelled pictures.", completion: .directory)
  var data: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Folder of the results; default: runs/<time>-train.", valueName: "folder"),
    completion: .directory)
  var output: String?

  @Flag(help: "Fail at the first picture that cannot be read, instead of skipping and naming it.")
  var strict = false

  @OptionGroup(title: "Data options") var dataOptions: DataOptions
  @OptionGroup(title: "Feature options") var featureOptions: FeatureOptions
  @OptionGroup(title: "Head options") var headOptions: HeadOptions
  @OptionGroup(title: "Augmentation options") var augmentation: ViewOptions
  @OptionGroup(title: "Quality") var quality: QualityOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func validate() throws { try augmentation.check(views: headOptions.views) }

  func run() throws {
    let started = Date()
    let pool = try common.threadPool()
    let dataSet = try dataOptions.open(
      data, features: featureOptions.features, trains: true, common, pool: pool)
    let settings = headOptions.settings(
      seed: common.seed, augmentation: try augmentation.augmentation())
    try WrongUsage.refusing {
      try settings.check(
        classes: dataSet.classes.count, hasValidation: !dataSet.validation.isEmpty)
    }
    guard quality.gate.asksNothing || !dataSet.validation.isEmpty || settings.solver == .newton
    else {
      throw ValidationError(
        "--assert-… needs validation pictures, or the out-of-fold predictions of --solver newton.")
    }
    let (backbone, weightsFile) = try featureOptions.backbone(pool: pool)
    // Before hours of work, not after them: can the results be written?
    let folder = try RunFolder(output, command: "train", now: started)
    if FileManager.default.fileExists(atPath: folder.path("model.h5")) {
      Console.warning("the results in \(folder.folder) will be replaced")
    }

    let stage = HeadStage(
      settings: featureOptions.settings, head: settings, featuresFolder: featureOptions.features,
      strict: strict, pool: pool)
    let display = HeadStageDisplay(common, epochs: settings.epochs)
    let result = try stage.run(
      dataSet, backbone: backbone, cancellation: Interruption.cancellation, event: display.show)
    display.finish()

    try quality.gate.apply(
      to: result.validation ?? result.outOfFold,
      predictions: result.validation == nil ? "out-of-fold" : "validation", in: folder
    ) { folder in
      try write(
        result, of: dataSet, head: settings, weightsFile: weightsFile, started: started,
        threads: pool.threads, to: folder)
    }
    try Unreadable.report(
      result.extraction.problems.map { ($0.sample.path, $0.reason) } + dataSet.problems.unreadable)
  }

  private func write(
    _ result: HeadStageResult, of dataSet: DataSet, head: HeadSettings, weightsFile: String?,
    started: Date, threads: Int, to folder: RunFolder
  ) throws {
    // The model first: it is what the time was spent on.
    try result.classifier.save(
      to: folder.path("model.h5"), optimizer: result.savedOptimizer,
      labelSmoothing: head.labelSmoothing)
    let metrics = TrainingMetrics(result)
    try folder.write(HistoryFile.text(result.trained), to: "history.csv")
    try folder.write(TrainingCurves.svg(result.trained), to: "curves.svg")
    try folder.write(json: metrics, to: "metrics.json")
    try folder.write(judged: result.judgedValidation)
    try folder.write(split: dataSet.split)
    let manifest = try Manifest(
      command: CommandLine.arguments, started: started, head: head, dataPath: data,
      weightsFile: weightsFile, result: result, modelPath: folder.path("model.h5"),
      threads: threads)
    try folder.write(json: manifest, to: "manifest.json")

    if common.json {
      try Console.json(metrics)
    } else {
      Console.result(summary(result, head, folder))
    }
  }

  private func summary(
    _ result: HeadStageResult, _ head: HeadSettings, _ folder: RunFolder
  ) -> String {
    var rows = [["training", "\(result.train.count) pictures", result.train.line]]
    if let report = result.outOfFold {
      rows.append(["out of fold", "\(report.count) pictures", report.line])
    }
    if let report = result.validation {
      rows.append(["validation", "\(report.count) pictures", report.line])
    }
    let choices = result.validation == nil ? [] : head.validationChoices
    let remark = ValidationChoice.remark(on: choices).map { "\n\($0)" } ?? ""
    let calibration = result.classifier.calibration.map { "\n\n\($0.text)" } ?? ""
    return Console.table(rows) + remark + calibration + "\n\nmodel: \(folder.path("model.h5"))"
  }
}

/// Shows the head stage's events as progress bars.
struct HeadStageDisplay {
  private let extraction: ProgressBar
  private let comparing: ProgressBar
  private let head: ProgressBar
  private let folds: ProgressBar
  private let common: CommonOptions
  private let epochs: Int

  init(_ common: CommonOptions, epochs: Int) {
    self.common = common
    self.epochs = epochs
    extraction = ProgressBar("Features", unit: "pictures", quiet: common.quiet)
    comparing = ProgressBar("Near copies", unit: "pictures", quiet: common.quiet)
    head = ProgressBar("Head", unit: "epochs", quiet: common.quiet)
    folds = ProgressBar("Head", unit: "folds", quiet: common.quiet)
  }

  func show(_ event: HeadStage.Event) {
    switch event {
    case .extraction(let progress):
      extraction.update(progress)
      if progress.done == progress.total { extraction.finish() }
    case .comparing(let done, let total):
      comparing.update(done: done, total: total)
      if done == total { comparing.finish() }
    case .remark(let text): common.note("note: \(text)")
    case .head(.fold(let done, let total)):
      folds.update(done: done, total: total)
    case .head(.epoch(let record)):
      var detail = String(format: "loss %.4f, accuracy %.4f", record.loss, record.accuracy)
      if let loss = record.validationLoss, let accuracy = record.validationAccuracy {
        detail += String(format: ", val_loss %.4f, val_accuracy %.4f", loss, accuracy)
      }
      head.update(done: record.epoch, total: epochs, detail: detail)
    case .head(.reading), .head(.batch):
      break
    }
  }

  func finish() {
    extraction.finish()
    comparing.finish()
    head.finish()
    folds.finish()
  }
}
