import Kernels

/// Training of a network's layers by an optimizer, epoch by epoch.
struct TrainingLoop {
  let configuration: TrainingConfiguration
  private(set) var model: Sequential
  private(set) var history: [EpochRecord] = []
  private(set) var best: TrainingCheckpoint.Best?

  private(set) var optimizer: Optimizer
  private var order: Generator
  private let loss: CrossEntropy
  private let pool: ThreadPool

  /// - Parameter model: Layers whose last one gives logits.
  init(_ configuration: TrainingConfiguration, model: Sequential, pool: ThreadPool) {
    self.configuration = configuration
    self.model = model
    self.pool = pool
    optimizer = Optimizer(
      configuration.rule, learningRate: configuration.learningRate,
      weightDecay: configuration.weightDecay, clipping: configuration.clipping,
      rateMultipliers: configuration.rateMultipliers)
    order = Generator.derived(seed: configuration.seed, purpose: 3)
    loss = CrossEntropy(
      labelSmoothing: configuration.labelSmoothing, classWeights: configuration.classWeights)
  }

  /// Takes up the state of a training of the same network with the same settings.
  mutating func restore(_ checkpoint: TrainingCheckpoint) throws {
    guard checkpoint.randomStates.count == model.layers.count else {
      throw NeuralNetworkError.count(
        what: "layers in the checkpoint", expected: model.layers.count,
        found: checkpoint.randomStates.count)
    }
    if let weights = checkpoint.best?.weights {
      var other = model
      try other.setWeights(weights)
    }
    try model.setWeights(checkpoint.weights)
    for (index, state) in checkpoint.randomStates.enumerated() {
      model.layers[index].randomState = state
    }
    optimizer = Optimizer(
      configuration.rule, learningRate: configuration.learningRate,
      weightDecay: configuration.weightDecay, clipping: configuration.clipping,
      rateMultipliers: configuration.rateMultipliers, iterations: checkpoint.iterations,
      slots: checkpoint.slots)
    order = checkpoint.order
    history = checkpoint.history
    best = checkpoint.best
  }

  private var checkpoint: TrainingCheckpoint {
    TrainingCheckpoint(
      weights: model.weights, iterations: optimizer.iterations, slots: optimizer.slots,
      order: order, randomStates: model.layers.map(\.randomState), history: history, best: best)
  }

  /// The epoch whose weights the model has after ``run(_:validation:progress:)``.
  var bestEpoch: Int {
    configuration.restoresBest ? best?.epoch ?? history.count : history.count
  }

  /// Whether as many epochs as patience allows have gone by since the best one.
  private var isOutOfPatience: Bool {
    guard let patience = configuration.patience, let best, history.count > best.epoch else {
      return false
    }
    return history.count - best.epoch >= patience
  }

  /// Trains until the epochs are done or patience is at its end; then restores the best weights
  /// if the configuration says so.
  mutating func run(
    _ rows: some BatchedRows, validation: (some BatchedRows)?,
    progress: (TrainingProgress) throws -> Void
  ) throws {
    let needsBest = configuration.patience != nil || configuration.restoresBest
    guard !needsBest || validation != nil else {
      throw NeuralNetworkError.setting(
        name: configuration.patience == nil ? "best weights" : "patience",
        expected: "none without validation rows",
        found: configuration.patience.map { "\($0)" } ?? "restored")
    }
    while history.count < configuration.epochs, !isOutOfPatience {
      var record = try train(history.count + 1, rows, progress)
      if let validation {
        let measured = try measure(validation, epoch: record.epoch)
        record.validationLoss = measured.loss
        record.validationAccuracy = measured.accuracy
      }
      guard record.validationLoss?.isFinite ?? true else {
        throw NeuralNetworkError.diverged(epoch: record.epoch)
      }
      history.append(record)
      if needsBest, let loss = record.validationLoss, loss < best?.loss ?? .infinity {
        best = TrainingCheckpoint.Best(epoch: record.epoch, loss: loss, weights: model.weights)
      }
      try progress(.epoch(record, checkpoint))
    }
    model.forget()
    if configuration.restoresBest, let best { try model.setWeights(best.weights) }
  }

  private mutating func train(
    _ epoch: Int, _ rows: some BatchedRows, _ progress: (TrainingProgress) throws -> Void
  ) throws -> EpochRecord {
    let clock = ContinuousClock()
    let start = clock.now
    let stepsAnEpoch = (rows.count + configuration.batchSize - 1) / configuration.batchSize
    let steps = stepsAnEpoch * configuration.epochs
    let rate = configuration.learningRate ?? configuration.rule.defaultLearningRate
    var total = (loss: 0.0, correct: 0, rows: 0)
    var generator = order
    try rows.forEachBatch(
      configuration.batchSize, epoch: epoch, shuffledBy: &generator,
      shuffle: configuration.shuffle, pool: pool
    ) { inputs, labels in
      let logits = try model.forward(inputs, pool: pool)
      let result = try loss(logits: logits, labels: labels)
      guard result.loss.isFinite else { throw NeuralNetworkError.diverged(epoch: epoch) }
      try model.backward(result.gradient, pool: pool)
      optimizer.learningRate = configuration.schedule.rate(
        rate, step: optimizer.iterations, of: steps)
      try optimizer.step(&model, pool: pool)
      total.loss += result.loss * Double(labels.count)
      total.correct += result.correct
      total.rows += labels.count
      try progress(
        .batch(
          epoch: epoch, done: total.rows, total: rows.count,
          loss: total.loss / Double(total.rows),
          accuracy: Double(total.correct) / Double(total.rows)))
    }
    order = generator
    let seconds = (clock.now - start) / .seconds(1)
    return EpochRecord(
      epoch: epoch, loss: total.loss / Double(rows.count),
      accuracy: Double(total.correct) / Double(rows.count), validationLoss: nil,
      validationAccuracy: nil, seconds: seconds,
      rowsPerSecond: Double(rows.count) / max(seconds, 1e-9))
  }

  /// Loss and accuracy in inference.
  func measure(_ rows: some BatchedRows, epoch: Int = 1) throws -> (loss: Double, accuracy: Double)
  {
    var unused = Generator(seed: 0)
    var total = (loss: 0.0, correct: 0)
    // Keras weighs classes in training only, but smooths labels in both.
    let loss = CrossEntropy(labelSmoothing: configuration.labelSmoothing)
    try rows.forEachBatch(
      configuration.validationBatchSize ?? configuration.batchSize, epoch: epoch,
      shuffledBy: &unused, shuffle: false, pool: pool
    ) { inputs, labels in
      let result = try loss(logits: try model(inputs, pool: pool), labels: labels)
      total.loss += result.loss * Double(labels.count)
      total.correct += result.correct
    }
    return (total.loss / Double(rows.count), Double(total.correct) / Double(rows.count))
  }
}
