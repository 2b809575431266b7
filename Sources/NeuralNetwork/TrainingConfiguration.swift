/// Everything that determines how a network is trained by gradients.
public struct TrainingConfiguration: Sendable, Equatable {
  /// How gradients change the weights.
  public var rule: Optimizer.Rule

  /// nil: Keras' default of the rule (SGD 0.01, the others 0.001).
  public var learningRate: Float?

  /// How the learning rate changes from step to step.
  public var schedule = LearningRateSchedule()

  /// nil: Keras' default of the rule (0.004 for AdamW, none for the others).
  public var weightDecay: WeightDecay?
  /// Nil for none.
  public var clipping: GradientClipping?

  /// Factors to the learning rate by layer name.
  public var rateMultipliers: [String: Float] = [:]
  /// Rows in a step.
  public var batchSize = 32

  /// Rows that are measured at once; nil for the batch size.
  public var validationBatchSize: Int?
  /// At the most.
  public var epochs = 50

  /// Epochs without a lower validation loss after which training stops; nil: all epochs run.
  public var patience: Int?

  /// Whether the weights of the epoch with the lowest validation loss are restored at the end.
  public var restoresBest = false

  /// One weight a class, multiplying the losses of its rows.
  public var classWeights: [Float]?
  /// The share ε of a label that is spread over all classes.
  public var labelSmoothing: Float = 0

  /// Whether rows come in a new random order in every epoch.
  public var shuffle = true

  /// Determines the order of rows. Layers that draw random numbers have states of their own.
  public var seed: UInt64 = 0

  public init(_ rule: Optimizer.Rule) { self.rule = rule }

  /// Refuses settings without meaning.
  func validate() throws {
    try checkCount(batchSize, "batch size")
    try checkCount(validationBatchSize ?? 1, "batch size")
    try checkCount(epochs, "epochs")
    try checkSetting((patience ?? 0) >= 0, "patience", "at least 0", patience ?? 0)
    try checkSetting(
      labelSmoothing >= 0 && labelSmoothing < 1, "label smoothing", "at least 0 and below 1",
      labelSmoothing)
    try checkSetting(
      learningRate.map { $0 > 0 && $0.isFinite } ?? true, "learning rate", "positive",
      learningRate ?? 0)
    for (layer, factor) in rateMultipliers {
      try checkSetting(
        factor >= 0 && factor.isFinite, "learning rate factor of \(layer)", "at least 0", factor)
    }
    for weight in classWeights ?? [] {
      try checkSetting(weight > 0 && weight.isFinite, "class weight", "positive", weight)
    }
    let decay = weightDecay?.rate ?? 0
    try checkSetting(decay >= 0 && decay.isFinite, "weight decay", "at least 0", decay)
    let limit = clipping?.limit ?? 1
    try checkSetting(limit > 0 && limit.isFinite, "limit of gradients", "positive", limit)
    if case .sgd(let momentum, _) = rule {
      try checkSetting(
        momentum >= 0 && momentum < 1, "momentum", "at least 0 and below 1", momentum)
    }
    try schedule.validate()
  }
}
