import Foundation
import Headstart
import KerasFormat
import Kernels
import NeuralNetwork
import Pictures
import Testing

/// Networks from scratch on drawn pictures of 24 × 24 pixels.
@Suite struct NetworksStageTests {
  private let scratch: Scratch
  private let data: DataSet

  init() throws {
    scratch = try Scratch()
    try DemoPictures(seed: 1, training: 24, validation: 8, test: 4)
      .write(to: scratch.file("pictures"), pool: ThreadPool(threads: 2))
    data = try DataSet.open(scratch.file("pictures"))
  }

  private static let small = """
    [{"Conv2D": {"filters": 6, "kernel_size": 3, "activation": "relu"}}, "MaxPooling2D",
     {"Conv2D": {"filters": 8, "kernel_size": 3, "padding": "same", "use_bias": false}},
     "BatchNormalization", {"Activation": {"activation": "relu"}}, "MaxPooling2D", "Flatten",
     {"Dense": {"units": 12, "activation": "relu"}}, {"Dropout": {"rate": 0.3}}, "Output"]
    """

  private static let pixels = FeatureSettings(
    backbone: .none, height: 24, width: 24, preprocessing: .rescale, interpolation: .nearest)

  private var settings: NetworkSettings {
    var settings = NetworkSettings()
    settings.epochs = 4
    settings.batchSize = 5
    settings.augmentation.shearRange = 10
    settings.augmentation.zoomRange = Augmentation.zoom(0.2)
    settings.augmentation.horizontalFlip = true
    return settings
  }

  private func stage(
    _ settings: NetworkSettings, architecture: String = Self.small, threads: Int = 2,
    features: FeatureSettings = Self.pixels
  ) throws -> NetworkStage {
    NetworkStage(
      features: features, architecture: try NetworksArchitectureTests.architecture(architecture),
      settings: settings, featuresFolder: scratch.file("features"),
      pool: ThreadPool(threads: threads))
  }

  private func run(
    _ stage: NetworkStage, data: DataSet? = nil, checkpoint: String = "checkpoint.h5",
    resumes: Bool = false, killIn epoch: Int? = nil
  ) throws -> NetworkStageResult {
    let cancellation = Cancellation()
    let backbone: any FeatureExtractor =
      stage.features.backbone == .none
      ? try PixelBackbone(settings: stage.features)
      : try VGGBackbone(
        convolutions: SeededVGG.weights(.vgg16).convolutions, dense: [], settings: stage.features,
        source: "seeded", pool: stage.pool)
    return try stage.run(
      data ?? self.data, backbone: backbone, checkpoint: scratch.file(checkpoint),
      resumes: resumes, cancellation: cancellation
    ) { event in
      // In the middle of an epoch.
      if case .training(.batch(let number, let done, _, _, _)) = event, number == epoch, done > 5 {
        cancellation.cancel()
      }
    }
  }

  private func weights(_ result: NetworkStageResult) -> [[Tensor]] {
    result.classifier.head.weights
  }

