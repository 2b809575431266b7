/// `metrics.json` of a fine-tuning, and what `fine-tune --json` prints.
public struct FineTuneMetrics: Codable, Sendable {
  /// Which model `model.h5` is.
  public enum Kept: String, Codable, Sendable { case fineTuned, original }

  /// How long the stage's parts took.
  public struct Seconds: Codable, Sendable {
    /// Features of training and validation pictures, in the last session.
    public var extraction: Double
    /// The epochs, of all sessions.
    public var training: Double
    /// Everything, of all sessions.
    public var all: Double
  }

  public var kept: Kept
  /// Of the model that was kept, on the validation pictures; nil if there are none.
  public var validation: EvaluationReport?
  /// Of the model that it began with.
  public var validationBefore: EvaluationReport?
  /// Of the fine-tuned model.
  public var validationAfter: EvaluationReport?
  /// Both on the validation pictures; nil if there are none.
  public var comparison: ModelComparison?
  /// The epoch whose weights the fine-tuned model has.
  public var bestEpoch: Int
  /// Epochs trained.
  public var epochs: Int
  /// Of training and validation pictures together; but for `unreadable`, of their views.
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
    let extractions = [result.extraction, result.validationExtraction]
    func sum<Number: AdditiveArithmetic>(_ value: (ExtractionProgress) -> Number) -> Number {
      extractions.reduce(.zero) { $0 + value($1.counts) }
    }
    let extractionSeconds = sum(\.seconds)
    pictures = TrainingMetrics.Pictures(
      computed: sum(\.computed), cached: sum(\.cached), duplicates: sum(\.duplicates),
      // A picture counts once here as everywhere, however many views of it there would be.
      unreadable: extractions.reduce(0) { $0 + $1.problems.count },
      perSecond: extractionSeconds > 0 ? Double(sum(\.computed)) / extractionSeconds : 0)
    seconds = Seconds(
      extraction: extractionSeconds, training: result.trainingSeconds, all: result.seconds)
  }
}
