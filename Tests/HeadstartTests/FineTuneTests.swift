import Foundation
import Headstart
import KerasFormat
import Kernels
import NeuralNetwork
import Pictures
import Testing

/// Fine-tuning on drawn pictures, with seeded VGG16 weights at 32 × 32 up to block 3.
@Suite struct FineTuneTests {
  private let scratch: Scratch
  private let data: DataSet

  init() throws {
    scratch = try Scratch()
    try DemoPictures(seed: 1, training: 24, validation: 8, test: 4)
      .write(to: scratch.file("pictures"), pool: ThreadPool(threads: 2))
    data = try DataSet.open(scratch.file("pictures"))
  }

  private func classifier(threads: Int = 2) throws -> Classifier {
    let settings = FeatureSettings(layer: "block3_pool", height: 32, width: 32)
    let pool = ThreadPool(threads: threads)
    let backbone = try VGGBackbone(
      convolutions: SeededVGG.weights(.vgg16).convolutions, dense: [], settings: settings,
      source: "seeded", pool: pool)
    var head = HeadSettings()
    head.folds = 4
    return try HeadStage(
      settings: settings, head: head, featuresFolder: scratch.file("features"), pool: pool
    ).run(data, backbone: backbone).classifier
  }

  private var settings: FineTuneSettings {
    var settings = FineTuneSettings()
    settings.unfreeze = "block3"
    settings.views = 2
    settings.epochs = 4
    settings.batchSize = 5
    settings.learningRate = 1e-3
    return settings
  }

  private func run(
    _ settings: FineTuneSettings, threads: Int = 2, checkpoint: String = "checkpoint.h5",
    resumes: Bool = false, data: DataSet? = nil, killAfter epoch: Int? = nil
  ) throws -> FineTuneResult {
    let cancellation = Cancellation()
    return try FineTuneStage(
      settings: settings, featuresFolder: scratch.file("features"),
      pool: ThreadPool(threads: threads)
    ).run(
      data ?? self.data, classifier: try classifier(threads: threads),
      checkpoint: scratch.file(checkpoint), resumes: resumes, cancellation: cancellation
    ) { event in
      if case .training(.epoch(let record, _)) = event, record.epoch == epoch {
        cancellation.cancel()
      }
    }
  }

  /// The weights above the cut, and the head's.
  private func weights(_ classifier: Classifier) throws -> [[Float]] {
    let backbone = try #require(classifier.backbone as? VGGBackbone)
    return backbone.convolutions.flatMap { [$0.kernel, $0.bias] }
      + classifier.head.layers.flatMap(\.parameters).map(\.value.values)
  }

  @Test func onlyWhatIsUnfrozenChanges() throws {
    let result = try run(settings)
    let before = try #require(result.original.backbone as? VGGBackbone)
    let after = try #require(result.classifier.backbone as? VGGBackbone)
    for (old, new) in zip(before.convolutions, after.convolutions) {
      #expect((old.kernel != new.kernel) == old.name.hasPrefix("block3"), "\(old.name)")
      #expect((old.bias != new.bias) == old.name.hasPrefix("block3"), "\(old.name)")
    }
    #expect(result.trained.history.count == 4)
    #expect(result.trained.history[3].loss < result.trained.history[0].loss)
    #expect(result.extraction.counts.total == 48)
    let comparison = try #require(result.comparison)
    #expect(comparison.count == 8)
    let report = try #require(result.validationAfter)
    // The report's probabilities went through `Float`.
    #expect(abs(comparison.logLossAfter - report.logLoss) < 1e-6)
  }

  @Test(arguments: [FineTuneSettings.Optimizer.sgd, .adamw])
  func sameBitsForAnyNumberOfThreadsAndAfterBeingKilled(
    _ optimizer: FineTuneSettings.Optimizer
  ) throws {
    var settings = settings
    settings.optimizer = optimizer
    settings.nesterov = optimizer == .sgd
    settings.freshViews = 2
    let whole = try weights(run(settings, threads: 1, checkpoint: "whole.h5").classifier)
    #expect(throws: Cancelled.self) { try run(settings, killAfter: 3) }
    let resumed = try run(settings, threads: 3, resumes: true)
    #expect(resumed.trained.history.count == 4)
    #expect(try weights(resumed.classifier) == whole)
  }

