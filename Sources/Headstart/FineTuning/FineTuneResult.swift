import NeuralNetwork
import Pictures

/// What fine-tuning made, and whether it is better than what it began with.
public struct FineTuneResult: Sendable {
  /// What it began with.
  public let original: Classifier
  /// What it made, whether it is better or not.
  public let classifier: Classifier
  /// On the validation pictures; nil if there are none.
  public let comparison: ModelComparison?
  /// Of ``original``; nil if there are no validation pictures.
  public let validationBefore: EvaluationReport?
  /// Of ``classifier``; nil if there are no validation pictures.
  public let validationAfter: EvaluationReport?
  /// The predictions behind both.
  public let judgedBefore: JudgedPredictions?
  /// The predictions behind ``validationAfter``.
  public let judgedAfter: JudgedPredictions?
  /// The trained layers, with their history.
  public let trained: TrainedModel
  /// What became of the training pictures.
  public let extraction: ExtractionResult
  /// What became of the validation pictures.
  public let validationExtraction: ExtractionResult
  /// SHA-256 of the pictures and labels, as ``HeadStageResult/dataHash``.
  public let dataHash: String
  /// Pictures trained on.
  public let trainingCount: Int
  /// Of the epochs, features at hand; of all sessions if it was resumed.
  public let trainingSeconds: Double
  /// Of all sessions, as well.
  public let seconds: Double

  /// What to note in ``classifier``'s file.
  public var savedOptimizer: Optimizer { trained.optimizer(notedIn: classifier) }

  /// - Parameter before: the original's logits of the validation pictures; `after`: those of the
  ///   fine-tuned network, before any temperature.
  init(
    work: FineTuneStage.Work, rows: FineTuneStage.Rows, before: [[Double]], after: [[Double]],
    trained: TrainedModel, trainingSeconds: Double, seconds: Double
  ) throws {
    original = work.network.original
    let labels = rows.validation.labels
    let classes = work.data.classes
    let calibration =
      labels.isEmpty
      ? nil
      : Calibration(
        logits: after, labels: labels, folds: rows.validation.groups.map { $0 % 10 },
        source: .validation,
        // Only a dense layer can be divided by a temperature.
        mayTemper: work.stage.settings.calibrates && trained.model.layers.last is Dense)
    classifier = try work.network.classifier(
      // What the head has seen, the whole has seen.
      trainedOn: PictureSet(PictureSet(rows.train.pictures), original.trainedOn),
      calibration: calibration, pool: work.stage.pool)
    func judged(_ probabilities: [[Double]]) -> JudgedPredictions? {
      labels.isEmpty ? nil : rows.validation.judged(probabilities, classes: classes)
    }
    let probabilitiesBefore = Calibration.probabilities(before, temperature: 1)
    let probabilitiesAfter = Calibration.probabilities(
      after, temperature: calibration?.temperature ?? 1)
    comparison =
      labels.isEmpty
      ? nil
      : ModelComparison(before: probabilitiesBefore, after: probabilitiesAfter, labels: labels)
    judgedBefore = judged(probabilitiesBefore)
    judgedAfter = judged(probabilitiesAfter)
    validationBefore = try judgedBefore?.report()
    validationAfter = try judgedAfter?.report()
    self.trained = trained
    extraction = rows.extracted
    validationExtraction = rows.validationExtracted
    dataHash = LabelledRows.hash(train: rows.train, validation: rows.validation)
    trainingCount = rows.train.labels.count
    self.trainingSeconds = trainingSeconds
    self.seconds = seconds
  }
}

/// What a fine-tuning would take.
public struct FineTunePlan: Codable, Sendable {
  /// Of the training pictures' views.
  public let training: ExtractionPlan
  /// Of the validation pictures.
  public let validation: ExtractionPlan
  /// The layer whose output is cached.
  public let cut: String
  /// The layers that train.
  public let trained: [String]

  /// Of both splits: views that are not in the store yet, what they will take on the disk in bytes
  /// and in minutes, and the largest memory of either in bytes.
  public var toCompute: Int { training.toCompute + validation.toCompute }
  public var bytesOnDisk: Int { training.bytesOnDisk + validation.bytesOnDisk }
  public var minutes: Double { training.minutes + validation.minutes }
  public var bytesOfMemory: Int { max(training.bytesOfMemory, validation.bytesOfMemory) }
}
