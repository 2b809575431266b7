import Kernels

/// Training of a head's layers by an optimizer, epoch by epoch.
struct GradientTraining {
  let configuration: HeadConfiguration
  private(set) var head: Sequential
  private(set) var history: [EpochRecord] = []
  private(set) var bestEpoch: Int?

  private var optimizer: Optimizer
  private let loss: CrossEntropy
  private let outputActivation: Activation
  private let pool: ThreadPool

  /// - Parameter head: Layers whose last one gives logits.
  init(
    _ configuration: HeadConfiguration, head: Sequential, outputActivation: Activation,
    pool: ThreadPool
  ) throws {
    guard let rule = configuration.rule else {
      throw NeuralNetworkError.setting(
        name: "solver", expected: "rmsprop, adam or sgd", found: configuration.solver.rawValue)
    }
    self.configuration = configuration
    self.head = head
    self.outputActivation = outputActivation
    self.pool = pool
    optimizer = Optimizer(rule, learningRate: configuration.learningRate)
    loss = CrossEntropy(
      labelSmoothing: configuration.labelSmoothing, classWeights: configuration.classWeights)
  }

  /// Trains until the epochs are done or patience is at its end; then restores the best weights
  /// (if there is a patience) and puts the output's activation on.
  mutating func run(
    _ rows: HeadRows, validation: HeadRows?, progress: (HeadProgress) throws -> Void
  ) throws {
    guard configuration.patience == nil || validation != nil else {
      throw NeuralNetworkError.setting(
        name: "patience", expected: "none without validation rows",
        found: "\(configuration.patience ?? 0)")
    }
    var generator = Generator.derived(seed: configuration.seed, purpose: 3)
    var best: (loss: Double, epoch: Int, head: Sequential)?
    for epoch in 1...configuration.epochs {
      var record = try train(epoch, rows, &generator, progress)
      if let validation {
        let measured = try measure(validation)
        record.validationLoss = measured.loss
        record.validationAccuracy = measured.accuracy
      }
      history.append(record)
      try progress(.epoch(record))
      guard record.loss.isFinite, record.validationLoss?.isFinite ?? true else {
        throw NeuralNetworkError.diverged(epoch: epoch)
      }
      bestEpoch = epoch
      if let patience = configuration.patience, let loss = record.validationLoss {
        if loss < best?.loss ?? .infinity {
          head.forget()
          best = (loss, epoch, head)
        } else if let best, epoch - best.epoch >= patience {
          break
        }
      }
    }
    if let best {
      head = best.head
      bestEpoch = best.epoch
    }
    head.forget()
    head.outputActivation = outputActivation
  }

  /// Folds a standardisation of the features into the first dense layer.
  mutating func foldIntoFirstLayer(_ map: Standardization) throws {
    guard let index = head.layers.firstIndex(where: { $0 is Dense }),
      var dense = head.layers[index] as? Dense
    else { return }
    let folded = map.fold(
      kernel: dense.kernel.value.values.map { Double($0) },
      bias: dense.bias.value.values.map { Double($0) })
    dense.kernel.value.values = folded.kernel.map { Float($0) }
    dense.bias.value.values = folded.bias.map { Float($0) }
    head.layers[index] = dense
  }

  private mutating func train(
    _ epoch: Int, _ rows: HeadRows, _ generator: inout Generator,
    _ progress: (HeadProgress) throws -> Void
  ) throws -> EpochRecord {
    let clock = ContinuousClock()
    let start = clock.now
    var total = (loss: 0.0, correct: 0, rows: 0)
    try rows.forEachBatch(
      configuration.batchSize, shuffledBy: &generator, shuffle: configuration.shuffle, pool: pool
    ) { features, labels in
      let logits = try head.forward(features, pool: pool)
      let result = try loss(logits: logits, labels: labels)
      try head.backward(result.gradient, pool: pool)
      try optimizer.step(&head, pool: pool)
      total.loss += result.loss * Double(labels.count)
      total.correct += result.correct
      total.rows += labels.count
      try progress(
        .batch(
          epoch: epoch, done: total.rows, total: rows.count,
          loss: total.loss / Double(total.rows),
          accuracy: Double(total.correct) / Double(total.rows)))
    }
    let seconds = (clock.now - start) / .seconds(1)
    return EpochRecord(
      epoch: epoch, loss: total.loss / Double(rows.count),
      accuracy: Double(total.correct) / Double(rows.count), validationLoss: nil,
      validationAccuracy: nil, seconds: seconds,
      rowsPerSecond: Double(rows.count) / max(seconds, 1e-9))
  }

  /// Loss and accuracy in inference.
  private func measure(_ rows: HeadRows) throws -> (loss: Double, accuracy: Double) {
    var unused = Generator(seed: 0)
    var total = (loss: 0.0, correct: 0)
    // Keras weighs classes in training only, but smooths labels in both.
    let loss = CrossEntropy(labelSmoothing: configuration.labelSmoothing)
    try rows.forEachBatch(256, shuffledBy: &unused, shuffle: false, pool: pool) {
      features, labels in
      let result = try loss(logits: try head(features, pool: pool), labels: labels)
      total.loss += result.loss * Double(labels.count)
      total.correct += result.correct
    }
    return (total.loss / Double(rows.count), Double(total.correct) / Double(rows.count))
  }
}
