import Kernels
import NeuralNetwork
import Pictures

/// Everything a user chooses about the fine-tune stage.
///
/// Rates are those of the optimizer; a block's own rate is its multiplier times that.
public struct FineTuneSettings: Codable, Sendable, Equatable {
  /// The optimizers of the fine-tune stage, with Keras' formulas.
  public enum Optimizer: String, Codable, Sendable, CaseIterable {
    case sgd, rmsprop, adam, adamw
  }

  /// How the learning rate goes over the whole training.
  public enum Schedule: String, Codable, Sendable, CaseIterable {
    case constant
    /// Divided by ten after each third of the epochs.
    case step
    /// Half a cosine, down to zero.
    case cosine

    var shape: LearningRateSchedule.Shape {
      switch self {
      case .constant: .constant
      case .step: .step(drops: 2, factor: 0.1)
      case .cosine: .cosine(final: 0)
      }
    }
  }

  /// What trains besides the head: a block (`block5` and all above), a layer's name (it and all
  /// above), or `all`.
  public var unfreeze = "block5"
  /// The rule that changes the weights.
  public var optimizer: Optimizer = .sgd
  /// The rate before any schedule and factor.
  public var learningRate: Float = 1e-4
  /// Of sgd.
  public var momentum = 0.9
  /// Of sgd.
  public var nesterov = false
  /// Factors of the learning rate by block (`block5`), layer (`block5_conv1`) or `head`; a layer's
  /// own goes before its block's. 1 where nothing is said.
  public var rateFactors: [String: Float] = [:]
  /// How the rate goes down.
  public var schedule: Schedule = .constant
  /// The share of all steps over which the rate rises linearly from zero.
  public var warmUp = 0.0
  /// Decoupled: kernels shrink by this share of the learning rate in each step. 0 for none.
  public var weightDecay: Float = 0
  /// The largest norm of all gradients together; larger ones are scaled down to it.
  public var clipNorm: Float?
  /// Views in a step.
  public var batchSize = 16
  /// At the most; an epoch is every training picture once.
  public var epochs = 10
  /// Epochs without a better validation loss after which training stops.
  public var patience: Int?
  /// Whether every class counts as much as every other.
  public var balanced = false
  /// The share of a label that is spread over all classes.
  public var labelSmoothing: Float = 0
  /// Augmented views of each training picture that are computed and kept.
  public var views = 4
  /// What the views are drawn from; neutral for plain pictures, of which there is one view only.
  public var augmentation = FineTuneSettings.defaultAugmentation
  /// After every so many epochs half of the views are replaced by fresh ones; nil for never.
  public var freshViews: Int?
  /// Whether a head of one dense layer is fitted anew to the views before anything is unfrozen.
  public var refitHead = true
  /// Whether the logits may be divided by a temperature; see ``Calibration``.
  public var calibrates = true
  /// Of the views, the order and the dropout.
  public var seed: UInt64 = 0

  public init() {}

  /// Flips, turns of 10°, zoom from .8 to 1.2 in either direction.
  public static var defaultAugmentation: Augmentation {
    var augmentation = Augmentation()
    augmentation.horizontalFlip = true
    augmentation.rotationRange = 10
    augmentation.zoomRange = Augmentation.zoom(0.2)
    return augmentation
  }

  /// Plain pictures have one view, however many are asked for.
  var viewCount: Int { augmentation.isNeutral ? 1 : views }

  var rule: NeuralNetwork.Optimizer.Rule {
    switch optimizer {
    case .sgd: .sgd(momentum: momentum, nesterov: nesterov)
    case .rmsprop: .rmsprop()
    case .adam: .adam()
    case .adamw: .adamW()
    }
  }

  /// Refuses settings without meaning, before any work is done.
  ///
  /// - Throws: `NeuralNetworkError` or `AugmentationError`, naming the setting.
  public func check() throws {
    func require(_ condition: Bool, _ name: String, _ expected: String, _ found: Any) throws {
      guard condition else {
        throw NeuralNetworkError.setting(name: name, expected: expected, found: "\(found)")
      }
    }
    try augmentation.check()
    try require((1...10_000).contains(views), "views", "1 to 10000", views)
    try require(
      weightDecay >= 0 && weightDecay.isFinite, "weight decay", "at least 0", weightDecay)
    try require(freshViews ?? 1 > 0, "fresh views", "at least 1 epoch", freshViews ?? 0)
    try require(
      rateFactors.values.allSatisfy { $0.isFinite && $0 >= 0 }, "rate factors",
      "numbers of at least 0", rateFactors)
    _ = try Trainer(
      training(classWeights: nil, layers: [], hasValidation: true), pool: ThreadPool(threads: 1))
  }

  /// The settings in the training code's terms.
  ///
  /// - Parameter layers: the names of the layers that train, the head's among them.
  func training(
    classWeights: [Float]?, layers: [TrainedLayer], hasValidation: Bool
  ) -> TrainingConfiguration {
    var configuration = TrainingConfiguration(rule)
    configuration.learningRate = learningRate
    configuration.schedule = LearningRateSchedule(schedule.shape, warmUp: warmUp)
    if weightDecay > 0 {
      configuration.weightDecay = WeightDecay(weightDecay, kind: .decoupled, kernelsOnly: true)
    }
    configuration.clipping = clipNorm.map { .globalNorm($0) }
    for layer in layers {
      let factor = rateFactors[layer.name] ?? rateFactors[layer.block]
      if let factor { configuration.rateMultipliers[layer.name] = factor }
    }
    configuration.batchSize = batchSize
    configuration.validationBatchSize = 32
    configuration.epochs = epochs
    configuration.patience = patience
    configuration.restoresBest = hasValidation
    configuration.labelSmoothing = labelSmoothing
    configuration.classWeights = classWeights
    configuration.seed = seed
    return configuration
  }
}

/// A layer that trains, and what to call the part of the network it belongs to.
struct TrainedLayer: Sendable, Equatable {
  var name: String
  /// `block5`, or `head`.
  var block: String
}
