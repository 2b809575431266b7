import Foundation
import KerasFormat
import Kernels
import NeuralNetwork
import Pictures

/// Trains a network from scratch: on pixels, of which every epoch sees a fresh augmented view, or on
/// a frozen backbone's features of a few cached views.
public struct NetworkStage: Sendable {
  /// What the stage is at.
  public enum Event: Sendable {
    /// Pictures are decoded, or go through the backbone.
    case extraction(ExtractionProgress)
    case training(TrainingProgress)
  }

  /// How pictures are prepared; the backbone `none` trains on pixels.
  public var features: FeatureSettings
  /// The network's layers.
  public var architecture: NetworkArchitecture
  /// How it is trained.
  public var settings: NetworkSettings
  /// Layers with weights of their own, of which frozen ones stay; nil: made from ``architecture``.
  public var initial: Sequential?
  /// The folder of all feature stores.
  public var featuresFolder: String
  /// Whether the first picture that cannot be read ends everything.
  public var strict: Bool
  /// What computes.
  public var pool: ThreadPool
  /// Bytes of decoded pictures that are kept in memory; the others are decoded in every epoch.
  package var memory = PixelPictures.budget

  public init(
    features: FeatureSettings, architecture: NetworkArchitecture, settings: NetworkSettings,
    initial: Sequential? = nil, featuresFolder: String, strict: Bool = false, pool: ThreadPool
  ) {
    self.features = features
    self.architecture = architecture
    self.settings = settings
    self.initial = initial
    self.featuresFolder = featuresFolder
    self.strict = strict
    self.pool = pool
  }

  /// - Parameters:
  ///   - backbone: made from ``features``.
  ///   - checkpoint: where the state after each epoch is kept.
  ///   - resumes: whether to go on from the checkpoint, if there is one.
  /// - Throws: ``StageError`` when a class has nothing to train on, ``CheckpointError``,
  ///   ``Cancelled``, and the errors of the floors below.
  public func run(
    _ data: DataSet, backbone: any FeatureExtractor, checkpoint path: String, resumes: Bool,
    cancellation: Cancellation = Cancellation(), event: (Event) -> Void = { _ in }
  ) throws -> NetworkStageResult {
    let clock = ContinuousClock()
    let start = clock.now
    try settings.check(hasValidation: !data.validation.isEmpty)
    let network = try startingNetwork(backbone.outputShape, classes: data.classes.count)
    let inputs = try NetworkInputs(
      self, data, backbone: backbone, budget: memory, cancellation: cancellation
    ) { event(.extraction($0)) }

    let hasValidation = !inputs.validationRows.labels.isEmpty
    let classes = data.classes.count
    let trainer = try Trainer(
      settings.training(
        classWeights: settings.balanced ? inputs.trainRows.balancedWeights(classes) : nil,
        hasValidation: hasValidation), pool: pool)
    let file = CheckpointFile(path: path)
    let identity = try identity(network, backbone, inputs)
    var checkpoint: TrainingCheckpoint?
    var before = CheckpointFile.TimeSpent()
    if resumes, file.exists {
      let found = try file.read(for: network, identity: identity)
      (checkpoint, before) = (found.checkpoint, found.spent)
    } else {
      try file.remove()
    }
    let trainStart = clock.now
    func spent() -> CheckpointFile.TimeSpent {
      .init(
        all: before.all + (clock.now - start).seconds,
        training: before.training + (clock.now - trainStart).seconds)
    }
    let trained = try trainer.train(
      network, on: inputs.train, validation: hasValidation ? inputs.validation : nil,
      from: checkpoint
    ) { progress in
      try cancellation.check()
      if case .epoch(_, let state) = progress {
        try file.write(state, identity: identity, spent: spent())
      }
      event(.training(progress))
    }
    let trainSeconds = spent().training
    return try NetworkStageResult(
      self, data, backbone, inputs, trained, trainingSeconds: trainSeconds,
      seconds: { spent().all })
  }

  /// What the epochs are served.
  package func trainingBatches(
    _ data: DataSet, backbone: any FeatureExtractor
  ) throws -> any BatchSource {
    try NetworkInputs(
      self, data, backbone: backbone, budget: memory, cancellation: Cancellation(),
      progress: { _ in }
    ).train
  }

  private func startingNetwork(_ shape: FeatureShape, classes: Int) throws -> Sequential {
    let inputShape = [shape.height, shape.width, shape.channels]
    guard let initial else {
      return try architecture.network(
        inputShape: inputShape, classes: classes, seed: settings.seed)
    }
    guard initial.inputShape == inputShape else {
      throw NeuralNetworkError.shape(
        layer: "the network", expected: "\(initial.inputShape)", found: inputShape)
    }
    try NetworkArchitecture.checkOutput(of: initial, classes: classes)
    return initial
  }

  /// Everything that the bits of the result depend on.
  private func identity(
    _ network: Sequential, _ backbone: any FeatureExtractor, _ inputs: NetworkInputs
  ) throws -> CheckpointFile.Identity {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    var settings = settings
    // More epochs may be asked for, unless the rate's way depends on their number.
    if !settings.dependsOnEpochs { settings.epochs = 0 }
    var hash = TensorHash()
    for layer in network.layers {
      var described = try KerasLayer(layer)
      described.weights = []
      hash.add(name: "\(described)", shape: [0], values: [])
      hash.add(layer)
    }
    return [
      "code": Release.codeVersions,
      "settings": String(decoding: try encoder.encode(settings), as: UTF8.self),
      "base": backbone.key.identifier,
      "network": hash.hexadecimal(),
      "data": LabelledRows.hash(train: inputs.trainRows, validation: inputs.validationRows),
    ]
  }
}
