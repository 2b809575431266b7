import Foundation
import Headstart
import KerasFormat
import Kernels
import NeuralNetwork
import Pictures
import TestSupport
import Testing

/// The whole main job on drawn pictures, with seeded VGG16 weights at 32 × 32.
@Suite struct HeadStageTests {
  private let scratch: Scratch
  private let data: DataSet

  init() throws {
    scratch = try Scratch()
    try DemoPictures(seed: 1, training: 24, validation: 8, test: 4)
      .write(to: scratch.file("pictures"), pool: ThreadPool(threads: 2))
    data = try DataSet.open(scratch.file("pictures"))
  }

  private func train(
    threads: Int = 2, features: String = "features", layer: String = "block3_pool",
    change: (inout HeadSettings) -> Void = { _ in }
  ) throws -> HeadStageResult {
    let settings = FeatureSettings(layer: layer, height: 32, width: 32)
    let pool = ThreadPool(threads: threads)
    let backbone = try VGGBackbone(
      convolutions: SeededVGG.weights(.vgg16).convolutions, dense: [], settings: settings,
      source: "seeded", pool: pool)
    var head = HeadSettings()
    head.folds = 4
    head.epochs = 3
    change(&head)
    return try HeadStage(
      settings: settings, head: head, featuresFolder: scratch.file(features), pool: pool
    ).run(data, backbone: backbone)
  }