  @Test(arguments: [NetworkSettings.Optimizer.sgd, .rmsprop, .adagrad])
  func sameBitsForAnyNumberOfThreadsAndAfterBeingKilled(
    _ optimizer: NetworkSettings.Optimizer
  ) throws {
    var settings = settings
    settings.optimizer = optimizer
    if optimizer == .sgd {
      settings.momentum = 0.9
      settings.nesterov = true
      settings.decay = 1e-3
    }
    let whole = try run(stage(settings, threads: 1), checkpoint: "whole.h5")
    #expect(throws: Cancelled.self) { try run(stage(settings), killIn: 2) }
    let resumed = try run(stage(settings, threads: 3), resumes: true)
    #expect(resumed.trained.history.count == 4)
    #expect(weights(resumed) == weights(whole))
    #expect(resumed.trained.optimizer == whole.trained.optimizer)
    #expect(resumed.dataHash == whole.dataHash)
    #expect(
      (resumed.judgedValidation?.predictions ?? []).map(\.probabilities)
        == (whole.judgedValidation?.predictions ?? []).map(\.probabilities))
  }

  @Test func aResumedTrainingCountsAllOfItsTime() throws {
    struct State: Decodable {
      struct Spent: Decodable { let all, training: Double }
      let spent: Spent
    }
    #expect(throws: Cancelled.self) { try run(stage(settings), killIn: 4) }
    let text = try HDF5File(opening: scratch.file("checkpoint.h5")).root.string("state")
    let before = try JSONDecoder().decode(State.self, from: Data(text.utf8)).spent
    #expect(0 < before.training && before.training < before.all)
    let resumed = try run(stage(settings), resumes: true)
    #expect(resumed.trainingSeconds > before.training && resumed.seconds > before.all)
    #expect(resumed.seconds > resumed.trainingSeconds)
  }

  @Test func checkpointOfAnotherNetworkIsRefused() throws {
    #expect(throws: Cancelled.self) { try run(stage(settings), killIn: 2) }
    let other = Self.small.replacingOccurrences(of: "0.3", with: "0.4")
    #expect {
      try run(stage(settings, architecture: other), resumes: true)
    } throws: {
      if case .otherRun(_, "network", _, _) = $0 as? CheckpointError { true } else { false }
    }
    var more = settings
    more.epochs = 5
    #expect(try run(stage(more), resumes: true).trained.history.count == 5)
  }

  @Test(arguments: [false, true], [Int.max, 0])
  func viewsHaveThePixelsOfThePreparation(_ crops: Bool, _ memory: Int) throws {
    var settings = settings
    settings.seed = 7
    settings.augmentation.brightnessRange = 0.8...1.2
    if crops { settings.augmentation.randomResizedCrop = RandomResizedCrop() }
    var features = Self.pixels
    features.interpolation = .bilinear
    var stage = try stage(settings, features: features)
    stage.memory = memory
    let backbone = try PixelBackbone(settings: features)
    let source = try stage.trainingBatches(data, backbone: backbone)
    #expect(source.count == 24 && source.shape == [24, 24, 3])
    let preparation = PicturePreparation(backbone.key)
    for epoch in [1, 3] {
      let indices = [20, 3, 11]
      let batch = try source.batch(indices, epoch: epoch)
      for (row, index) in indices.enumerated() {
        let sample = data.train[index]
        let bytes = try PictureDecoder.bytes(ofFile: sample.path)
        let expected = try preparation(
          bytes, name: sample.path, picture: PictureHash(of: bytes),
          views: [.random(epoch, settings.augmentation, seed: 7)])
        #expect(Array(batch.inputs[row: row]) == expected[0])
        #expect(batch.labels[row] == sample.label)
      }
    }
  }

  /// Stripes across or down, a light and a dark colour, of random phase.
  private func writeStripes(_ folder: String, count: Int, seed: UInt64) throws {
    var generator = Generator(seed: seed)
    for name in ["across", "down"] {
      let url = URL(fileURLWithPath: scratch.file("stripes/\(folder)/\(name)"))
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      for number in 0..<count {
        let colours = (0..<6).map { UInt8(generator.index(below: 64) + ($0 < 3 ? 192 : 0)) }
        let phase = generator.index(below: 6)
        let pixels = (0..<24).flatMap { y in
          (0..<24).flatMap { x in
            let isFirst = ((name == "down" ? x : y) + phase) % 6 < 3
            return isFirst ? colours[..<3] : colours[3...]
          }
        }
        let bytes = try Picture(width: 24, height: 24, pixels: pixels).png()
        try Data(bytes).write(to: url.appendingPathComponent("\(number).png"))
      }
    }
  }

  @Test func learnsToTellStripesApart() throws {
    try writeStripes("train", count: 40, seed: 1)
    try writeStripes("validation", count: 10, seed: 2)
    let data = try DataSet.open(scratch.file("stripes"))
    var settings = settings
    settings.optimizer = .adam
    settings.learningRate = 3e-3
    settings.epochs = 15
    settings.seed = 1
    settings.batchSize = 8
    let architecture = """
      [{"Conv2D": {"filters": 8, "kernel_size": 3, "activation": "relu"}}, "MaxPooling2D",
       {"Conv2D": {"filters": 16, "kernel_size": 3, "activation": "relu"}},
       "GlobalAveragePooling2D", {"Dense": {"units": 16, "activation": "relu"}}, "Output"]
      """
    let result = try run(stage(settings, architecture: architecture), data: data)
    let validation = try #require(result.validation)
    #expect(result.train.accuracy >= 0.9, "\(result.train.accuracy)")
    #expect(validation.accuracy >= 0.9, "\(validation.accuracy)")
    #expect((result.judgedValidation?.predictions ?? []).map(\.path) == data.validation.map(\.path))
    #expect(result.classifier.calibration != nil)
    #expect(result.trained.optimizer.iterations == 15 * 10)
    #expect(result.classifier.trainedOn.count == 80)
    // The reports are what anybody gets who predicts.
    let outcomes = try Predictor(
      result.classifier, featuresFolder: scratch.file("features"), pool: ThreadPool(threads: 1)
    ).predict(data.validation.map(\.path))
    let evaluation = try Evaluation(
      outcomes: outcomes, labels: data.validation.compactMap(\.label),
      classifier: result.classifier)
    #expect(evaluation.report.logLoss == validation.logLoss)
    #expect(!FileManager.default.fileExists(atPath: scratch.file("features")))
  }

  @Test func classifierComesBackWithItsOptimizer() throws {
    let trained = try run(stage(settings))
    let path = scratch.file("model.h5")
    try trained.classifier.save(to: path, optimizer: trained.trained.optimizer)
    let pool = ThreadPool(threads: 1)
    let loaded = try Classifier.load(path, pool: pool)
    #expect(loaded.head.weights == trained.classifier.head.weights)
    #expect(
      loaded.head.layers.map(\.className) == trained.classifier.head.layers.map(\.className))
    #expect(loaded.settings == Self.pixels)
    #expect(loaded.calibration == trained.classifier.calibration)
    let optimizer = try #require(try KerasModel(path: path).optimizer())
    #expect(optimizer.iterations == trained.trained.optimizer.iterations)
    #expect(optimizer.slots == trained.trained.optimizer.slots)

    // Whatever a picture's neighbours, and wherever it stands among them.
    let paths = (data.train + data.validation).map(\.path)
    func predict(_ paths: [String], _ classifier: Classifier) throws -> [[Double]] {
      try Predictor(classifier, featuresFolder: nil, pool: pool).predict(paths).map {
        guard case .predicted(let prediction) = $0 else { return [] }
        return prediction.probabilities
      }
    }
    let all = try predict(paths, trained.classifier)
    #expect(all.count == 32 && all.allSatisfy { $0.count == 2 })
    #expect(try predict(paths.reversed(), loaded) == all.reversed())
    for index in [0, 13, 31] { #expect(try predict([paths[index]], loaded) == [all[index]]) }
  }

  @Test func brokenPicturesAreNamedAndSkipped() throws {
    let broken = (data.train[0].path as NSString).deletingLastPathComponent + "/broken.png"
    try Data("no picture".utf8).write(to: URL(fileURLWithPath: broken))
    let twice = (data.train[0].path as NSString).deletingLastPathComponent + "/twice.png"
    try FileManager.default.copyItem(atPath: data.train[0].path, toPath: twice)
    let data = try DataSet.open(scratch.file("pictures"))
    var settings = settings
    settings.epochs = 1
    let result = try run(stage(settings), data: data)
    #expect(result.extraction.problems.map(\.sample.path) == [broken])
    let counts = result.extraction.counts
    #expect(counts.total == 34 && counts.unreadable == 1 && counts.duplicates == 1)
    #expect(counts.computed == 32 && result.train.count == 25)
    var strict = try stage(settings)
    strict.strict = true
    let error = try #require(throws: ExtractionError.self) { try run(strict, data: data) }
    #expect("\(error)".contains("broken.png"))
  }

  @Test func trainsOnViewsOfABackbone() throws {
    var settings = settings
    settings.views = 2
    settings.optimizer = .adam
    settings.balanced = true
    let features = FeatureSettings(layer: "block3_pool", height: 32, width: 32)
    let head = #"["Flatten", {"Dense": {"units": 16, "activation": "relu"}}, "Output"]"#
    let result = try run(stage(settings, architecture: head, features: features))
    // Two views and the plain one of 24, the plain one of 8.
    #expect(result.extraction.counts.total == 80)
    #expect(result.trained.history[3].loss < result.trained.history[0].loss)
    let path = scratch.file("model.h5")
    try result.classifier.save(to: path, optimizer: result.trained.optimizer)
    let pool = ThreadPool(threads: 2)
    let outcomes = try Predictor(
      Classifier.load(path, pool: pool), featuresFolder: scratch.file("features"), pool: pool
    ).predict(data.validation.map(\.path))
    for (outcome, expected) in zip(outcomes, (result.judgedValidation?.predictions ?? [])) {
      guard case .predicted(let prediction) = outcome else {
        Issue.record("unreadable")
        continue
      }
      #expect(prediction.probabilities == expected.probabilities)
    }
  }

  @Test func initialLayersKeepTheirWeights() throws {
    var settings = settings
    settings.epochs = 1
    settings.weightDecay = 0.01
    settings.clipNorm = 1
    var initial = try NetworksArchitectureTests.architecture(Self.small)
      .network(inputShape: [24, 24, 3], classes: 2, seed: 5)
    initial.layers[0].setTrainable(false)
    initial.layers[3].setTrainable(false)
    var stage = try stage(settings)
    stage.initial = initial
    let result = try run(stage)
    for (index, (old, new)) in zip(initial.weights, weights(result)).enumerated()
    where !old.isEmpty {
      #expect((old == new) == [0, 3].contains(index), "\(initial.layers[index].name)")
    }
    stage.initial = try Sequential(inputShape: [24, 24, 3], layers: [Flatten()])
    #expect(throws: KerasFormatError.self) { try run(stage) }
  }

  @Test func settingsWithoutMeaningAreRefused() throws {
    func message(hasValidation: Bool = true, _ change: (inout NetworkSettings) -> Void) -> String {
      var settings = settings
      change(&settings)
      do {
        try settings.check(hasValidation: hasValidation)
        return ""
      } catch { return "\(error)" }
    }
    #expect(message { _ in } == "")
    #expect(message(hasValidation: false) { $0.restoresBest = true } == "")
    #expect(message(hasValidation: false) { $0.patience = 2 }.contains("patience"))
    #expect(
      message {
        $0.decay = 0.1
        $0.schedule = .cosine
      }.contains("decay"))
    #expect(
      message {
        $0.optimizer = .adam
        $0.momentum = 0.5
      }.contains("momentum"))
    #expect(message { $0.views = 0 }.contains("views"))
    #expect(message { $0.batchSize = 0 }.contains("batch"))
    #expect(message { $0.learningRate = -1 }.contains("learning rate"))
    #expect(message { $0.augmentation.zoomRange = -1...1 } != "")
  }
}
