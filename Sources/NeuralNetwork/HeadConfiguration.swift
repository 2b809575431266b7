/// How the map of features of a picture becomes one vector.
public enum HeadPooling: String, Sendable, CaseIterable, Codable {
  /// All positions, one after the other.
  case flatten
  /// The mean of each channel over the positions.
  case average
  /// The largest value of each channel over the positions.
  case max
}

/// How the head's weights are found.
public enum HeadSolver: String, Sendable, CaseIterable, Codable {
  case rmsprop, adam, sgd
  /// Regularised logistic or softmax regression to convergence (``LogisticRegression``).
  case newton
}

/// Everything that determines how a head is trained.
public struct HeadConfiguration: Sendable {
  public var pooling = HeadPooling.average

  /// Fixed layers applied to the map of features before it is pooled.
  public var beforePooling: [any Layer] = []

  /// Fixed layers applied to the pooled vector.
  public var afterPooling: [any Layer] = []

  /// Whether each feature of the pooled vector is given mean 0 and variance 1 for training; the
  /// map is folded into the first dense layer afterwards. Needs features that fit
  /// ``memoryBudget``.
  public var standardize = false

  /// Units of the hidden layer; 0 for none.
  public var hidden = 0
  public var hiddenActivation = Activation.relu

  /// Rate of the dropout before the last dense layer.
  public var dropout: Float = 0
  public var solver = HeadSolver.newton

  /// nil: Keras' default of the solver (SGD 0.01, the others 0.001).
  public var learningRate: Float?

  /// Of SGD.
  public var momentum = 0.0

  /// Of SGD.
  public var nesterov = false
  public var batchSize = 32
  public var epochs = 50

  /// Epochs without a lower validation loss after which training stops; the weights of the best
  /// epoch are then restored. nil: all epochs run, and the last weights stay.
  public var patience: Int?

  /// One weight a class, multiplying the losses of its rows.
  public var classWeights: [Float]?
  public var labelSmoothing: Float = 0

  /// Whether rows come in a new random order in every epoch.
  public var shuffle = true

  /// Determines initial weights, order of rows, dropout and folds.
  public var seed: UInt64 = 0

  /// Folds of the newton solver's cross-validation.
  public var folds = 5

  /// Strengths that the newton solver tries; see ``LogisticRegression/strengths``.
  public var strengths: [Double]?

  /// Bytes of features kept in memory; more are read anew in every epoch, by blocks of rows in
  /// random order. The newton solver keeps all pooled features whatever their size.
  public var memoryBudget = 1 << 30

  public init() {}

  /// The training that a gradient solver does; nil for newton.
  var training: TrainingConfiguration? {
    let rule: Optimizer.Rule
    switch solver {
    case .rmsprop: rule = .rmsprop()
    case .adam: rule = .adam()
    case .sgd: rule = .sgd(momentum: momentum, nesterov: nesterov)
    case .newton: return nil
    }
    var training = TrainingConfiguration(rule)
    training.learningRate = learningRate
    training.batchSize = batchSize
    training.validationBatchSize = 256
    training.epochs = epochs
    training.patience = patience
    training.restoresBest = patience != nil
    training.classWeights = classWeights
    training.labelSmoothing = labelSmoothing
    training.shuffle = shuffle
    training.seed = seed
    return training
  }

  /// Refuses settings without meaning.
  func validate(classes: Int) throws {
    func check(_ holds: Bool, _ name: String, _ expected: String, _ found: Any) throws {
      guard holds else {
        throw NeuralNetworkError.setting(name: name, expected: expected, found: "\(found)")
      }
    }
    try check(classes >= 2, "classes", "at least 2", classes)
    try check(hidden >= 0, "hidden", "at least 0", hidden)
    try check(dropout >= 0 && dropout < 1, "dropout", "at least 0 and below 1", dropout)
    try check(batchSize >= 1, "batch size", "at least 1", batchSize)
    try check(epochs >= 1, "epochs", "at least 1", epochs)
    try check((patience ?? 0) >= 0, "patience", "at least 0", patience ?? 0)
    try check(memoryBudget > 0, "memory budget", "positive", memoryBudget)
    try check(
      labelSmoothing >= 0 && labelSmoothing < 1, "label smoothing", "at least 0 and below 1",
      labelSmoothing)
    try check(momentum >= 0 && momentum < 1, "momentum", "at least 0 and below 1", momentum)
    try check(
      learningRate.map { $0 > 0 && $0.isFinite } ?? true, "learning rate", "positive",
      learningRate ?? 0)
    if let classWeights {
      try check(
        classWeights.count == classes && classWeights.allSatisfy { $0 > 0 && $0.isFinite },
        "class weights", "\(classes) positive numbers", classWeights)
    }
    if solver == .newton {
      try check(hidden == 0, "hidden", "0 with the newton solver", hidden)
      try check(dropout == 0, "dropout", "0 with the newton solver", dropout)
      try check(folds >= 2, "folds", "at least 2", folds)
    }
  }
}