  @Test func checkpointOfAnotherRunIsRefused() throws {
    #expect(throws: Cancelled.self) { try run(settings, killAfter: 1) }
    var other = settings
    other.learningRate = 2e-3
    #expect {
      try run(other, resumes: true)
    } throws: {
      if case .otherRun(_, "settings", _, _) = $0 as? CheckpointError { true } else { false }
    }
    // A constant rate does not depend on the number of epochs: there may be more of them.
    other = settings
    other.epochs = 5
    #expect(try run(other, resumes: true).trained.history.count == 5)
  }

  @Test func damagedCheckpointIsRefused() throws {
    #expect(throws: Cancelled.self) { try run(settings, killAfter: 1) }
    let path = scratch.file("checkpoint.h5")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: path))
    #expect(throws: KerasFormatError.self) { try run(settings, resumes: true) }
    let file = try HDF5File(creating: path)
    try file.root.set("state", "{}")
    try file.close()
    #expect {
      try run(settings, resumes: true)
    } throws: {
      if case .damaged = $0 as? CheckpointError { true } else { false }
    }
  }

  @Test(arguments: [("block3_conv2", "block3_conv1"), ("block2", "block1_pool"), ("all", "input")])
  func networkIsCutBelowWhatTrains(_ part: String, _ cut: String) throws {
    var settings = settings
    settings.unfreeze = part
    settings.epochs = 1
    let stage = FineTuneStage(
      settings: settings, featuresFolder: scratch.file("features"), pool: ThreadPool(threads: 2))
    let plan = try stage.plan(data, classifier: try classifier())
    #expect(plan.cut == cut)
    let result = try run(settings)
    let (before, after) = (try weights(result.original), try weights(result.classifier))
    #expect(zip(before, after).count { $0 != $1 } == 2 * plan.trained.count)
  }

  @Test func unknownPartIsNamedWithTheKnownOnes() throws {
    var settings = settings
    settings.unfreeze = "block7"
    let error = try #require(throws: FineTuneError.self) { try run(settings) }
    #expect(error.description.contains("block3_conv1") && error.description.contains("block7"))
  }

  @Test func fineTunedModelComesBackFromItsFile() throws {
    let result = try run(settings)
    let path = scratch.file("model.h5")
    try result.classifier.save(to: path, optimizer: result.savedOptimizer)
    let pool = ThreadPool(threads: 2)
    let loaded = try Classifier.load(path, pool: pool)
    #expect(loaded.backbone.key == result.classifier.backbone.key)
    #expect(loaded.backbone.key != result.original.backbone.key)
    let backbone = try #require(loaded.backbone as? VGGBackbone)
    #expect(backbone.trainableFrom == 4)
    let optimizer = try #require(try KerasModel(path: path).optimizer())
    #expect(optimizer.rule == .sgd(momentum: 0.9) && optimizer.learningRate == 1e-3)
    // What it says stays when it is written again, as when fine-tuning it further does not help.
    try loaded.save(to: scratch.file("again.h5"))
    let again = try KerasModel(path: scratch.file("again.h5"))
    #expect(again.trainingConfiguration == loaded.trainingConfiguration)
    #expect(try again.optimizer() == optimizer.fresh)
    // What prediction computes from the pictures is what the stage judged from cached features.
    let outcomes = try Predictor(loaded, featuresFolder: nil, pool: pool)
      .predict(data.validation.map(\.path))
    let labels = try data.validation.map { try #require($0.label) }
    let report = try Evaluation(outcomes: outcomes, labels: labels, classifier: loaded).report
    let judged = try #require(result.validationAfter)
    #expect(abs(report.logLoss - judged.logLoss) < 1e-4)
    #expect(report.confusion == judged.confusion)
  }

  /// Keras' optimizers have no rates by layer, and no decay of kernels alone.
  @Test func fileNotesTheOptimizerAsKerasHasIt() throws {
    var settings = settings
    settings.epochs = 1
    settings.optimizer = .adamw
    settings.weightDecay = 0.1
    settings.rateFactors = ["block3": 0.1, "head": 10]
    settings.calibrates = false
    let result = try run(settings)
    let saved = result.savedOptimizer
    #expect(saved.learningRate == 1e-3 * 0.1 && saved.weightDecay == WeightDecay(0))
    #expect(saved.rateMultipliers.isEmpty)
    // Twenty-four pictures in batches of five.
    #expect(saved.iterations == 5 && saved.slots == result.trained.optimizer.slots)
    let path = scratch.file("model.keras")
    try result.classifier.save(to: path, optimizer: saved)
    #expect(try KerasModel(path: path).optimizer() == saved)
  }

  @Test func learningRateRisesUntilTheLossDoes() throws {
    var finder = LearningRateFinder()
    finder.from = 1e-5
    finder.to = 1e4
    finder.steps = 60
    let stage = FineTuneStage(
      settings: settings, featuresFolder: scratch.file("features"), pool: ThreadPool(threads: 2))
    let points = try stage.findLearningRate(
      data, classifier: try classifier(), finder: finder
    ).points
    #expect(points.count > 10 && points.count < 60)
    for (one, next) in zip(points, points.dropFirst()) { #expect(one.rate < next.rate) }
    let lowest = try #require(points.dropLast().map(\.smoothed).min())
    #expect(try #require(points.last).smoothed > 4 * lowest)
  }

  @Test func suggestedRateIsATenthOfTheLowestLoss() {
    func point(_ rate: Float, _ smoothed: Double) -> LearningRateFinder.Point {
      LearningRateFinder.Point(rate: rate, loss: smoothed, smoothed: smoothed)
    }
    let falling = [point(1e-4, 0.7), point(1e-3, 0.6), point(1e-2, 0.5), point(1e-1, 2)]
    #expect(LearningRateFinder.suggestion(falling) == Float(1e-2) / 10)
    #expect(LearningRateFinder.suggestion([point(1e-4, 0.7), point(1e-3, 0.9)]) == nil)
    #expect(LearningRateFinder.suggestion([]) == nil)
  }

  @Test func comparisonIsThePairedTest() {
    // Differences of the losses: 0.1, 0.2, 0.3: mean 0.2, standard error 0.1 / √3.
    let after = [0.5, 0.5, 0.5].map { [$0, 1 - $0] }
    let before = [0.1, 0.2, 0.3].map { [0.5 * exp($0), 1 - 0.5 * exp($0)] }
    let comparison = ModelComparison(before: before, after: after, labels: [0, 0, 0])
    #expect(abs(comparison.difference - 0.2) < 1e-12)
    let error = 0.1 / 3.0.squareRoot()
    #expect(abs(comparison.differenceInterval[1] - 0.2 - 1.96 * error) < 1e-12)
    #expect(abs(comparison.pValue - erfc(0.2 / error / 2.0.squareRoot())) < 1e-12)
    #expect(!comparison.isBetter)
    #expect(comparison.onlyBeforeRight == 3 && comparison.onlyAfterRight == 0)
  }
}
