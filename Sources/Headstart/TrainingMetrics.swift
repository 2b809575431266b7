import NeuralNetwork

/// `metrics.json`, and what `train --json` prints.
public struct TrainingMetrics: Codable, Sendable {
  /// How the pictures were dealt with.
  public struct Pictures: Codable, Sendable {
    /// Views whose features were computed.
    public var computed: Int
    /// Views whose features were in the store.
    public var cached: Int
    /// Views of files with the bytes of another one.
    public var duplicates: Int
    /// Training and validation pictures that could not be read.
    public var unreadable: Int
    /// Pictures computed in a second of extraction.
    public var perSecond: Double
  }

  /// How long the stage's parts took.
  public struct Seconds: Codable, Sendable {
    /// The features.
    public var extraction: Double
    /// The head alone, features at hand.
    public var head: Double
    /// Everything.
    public var all: Double
  }

  /// On the pictures that it was trained on: flattering.
  public var train: EvaluationReport
  /// On training pictures, each judged by a head that has not seen it; nil unless the solver is
  /// `newton`.
  public var outOfFold: EvaluationReport?
  /// Nil if there are no validation pictures.
  public var validation: EvaluationReport?
  /// How the feature maps are pooled, chosen or given; nil for features that are vectors.
  public var pooling: HeadPooling?
  /// The strength λ of the regularisation that `newton` chose.
  public var strength: Double?
  /// Nil where there are neither out-of-fold predictions nor validation pictures.
  public var calibration: Calibration?
  /// The epoch whose weights were kept, and how many there were, of a gradient solver.
  public var bestEpoch: Int?
  public var epochs: Int?
  /// Of training and validation, plain.
  public var pictures: Pictures
  public var seconds: Seconds

  public init(_ result: HeadStageResult) {
    train = result.train
    outOfFold = result.outOfFold
    validation = result.validation
    pooling = result.trained.pooling
    strength = result.trained.regression?.chosen
    calibration = result.classifier.calibration
    bestEpoch = result.trained.bestEpoch
    epochs = result.trained.history.isEmpty ? nil : result.trained.history.count
    let counts = result.extraction.counts
    pictures = Pictures(
      computed: counts.computed, cached: counts.cached, duplicates: counts.duplicates,
      unreadable: counts.unreadable, perSecond: result.extraction.rate)
    seconds = Seconds(
      extraction: counts.seconds, head: result.headSeconds, all: result.seconds)
  }
}
