import NeuralNetwork
import Pictures

/// Everything a user chooses about the head, with the defaults that `train` has.
///
/// The default is L2-regularised logistic regression on the pooled feature map scaled to unit
/// length, pooled by maximum or average, whichever cross-validates better: on VGG16 features the
/// most accurate of the heads that stock Keras layers can express.
public struct HeadSettings: Codable, Sendable, Equatable {
  /// Nil: with `newton` the better of `max` and `average` by cross-validated log loss on the
  /// training pictures, else `average`.
  public var pooling: HeadPooling?
  /// Nil: `l2` for pooled features, `none` for flattened ones.
  public var normalization: HeadNormalization?
  /// Units of a hidden ReLU layer; 0 for none. Nil: 256 with a gradient solver, none with `newton`.
  public var hidden: Int?
  /// Share of the units dropped in training. Nil: .5 behind a hidden layer, else none.
  public var dropout: Float?
  /// Newton's method to convergence, or an optimizer for some epochs.
  public var solver: HeadSolver = .newton
  /// Nil: the solver's default in Keras (rmsprop and adam 0.001, sgd 0.01).
  public var learningRate: Float?
  /// Of sgd.
  public var momentum = 0.0
  /// Rows in a step of a gradient solver.
  public var batchSize = 32
  /// Of a gradient solver, at the most.
  public var epochs = 50
  /// Epochs without a better validation loss after which training stops, the best weights
  /// restored. Nil: all epochs run.
  public var patience: Int?
  /// Whether every class counts as much as every other, however many pictures it has: its weight
  /// is n / (classes · n of the class), as scikit-learn's `balanced`.
  public var balanced = false
  /// The share of a label that is spread over all classes.
  public var labelSmoothing: Float = 0
  /// Folds of the cross-validation that chooses the strength of `newton`'s regularisation.
  public var folds = 10
  /// A fixed strength λ in place of the one chosen by cross-validation.
  public var strength: Double?
  /// Whether the logits may be divided by a temperature; see ``Calibration``.
  public var calibrates = true
  /// Augmented views of each training picture that are trained on besides the plain one, each
  /// computed once and kept; an epoch is all of them.
  public var views = 0
  /// What the views are drawn from.
  public var augmentation = FineTuneSettings.defaultAugmentation
  /// Of folds, views, first weights and order.
  public var seed: UInt64 = 0

  public init() {}

  /// The views of each training picture, the plain one first.
  var trainingViews: [PictureView] {
    guard views > 0, !augmentation.isNeutral else { return [.plain] }
    return [.plain] + PictureView.random(views, of: augmentation, seed: seed)
  }

  /// The poolings to choose from.
  var poolings: [HeadPooling] {
    if let pooling { return [pooling] }
    return solver == .newton ? [.max, .average] : [.average]
  }

  /// The settings in the training code's terms.
  ///
  /// - Parameters:
  ///   - labels: of the training pictures; every class occurs.
  ///   - groups: a number for each picture; equal ones share a fold. Nil: each is alone.
  func configuration(
    pooling: HeadPooling, labels: [Int], groups: [Int]? = nil, classes: Int
  ) -> HeadConfiguration {
    var configuration = HeadConfiguration()
    configuration.pooling = pooling
    switch normalization ?? (pooling == .flatten ? .none : .l2) {
    case .none: break
    case .l2: configuration.afterPooling = [UnitNormalization()]
    case .standard: configuration.standardize = true
    }
    configuration.hidden = hidden ?? (solver == .newton ? 0 : 256)
    configuration.dropout = dropout ?? (configuration.hidden > 0 ? 0.5 : 0)
    configuration.solver = solver
    configuration.learningRate = learningRate
    configuration.momentum = momentum
    configuration.batchSize = batchSize
    configuration.epochs = epochs
    configuration.patience = patience
    if balanced {
      configuration.classWeights = LabelledRows.balancedWeights(labels, classes: classes)
    }
    configuration.labelSmoothing = labelSmoothing
    // With more folds than a class has groups, some fold would have none of it.
    let smallest =
      FoldGroups.groupsByClass(
        groups ?? Array(labels.indices), labels: labels, classes: classes
      ).min() ?? 0
    configuration.folds = max(2, min(folds, smallest))
    configuration.strengths = strength.map { [$0] }
    configuration.seed = seed
    return configuration
  }
}

/// What is done to the pooled features before the dense layers; each in stock Keras layers.
public enum HeadNormalization: String, Codable, Sendable, CaseIterable {
  case none
  /// Each picture's vector scaled to length one (`UnitNormalization`).
  case l2
  /// Each feature given mean 0 and variance 1 over the training pictures, which is folded into
  /// the first dense layer's weights.
  case standard
}
