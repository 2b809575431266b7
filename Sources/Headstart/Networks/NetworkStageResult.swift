import NeuralNetwork
import Pictures

/// What the network stage made and measured.
public struct NetworkStageResult: Sendable {
  /// The network and what its inputs are prepared by, calibrated.
  public let classifier: Classifier
  /// The network, with its history.
  public let trained: TrainedModel
  /// What became of the training pictures, then of those for validation.
  public let extraction: ExtractionResult
  /// On the training pictures as they are.
  public let train: EvaluationReport
  /// Nil if there were no validation pictures.
  public let validation: EvaluationReport?
  /// The predictions behind ``validation``.
  public let judgedValidation: JudgedPredictions?
  /// SHA-256 of the pictures and labels, as ``HeadStageResult/dataHash``.
  public let dataHash: String
  /// Of the epochs, pictures or features at hand; of all sessions if it was resumed.
  public let trainingSeconds: Double
  /// Of all sessions, as well.
  public let seconds: Double

  /// What to note in the model's file.
  public var savedOptimizer: Optimizer { trained.optimizer(notedIn: classifier) }

  /// Judges a trained network, and calibrates it on the validation pictures.
  init(
    _ stage: NetworkStage, _ data: DataSet, _ backbone: any FeatureExtractor,
    _ inputs: NetworkInputs, _ trained: TrainedModel, trainingSeconds: Double,
    seconds: () -> Double
  ) throws {
    var trained = trained
    let (rows, pool) = (inputs.validationRows, stage.pool)
    func classifier(_ calibration: Calibration?) -> Classifier {
      Classifier(
        classes: data.classes, settings: stage.features, backbone: backbone, head: trained.model,
        trainedOn: PictureSet(inputs.trainRows.pictures), calibration: calibration)
    }
    var calibration: Calibration?
    if !rows.labels.isEmpty {
      let plain = classifier(nil)
      calibration = HeldOutPredictions(
        validation: rows,
        logits: try inputs.validation.inParts {
          try plain.logits(features: $0, count: $1, pool: pool)
        }
      ).calibration(
        // Only a dense layer can be divided by a temperature.
        mayTemper: stage.settings.calibrates && trained.model.layers.last is Dense)
    }
    if let calibration, calibration.isApplied {
      trained.model = try trained.model.tempered(calibration.temperature)
    }
    let final = classifier(calibration)
    // By the very path that `evaluate` and `predict` take.
    func probabilities(_ source: any BatchSource) throws -> [[Double]] {
      try source.inParts { try final.probabilities(features: $0, count: $1, pool: pool) }
    }
    let predicted = try probabilities(inputs.validation)
    train = try EvaluationReport(
      probabilities: try probabilities(inputs.plainTrain), labels: inputs.trainRows.labels,
      classes: data.classes)
    judgedValidation =
      rows.labels.isEmpty ? nil : rows.judged(predicted, classes: data.classes)
    validation = try judgedValidation?.report()
    self.classifier = final
    self.trained = trained
    extraction = inputs.extraction
    dataHash = LabelledRows.hash(train: inputs.trainRows, validation: rows)
    self.trainingSeconds = trainingSeconds
    self.seconds = seconds()
  }
}
