/// A trained head.
public struct TrainedHead: Sendable {
  /// From the source's shape to probabilities: the fixed layers, pooling, the trained layers.
  public var model: Sequential

  /// How the feature maps are pooled; nil for features that are vectors already.
  public var pooling: HeadPooling?

  /// By epoch; empty for the newton solver.
  public var history: [EpochRecord]

  /// The epoch whose weights the model has; nil for the newton solver.
  public var bestEpoch: Int?

  /// As it was after the last step, or at its first where its state is not that of ``model``'s
  /// weights (a standardisation was folded into them); nil for the newton solver.
  public var optimizer: Optimizer?

  /// The newton solver's report.
  public var regression: RegressionReport?
}
