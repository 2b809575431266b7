/// A training after some epochs: all that it takes to go on from there to the same bits.
public struct TrainingCheckpoint: Sendable, Equatable {
  /// The epoch with the lowest validation loss so far.
  public struct Best: Sendable, Equatable {
    /// Counted from 1.
    public var epoch: Int
    /// Its validation loss.
    public var loss: Double

    /// By layer, then by parameter.
    public var weights: [[Tensor]]

    public init(epoch: Int, loss: Double, weights: [[Tensor]]) {
      self.epoch = epoch
      self.loss = loss
      self.weights = weights
    }
  }

  /// All weights, trainable or not, by layer and then by parameter.
  public var weights: [[Tensor]]

  /// Steps done, ``Optimizer/iterations``.
  public var iterations: Int

  /// ``Optimizer/slots``.
  public var slots: [[[Float]]]

  /// The generator of the order of rows.
  public var order: Generator

  /// The random state of each layer (``Layer/randomState``).
  public var randomStates: [Generator?]

  /// A record for each epoch done.
  public var history: [EpochRecord]

  /// nil where there is no validation, or neither patience nor restoring asks for it.
  public var best: Best?

  public init(
    weights: [[Tensor]], iterations: Int, slots: [[[Float]]], order: Generator,
    randomStates: [Generator?], history: [EpochRecord], best: Best?
  ) {
    self.weights = weights
    self.iterations = iterations
    self.slots = slots
    self.order = order
    self.randomStates = randomStates
    self.history = history
    self.best = best
  }

  /// Epochs done.
  public var epoch: Int { history.count }
}
