import Kernels

/// How far a training is.
public enum TrainingProgress: Sendable {
  /// Rows of an epoch trained on, with the mean loss and accuracy over them.
  case batch(epoch: Int, done: Int, total: Int, loss: Double, accuracy: Double)
  /// An epoch is over, and training can go on from this checkpoint.
  ///
  /// The checkpoint shares its memory with the training until that goes on: one that is kept costs
  /// a copy of the weights.
  case epoch(EpochRecord, TrainingCheckpoint)
}

/// A trained network.
public struct TrainedModel: Sendable {
  /// With the weights of ``bestEpoch``.
  public var model: Sequential

  /// By epoch.
  public var history: [EpochRecord]

  /// The epoch whose weights the model has.
  public var bestEpoch: Int

  /// As it was after the last step.
  public var optimizer: Optimizer
}

/// Trains a whole network, or those of its layers that are not frozen, by gradients.
///
/// A network of one output is trained by binary cross-entropy, one of more by categorical; its last
/// activation must be sigmoid or softmax accordingly, or linear if it is to give logits. The result
/// has the same bits for any number of threads, and when it was resumed from a checkpoint.
public struct Trainer: Sendable {
  /// How it trains.
  public let configuration: TrainingConfiguration
  private let pool: ThreadPool

  /// - Throws: ``NeuralNetworkError/setting(name:expected:found:)`` for settings without meaning.
  public init(_ configuration: TrainingConfiguration, pool: ThreadPool) throws {
    try configuration.validate()
    self.configuration = configuration
    self.pool = pool
  }

  /// Trains a network.
  ///
  /// - Parameters:
  ///   - model: The network at its start, or any of the same layers if there is a checkpoint.
  ///   - validation: What to measure each epoch on; patience and restoring the best need it.
  ///   - checkpoint: Where to go on from, in a training with the same settings (`epochs` aside, if
  ///     the schedule is constant).
  ///   - progress: Told how far the work is; if it throws, training stops.
  /// - Throws: ``NeuralNetworkError``, and what the sources and `progress` throw.
  public func train(
    _ model: Sequential, on source: any BatchSource, validation: (any BatchSource)? = nil,
    from checkpoint: TrainingCheckpoint? = nil,
    progress: (TrainingProgress) throws -> Void = { _ in }
  ) throws -> TrainedModel {
    let activation = model.outputActivation
    var loop = try loop(model, source)
    if let validation { try check(model, validation, "validation rows (or more)") }
    if let checkpoint { try loop.restore(checkpoint) }
    try loop.run(
      SourceRows(source: source), validation: validation.map { SourceRows(source: $0) },
      progress: progress)
    var trained = loop.model
    trained.outputActivation = activation
    return TrainedModel(
      model: trained, history: loop.history, bestEpoch: loop.bestEpoch, optimizer: loop.optimizer)
  }

  /// Loss (with label smoothing, without class weights) and accuracy of a network in inference, as
  /// each epoch's validation gives them.
  public func measure(
    _ model: Sequential, on source: any BatchSource
  ) throws -> (loss: Double, accuracy: Double) {
    try loop(model, source).measure(SourceRows(source: source))
  }

  private func loop(_ model: Sequential, _ source: any BatchSource) throws -> TrainingLoop {
    try check(model, source, "rows (or more)")
    let outputs = try model.outputShape()
    let activation = model.outputActivation
    let expected: Activation = outputs == [1] ? .sigmoid : .softmax
    guard outputs.count == 1, activation == .linear || activation == expected else {
      throw NeuralNetworkError.setting(
        name: "last activation", expected: "\(expected.rawValue), or linear for logits",
        found: "\(activation.rawValue) of shape \(outputs)")
    }
    var logits = model
    logits.outputActivation = .linear
    return TrainingLoop(configuration, model: logits, pool: pool)
  }

  private func check(_ model: Sequential, _ source: any BatchSource, _ what: String) throws {
    guard source.count > 0 else {
      throw NeuralNetworkError.count(what: what, expected: 1, found: 0)
    }
    guard source.shape == model.inputShape else {
      throw NeuralNetworkError.shape(
        layer: "the model", expected: "inputs of shape \(model.inputShape)", found: source.shape)
    }
  }
}
