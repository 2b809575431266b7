/// `metrics.json` of a fine-tuning, and what `fine-tune --json` prints.
public struct FineTuneMetrics: Codable, Sendable {
  /// Which model `model.h5` is.
  public enum Kept: String, Codable, Sendable { case fineTuned, original }

  public struct Seconds: Codable, Sendable {
    public var extraction: Double
    public var training: Double
    public var all: Double
  }

  public var kept: Kept
  /// Of the model that was kept, on the validation pictures; nil if there are none.
  public var validation: EvaluationReport?
  public var validationBefore: EvaluationReport?
  public var validationAfter: EvaluationReport?
  public var comparison: ModelComparison?
  /// The epoch whose weights the fine-tuned model has.
  public var bestEpoch: Int
  public var epochs: Int
  public var pictures: TrainingMetrics.Pictures
  public var seconds: Seconds

  public init(_ result: FineTuneResult, keepsFineTuned: Bool) {
    kept = keepsFineTuned ? .fineTuned : .original
    validation = keepsFineTuned ? result.validationAfter : result.validationBefore
    validationBefore = result.validationBefore
    validationAfter = result.validationAfter
    comparison = result.comparison
    bestEpoch = result.trained.bestEpoch
    epochs = result.trained.history.count
    let counts = result.extraction.counts
    pictures = TrainingMetrics.Pictures(
      computed: counts.computed, cached: counts.cached, duplicates: counts.duplicates,
      unreadable: counts.unreadable, perSecond: result.extraction.rate)
    seconds = Seconds(
      extraction: counts.seconds + result.validationExtraction.counts.seconds,
      training: result.trainingSeconds, all: result.seconds)
  }
}
