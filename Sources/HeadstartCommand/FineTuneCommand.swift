import ArgumentParser
import Foundation
import Headstart
import Kernels
import Pictures

struct FineTuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fine-tune",
    abstract: "Fine-tune stage: trains the last convolutional block on, with augmented pictures.",
    discussion: """
      Augmented views of each picture go through the frozen layers once and are kept, so that an \
      epoch costs the unfrozen layers only. The result replaces the model it began with only if \
      its log loss on the validation pictures is lower; otherwise model.h5 is the latter.

        headstart fine-tune photos --model runs/pets
        headstart fine-tune photos --size 320 --views 3 --epochs 8 --output runs/best
        headstart fine-tune photos --output runs/best --resume
        headstart fine-tune photos --model runs/pets/model.h5 --dry-run
        headstart fine-tune photos --model runs/pets/model.h5 --find-lr

      Without --model a head is trained first, as train does it. Killed at any moment, the same \
      command with --resume ends in the same bits as if it had not been.
      """)

  @Argument(help: "Folder of labelled pictures.", completion: .directory)
  var data: String

  @Option(
    help: ArgumentHelp(
      "Classifier made by train, or the folder of its run; default: one is trained first.",
      valueName: "model"), completion: .file(extensions: ["h5", "keras"]))
  var model: String?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Folder of the results; default: runs/<time>-fine-tune.", valueName: "folder"),
    completion: .directory)
  var output: String?

  @Flag(help: "Go on from the checkpoint in the folder of --output, if there is one.")
  var resume = false

  @Flag(help: "Keep the fine-tuned model even if it is not better on the validation pictures.")
  var force = false

  @Flag(
    name: .customLong("dry-run"), help: "Say what it would take in disk and minutes; do nothing.")
  var dryRun = false

  @Flag(
    name: .customLong("find-lr"),
    help: "Learning-rate range test: prints a suggestion, writes find-lr.csv and find-lr.svg.")
  var findLearningRate = false

  @Flag(help: "Fail at the first picture that cannot be read, instead of skipping and naming it.")
  var strict = false

  @OptionGroup(title: "Fine-tuning options") var fineTuning: FineTuneOptions
  @OptionGroup(title: "Augmentation options") var augmentation: ViewOptions
  @OptionGroup(title: "Cache options") var storage: StorageOptions
  @OptionGroup(title: "Quality") var quality: QualityOptions
  @OptionGroup(title: "Data options") var dataOptions: DataOptions
  @OptionGroup(title: "Feature options") var featureOptions: FeatureOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func validate() throws {
    guard !resume || output != nil else {
      throw ValidationError("--resume needs the --output of the run that is to go on.")
    }
    guard !(dryRun && findLearningRate) else {
      throw ValidationError("--dry-run and --find-lr exclude each other.")
    }
    guard model == nil || featureOptions.weights == nil else {
      throw ValidationError("--model has its own weights: leave --weights out.")
    }
  }

  func run() throws {
    FreedMemory.keep()
    let started = Date()
    let settings = try fineTuning.settings(
      augmentation: try augmentation.augmentation(), seed: common.seed)
    let pool = try common.threadPool()
    let dataSet = try dataOptions.open(
      data, features: featureOptions.features, trains: true, common, pool: pool)
    guard force || dryRun || findLearningRate || !dataSet.validation.isEmpty else {
      throw FineTuneError.noValidation
    }
    let display = FineTuneDisplay(common, epochs: settings.epochs)
    let classifier = try startingModel(dataSet, pool: pool, display: display)
    let stage = FineTuneStage(
      settings: settings, featuresFolder: featureOptions.features, strict: strict,
      storage: storage.value, pool: pool)
    if dryRun {
      let plan = try WrongUsage.refusing {
        try stage.plan(dataSet, classifier: classifier, cancellation: Interruption.cancellation)
      }
      try report(plan)
      return
    }
    let folder = try RunFolder(output, command: "fine-tune", now: started)
    if findLearningRate {
      let result = try WrongUsage.refusing {
        try stage.findLearningRate(
          dataSet, classifier: classifier, finder: LearningRateFinder(),
          cancellation: Interruption.cancellation, event: display.show)
      }
      display.finish()
      try report(result, folder)
      return
    }
    try folder.write(split: dataSet.split)
    let checkpoint = folder.path("checkpoint.h5")
    if !resume, FileManager.default.fileExists(atPath: checkpoint) {
      Console.warning(
        "the checkpoint of an unfinished run in \(folder.folder) is replaced; --resume"
          + " goes on from it")
    }
    let result: FineTuneResult
    do {
      result = try WrongUsage.refusing {
        try stage.run(
          dataSet, classifier: classifier, checkpoint: checkpoint, resumes: resume,
          cancellation: Interruption.cancellation, event: display.show)
      }
    } catch let error as Cancelled {
      display.finish()
      if FileManager.default.fileExists(atPath: checkpoint) {
        let place = output == nil ? " --output \(folder.url.path)" : ""
        Console.note("to go on from the last epoch, add --resume\(place)")
      }
      throw error
    }
    display.finish()
    try quality.gate.apply(
      to: isKept(result) ? result.validationAfter : result.validationBefore, in: folder
    ) { folder in
      try write(result, settings, to: folder, threads: pool.threads, started: started)
    }
    // Everything is there: nothing is left to go on from.
    try folder.remove("checkpoint.h5")
    try Unreadable.report(
      (result.extraction.problems + result.validationExtraction.problems).map {
        ($0.sample.path, $0.reason)
      } + dataSet.problems.unreadable)
  }

  /// The model given, or one whose head is trained now.
  private func startingModel(
    _ dataSet: DataSet, pool: ThreadPool, display: FineTuneDisplay
  ) throws -> Classifier {
    if let model {
      let classifier = try Classifier.load(ModelPlace.single(model), pool: pool)
      try dataOptions.labelOptions.check(classes: classifier.classes)
      let asked = featureOptions.settings
      guard asked == FeatureSettings() || asked == classifier.settings else {
        throw ValidationError(
          "The model says how pictures are prepared; leave --size, --backbone and the like out"
            + " beside --model.")
      }
      return classifier
    }
    var head = HeadSettings()
    head.seed = common.seed
    try head.check(classes: dataSet.classes.count, hasValidation: !dataSet.validation.isEmpty)
    let (backbone, _) = try featureOptions.backbone(pool: pool)
    let stage = HeadStage(
      settings: featureOptions.settings, head: head, featuresFolder: featureOptions.features,
      strict: strict, pool: pool)
    let headDisplay = HeadStageDisplay(common, epochs: head.epochs)
    defer { headDisplay.finish() }
    return try stage.run(
      dataSet, backbone: backbone, cancellation: Interruption.cancellation,
      event: headDisplay.show
    ).classifier
  }

  private func isKept(_ result: FineTuneResult) -> Bool {
    force || result.comparison?.isBetter ?? false
  }

  private func write(
    _ result: FineTuneResult, _ settings: FineTuneSettings, to folder: RunFolder, threads: Int,
    started: Date
  ) throws {
    let isKept = isKept(result)
    if isKept {
      try result.classifier.save(
        to: folder.path("model.h5"), optimizer: result.savedOptimizer,
        labelSmoothing: settings.labelSmoothing)
    } else {
      try result.original.save(to: folder.path("model.h5"))
    }
    let metrics = FineTuneMetrics(result, keepsFineTuned: isKept)
    let history = result.trained.history
    try folder.write(HistoryFile.text(history), to: "history.csv")
    try folder.write(
      TrainingCurves.svg(history, best: result.trained.bestEpoch), to: "curves.svg")
    try folder.write(json: metrics, to: "metrics.json")
    try folder.write(judged: isKept ? result.judgedAfter : result.judgedBefore)
    try folder.write(
      json: try Manifest(
        command: CommandLine.arguments, started: started, fineTuning: settings, dataPath: data,
        result: result, modelPath: folder.path("model.h5"), threads: threads),
      to: "manifest.json")
    if common.json {
      try Console.json(metrics)
    } else {
      let choices =
        result.comparison == nil
        ? [] : settings.validationChoices.filter { $0 != .fineTuning || !force }
      Console.result(
        FineTuneText.summary(result, choices: choices, isKept: isKept, isForced: force, folder))
    }
  }

  private func report(_ plan: FineTunePlan) throws {
    if common.json {
      try Console.json(plan)
    } else {
      Console.result(FineTuneText.text(plan))
    }
  }

  private func report(_ result: LearningRateFinder.Result, _ folder: RunFolder) throws {
    try folder.write(FineTuneText.csv(result), to: "find-lr.csv")
    try folder.write(FineTuneText.chart(result).svg(), to: "find-lr.svg")
    if common.json {
      try Console.json(["learningRate": result.suggestion])
    } else {
      Console.result(FineTuneText.text(result, folder))
    }
  }
}
