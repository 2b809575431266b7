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
  /// How feature maps become vectors.
  public var pooling = HeadPooling.average

  /// Fixed layers applied to the map of features before it is pooled.
  public var beforePooling: [any Layer] = []

  /// Fixed layers applied to the pooled vector.
  public var afterPooling: [any Layer] = []

  /// Whether each feature of the pooled vector is given mean 0 and variance 1 for training; the
  /// map is folded into the first dense layer afterwards. Needs training rows that fit
  /// ``memoryBudget``.
  public var standardize = false

  /// Units of the hidden layer, at most 65,536, a ReLU behind it; 0 for none.
  public var hidden = 0

  /// Rate of the dropout before the last dense layer.
  public var dropout: Float = 0
  /// Newton's method to convergence, or an optimizer for some epochs.
  public var solver = HeadSolver.newton

  /// nil: Keras' default of the solver (SGD 0.01, the others 0.001). Not with newton.
  public var learningRate: Float?

  /// Of SGD; 0 with the others.
  public var momentum = 0.0
  /// Rows in a step of a gradient solver.
  public var batchSize = 32
  /// Of a gradient solver, at the most.
  public var epochs = 50

  /// Epochs without a lower validation loss after which training stops; the weights of the best
  /// epoch are then restored. nil: all epochs run, and the last weights stay. Not with newton.
  public var patience: Int?

  /// One weight a class, multiplying the losses of its rows.
  public var classWeights: [Float]?
  /// The share ε of a label that is spread over all classes.
  public var labelSmoothing: Float = 0

  /// Whether rows come in a new random order in every epoch.
  public var shuffle = true

  /// Determines initial weights, order of rows, dropout and folds.
  public var seed: UInt64 = 0

  /// Folds of the newton solver's cross-validation.
  public var folds = 5

  /// Strengths that the newton solver tries; see ``LogisticRegression/strengths``. Not with the
  /// others.
  public var strengths: [Double]?

  /// Bytes of features kept in memory, those of training first; more are read anew in every
  /// epoch, by blocks of rows in random order. The newton solver keeps all pooled features whatever
  /// their size.
  public var memoryBudget = 1 << 30

  public init() {}

  /// The training that a gradient solver does; nil for newton.
  var training: TrainingConfiguration? {
    let rule: Optimizer.Rule
    switch solver {
    case .rmsprop: rule = .rmsprop()
    case .adam: rule = .adam()
    case .sgd: rule = .sgd(momentum: momentum)
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

  /// Refuses settings without meaning, and those that the solver would not look at. Batch size,
  /// epochs and folds are no such: they have values in any case.
  func validate(classes: Int) throws {
    try checkSetting(classes >= 2, "classes", "at least 2", classes)
    try checkSetting((0...65536).contains(hidden), "hidden", "0 to 65536", hidden)
    try checkSetting(dropout >= 0 && dropout < 1, "dropout", "at least 0 and below 1", dropout)
    try checkCount(batchSize, "batch size")
    try checkCount(epochs, "epochs")
    try checkSetting((patience ?? 0) >= 0, "patience", "at least 0", patience ?? 0)
    try checkSetting(memoryBudget > 0, "memory budget", "positive", memoryBudget)
    try checkSetting(
      labelSmoothing >= 0 && labelSmoothing < 1, "label smoothing", "at least 0 and below 1",
      labelSmoothing)
    try checkSetting(momentum >= 0 && momentum < 1, "momentum", "at least 0 and below 1", momentum)
    try checkSetting(
      learningRate.map { $0 > 0 && $0.isFinite } ?? true, "learning rate", "positive",
      learningRate ?? 0)
    if let classWeights {
      try checkSetting(
        classWeights.count == classes && classWeights.allSatisfy { $0 > 0 && $0.isFinite },
        "class weights", "\(classes) positive numbers", classWeights)
    }
    if solver == .newton {
      try checkSetting(hidden == 0, "hidden", "0 with the newton solver", hidden)
      try checkSetting(dropout == 0, "dropout", "0 with the newton solver", dropout)
      try checkSetting(folds >= 2, "folds", "at least 2", folds)
      try checkSetting(
        learningRate == nil, "learning rate", "left out with the newton solver",
        learningRate ?? 0)
      try checkSetting(
        patience == nil, "patience", "left out with the newton solver", patience ?? 0)
    } else {
      try checkSetting(
        strengths == nil, "strengths", "left out without the newton solver", strengths ?? [])
    }
    try checkSetting(solver == .sgd || momentum == 0, "momentum", "0 without sgd", momentum)
  }
}