  @Test func everySplitIsJudged() throws {
    let result = try train()
    #expect(result.train.count == 24 && result.validation?.count == 8)
    let outOfFold = try #require(result.outOfFold)
    #expect(outOfFold.count == 24)
    #expect(result.train.logLoss < outOfFold.logLoss)
    #expect(result.classifier.trainedOn.count == 24)
    // Pooled by maximum or average, scaled to unit length, one sigmoid: what Keras has too.
    #expect(
      result.classifier.head.layers.map(\.className).dropFirst() == ["UnitNormalization", "Dense"])
  }

  @Test(arguments: [HeadSolver.newton, .rmsprop])
  func sameBitsForAnyNumberOfThreads(_ solver: HeadSolver) throws {
    let models = try [1, 3].map { threads in
      try train(threads: threads, features: "features-\(threads)") { $0.solver = solver }
    }
    #expect(models[0].dataHash == models[1].dataHash)
    let parameters = models.map { $0.classifier.head.layers.flatMap(\.parameters).map(\.value) }
    #expect(parameters[0] == parameters[1])
  }

  @Test(arguments: [HeadPooling.average, .max, .flatten], [HeadSolver.newton, .sgd])
  func classifierComesBackFromItsFile(_ pooling: HeadPooling, _ solver: HeadSolver) throws {
    let trained = try train {
      $0.pooling = pooling
      $0.solver = solver
      $0.hidden = solver == .newton ? 0 : 5
    }.classifier
    let path = scratch.file("model.h5")
    try trained.save(to: path)
    let pool = ThreadPool(threads: 1)
    let loaded = try Classifier.load(path, pool: pool)
    #expect(loaded.classes == ["flowers", "stars"])
    #expect(loaded.settings == trained.settings && loaded.trainedOn == trained.trainedOn)
    #expect(loaded.backbone.key == trained.backbone.key)

    let paths = data.test.map(\.path)
    let expected = try Predictor(
      trained, featuresFolder: scratch.file("features"), pool: pool
    ).predict(paths)
    // From the file and without the cache: the same path, so the same bits.
    let found = try Predictor(loaded, featuresFolder: nil, pool: pool).predict(paths)
    try #require(found.count == 4)
    for (found, expected) in zip(found, expected) {
      guard case .predicted(let found) = found, case .predicted(let expected) = expected else {
        Issue.record("a picture could not be read")
        continue
      }
      #expect(found.path == expected.path && found.picture == expected.picture)
      #expect(found.probabilities == expected.probabilities)
      #expect(abs(found.probabilities.reduce(0, +) - 1) < 1e-6)
    }
  }

  /// So that Keras goes on training it.
  @Test func fileNotesHowTheHeadWasTrained() throws {
    let path = scratch.file("noted.h5")
    func noted(_ result: HeadStageResult) throws -> Optimizer? {
      try result.classifier.save(to: path, optimizer: result.savedOptimizer)
      return try KerasModel(path: path).optimizer()
    }
    let trained = try train {
      $0.solver = .rmsprop
      $0.learningRate = 0.002
      $0.hidden = 5
      $0.batchSize = 8
      $0.calibrates = false
    }
    let optimizer = try #require(try noted(trained))
    #expect(optimizer.rule == .rmsprop() && optimizer.learningRate == 0.002)
    // Three epochs of 24 pictures, and the slots of two dense layers.
    #expect(optimizer.iterations == 9 && optimizer.slots.count == 4)
    #expect(optimizer.slots == trained.trained.optimizer?.slots)
    // Weights of another epoch, or that a standardisation was folded into: the settings alone. An
    // epoch is one step.
    for (normalization, epochs) in [(HeadNormalization.l2, 1), (.l2, 3), (.standard, 3)] {
      let other = try train {
        $0.solver = .sgd
        $0.learningRate = 0.5
        $0.calibrates = false
        $0.patience = 2
        $0.epochs = epochs
        $0.normalization = normalization
      }
      let losses = other.trained.history.compactMap(\.validationLoss)
      #expect(losses.count == epochs)
      let isLast = losses.dropLast().allSatisfy { $0 > losses[epochs - 1] }
      let optimizer = try #require(try noted(other))
      #expect(optimizer.rule == .sgd() && optimizer.learningRate == 0.5)
      #expect(optimizer.iterations == (isLast && normalization == .l2 ? epochs : 0))
    }
    // Without an optimizer, Keras' default.
    let newton = try train()
    #expect(newton.savedOptimizer == nil)
    #expect(try noted(newton) == Optimizer(.rmsprop(), learningRate: 0.001))
    let training = try #require(try KerasModel(path: path).trainingConfiguration)
    #expect(training.contains("\"loss\": \"binary_crossentropy\""))
    #expect(training.contains("\"metrics\": [\"accuracy\"]"))
  }

  @Test func evaluationCountsPicturesTrainedOn() throws {
    let classifier = try train().classifier
    let samples = data.train.prefix(3) + data.validation.prefix(2)
    let outcomes = try Predictor(
      classifier, featuresFolder: scratch.file("features"), pool: ThreadPool(threads: 1)
    ).predict(samples.map(\.path) + [scratch.file("none.jpg")])
    let evaluation = try Evaluation(
      outcomes: outcomes, labels: samples.map { $0.label ?? 0 } + [1], classifier: classifier)
    #expect(evaluation.trainedOn == 3)
    #expect(evaluation.report.count == 5)
    guard case .unreadable(let path, _) = outcomes[5] else {
      Issue.record("a picture that is not there was predicted")
      return
    }
    #expect(path == scratch.file("none.jpg"))
  }

  @Test func classWithoutReadablePicturesIsRefused() throws {
    for sample in data.train where sample.label == 1 {
      try Data("no picture".utf8).write(to: URL(fileURLWithPath: sample.path))
    }
    let error = #expect(throws: StageError.self) { _ = try train() }
    let text = try #require(error).description
    #expect(text.contains("stars") && text.contains("none of its 12 files could be read"))
    #expect(text.contains("/stars/star.10.png: "))
  }

  @Test func contradictionsAreRefusedBeforeAnyWork() {
    var settings = HeadSettings()
    settings.hidden = 16
    #expect(throws: NeuralNetworkError.self) { try settings.check(classes: 2, hasValidation: true) }
    settings.solver = .adam
    settings.patience = 2
    #expect(throws: NeuralNetworkError.self) {
      try settings.check(classes: 2, hasValidation: false)
    }
    #expect(throws: Never.self) { try settings.check(classes: 2, hasValidation: true) }
  }

  @Test func filesThatAreNoClassifiersAreNamed() throws {
    let path = scratch.file("plain.h5")
    try KerasModel(
      inputShape: [4, 4, 3], layers: [KerasLayer(name: "flatten", kind: .flatten)]
    ).write(to: path)
    #expect(throws: StageError.foreignModel(path: path)) {
      _ = try Classifier.load(path, pool: ThreadPool(threads: 1))
    }
  }
}
