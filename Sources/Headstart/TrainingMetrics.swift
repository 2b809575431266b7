/// `metrics.json`, and what `train --json` prints.
public struct TrainingMetrics: Codable, Sendable {
  /// How the pictures were dealt with.
  public struct Pictures: Codable, Sendable {
    public var computed: Int
    public var cached: Int
    public var duplicates: Int
    public var unreadable: Int
    /// Pictures computed in a second of extraction.
    public var perSecond: Double
  }

  public struct Seconds: Codable, Sendable {
    public var extraction: Double
    public var head: Double
    public var all: Double
  }

  /// On the pictures that it was trained on: flattering.
  public var train: EvaluationReport
  /// On training pictures, each judged by a head that has not seen it; nil unless the solver is
  /// `newton`.
  public var outOfFold: EvaluationReport?
  public var validation: EvaluationReport?
  /// The strength λ of the regularisation that `newton` chose.
  public var strength: Double?
  /// Nil where there are neither out-of-fold predictions nor validation pictures.
  public var calibration: Calibration?
  /// The epoch whose weights were kept, of a gradient solver.
  public var bestEpoch: Int?
  public var pictures: Pictures
  public var seconds: Seconds

  public init(_ result: HeadStageResult) {
    train = result.train
    outOfFold = result.outOfFold
    validation = result.validation
    strength = result.trained.regression?.chosen
    calibration = result.classifier.calibration
    bestEpoch = result.trained.bestEpoch
    let counts = result.extraction.counts
    pictures = Pictures(
      computed: counts.computed, cached: counts.cached, duplicates: counts.duplicates,
      unreadable: counts.unreadable, perSecond: result.extraction.rate)
    seconds = Seconds(
      extraction: counts.seconds, head: result.headSeconds, all: result.seconds)
  }
}
