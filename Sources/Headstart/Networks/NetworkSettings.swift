import Kernels
import NeuralNetwork
import Pictures

/// Everything a user chooses about the training of a network, with Keras' names and defaults where
/// there are any.
public struct NetworkSettings: Codable, Sendable, Equatable {
  /// The optimizers, with Keras' formulas and defaults.
  public enum Optimizer: String, Codable, Sendable, CaseIterable {
    case sgd, rmsprop, adam, adamw, adagrad
  }

  /// How the rate goes down.
  public typealias Schedule = FineTuneSettings.Schedule

  /// The rule that changes the weights.
  public var optimizer: Optimizer = .rmsprop
  /// Nil: the optimizer's default in Keras (sgd 0.01, the others 0.001).
  public var learningRate: Float?
  /// Of sgd and rmsprop.
  public var momentum = 0.0
  /// Of sgd.
  public var nesterov = false
  /// Keras 1's and 2's decay of the rate with time: rate / (1 + decay · step). Only with the
  /// schedule `constant`.
  public var decay = 0.0
  /// How the rate goes down.
  public var schedule: Schedule = .constant
  /// The share of all steps over which the rate rises linearly from zero.
  public var warmUp = 0.0
  /// Keras' decoupled `weight_decay`, of all weights. Nil: 0.004 with adamw, none with the others.
  public var weightDecay: Float?
  /// The largest norm of all gradients together; larger ones are scaled down to it.
  public var clipNorm: Float?
  /// Pictures in a step.
  public var batchSize = 32
  /// At the most.
  public var epochs = 50
  /// Epochs without a better validation loss after which training stops. Nil: all epochs run.
  public var patience: Int?
  /// Whether the weights of the epoch of least validation loss are taken, where there are
  /// validation pictures; else those of the last.
  public var restoresBest = true
  /// Whether every class counts as much as every other.
  public var balanced = false
  /// The share of a label that is spread over all classes.
  public var labelSmoothing: Float = 0
  /// What is done to each training picture at random.
  public var augmentation = Augmentation()
  /// Augmented views of each picture that are computed and kept where there is a backbone; on
  /// pixels, each epoch draws a fresh one.
  public var views = 1
  /// Whether the logits may be divided by a temperature; see ``Calibration``.
  public var calibrates = true
  /// Of the first weights, the views, the order and the dropout.
  public var seed: UInt64 = 0

  public init() {}

  var rule: NeuralNetwork.Optimizer.Rule {
    switch optimizer {
    case .sgd: .sgd(momentum: momentum, nesterov: nesterov)
    case .rmsprop: .rmsprop(momentum: momentum)
    case .adam: .adam()
    case .adamw: .adamW()
    case .adagrad: .adagrad()
    }
  }

  /// Refuses settings without meaning, or that contradict each other, before any work is done.
  ///
  /// - Throws: `NeuralNetworkError` or `AugmentationError`, naming the setting.
  public func check(hasValidation: Bool) throws {
    func require(_ condition: Bool, _ name: String, _ expected: String, _ found: Any) throws {
      guard condition else {
        throw NeuralNetworkError.setting(name: name, expected: expected, found: "\(found)")
      }
    }
    try augmentation.check()
    try require((1...10_000).contains(views), "views", "1 to 10000", views)
    try require(
      patience == nil || hasValidation, "patience",
      "validation pictures, whose loss it watches", "none")
    try require(
      decay == 0 || schedule == .constant, "decay",
      "0 beside the schedule \(schedule.rawValue)", decay)
    try require(
      momentum == 0 || [.sgd, .rmsprop].contains(optimizer), "momentum",
      "0 with \(optimizer.rawValue)", momentum)
    _ = try Trainer(
      training(classWeights: nil, hasValidation: hasValidation), pool: ThreadPool(threads: 1))
  }

  /// The settings in the training code's terms.
  func training(classWeights: [Float]?, hasValidation: Bool) -> TrainingConfiguration {
    var configuration = TrainingConfiguration(rule)
    configuration.learningRate = learningRate
    configuration.schedule = LearningRateSchedule(
      decay == 0 ? schedule.shape : .inverseTime(decay: decay), warmUp: warmUp)
    configuration.weightDecay = weightDecay.map { WeightDecay($0) }
    configuration.clipping = clipNorm.map { .globalNorm($0) }
    configuration.batchSize = batchSize
    configuration.validationBatchSize = 32
    configuration.epochs = epochs
    configuration.patience = patience
    configuration.restoresBest = restoresBest && hasValidation
    configuration.labelSmoothing = labelSmoothing
    configuration.classWeights = classWeights
    configuration.seed = seed
    return configuration
  }

  /// Whether what an epoch does depends on how many there are in all.
  var dependsOnEpochs: Bool { schedule != .constant || warmUp != 0 }
}
