import Crypto
import Foundation
import KerasFormat
import Kernels
import NeuralNetwork
import Pictures

/// The head stage: extracts whatever features are missing, trains a small dense classifier on
/// them, and says how good it is.
public struct HeadStage: Sendable {
  /// What the stage is at.
  public enum Event: Sendable {
    case extraction(ExtractionProgress)
    /// Training pictures looked at for near copies of others.
    case comparing(done: Int, total: Int)
    case head(HeadProgress)
    case remark(String)
  }

  /// How pictures become features.
  public var settings: FeatureSettings
  /// What is trained on them, and how.
  public var head: HeadSettings
  /// The folder of all feature stores.
  public var featuresFolder: String
  /// Whether the first picture that cannot be read ends everything.
  public var strict: Bool
  /// What computes.
  public var pool: ThreadPool

  public init(
    settings: FeatureSettings, head: HeadSettings, featuresFolder: String,
    strict: Bool = false, pool: ThreadPool
  ) {
    self.settings = settings
    self.head = head
    self.featuresFolder = featuresFolder
    self.strict = strict
    self.pool = pool
  }

  /// - Parameter backbone: made from ``settings``.
  /// - Throws: ``StageError`` when a class has nothing to train on, ``Cancelled``, and the errors
  ///   of the floors below.
  public func run(
    _ data: DataSet, backbone: any FeatureExtractor, cancellation: Cancellation = Cancellation(),
    event: (Event) -> Void = { _ in }
  ) throws -> HeadStageResult {
    let clock = ContinuousClock()
    let start = clock.now
    let store = try FeatureStore.open(
      under: featuresFolder, key: backbone.key, shape: backbone.outputShape)
    let extraction = Extraction(
      backbone, store: store, pool: pool, options: ExtractionOptions(isStrict: strict))
    let views = head.trainingViews
    if views.count > 1 {
      _ = try extraction.run(
        data.train, views: views, cancellation: cancellation
      ) { event(.extraction($0)) }
    }
    let extracted = try extraction.run(
      data.train + data.validation, cancellation: cancellation
    ) { event(.extraction($0)) }

    var train = LabelledRows(data.train, extracted, offset: 0)
    let validation = LabelledRows(data.validation, extracted, offset: data.train.count)
    try train.checkClasses(data, extracted)
    if head.solver == .newton {
      let groups = try FoldGroups(
        train.paths, labels: train.labels, classes: data.classes.count,
        featuresFolder: featuresFolder, pool: pool, cancellation: cancellation
      ) { event(.comparing(done: $0, total: $1)) }
      train.groups = groups.numbers
      if let remark = groups.remark { event(.remark(remark)) }
    }
    let plain = StoredFeatures(store, pictures: train.pictures, labels: train.labels)
    let trainFeatures = StoredFeatures(
      store, pictures: train.pictures, labels: train.labels, views: views.map(\.featureView))
    let validationFeatures =
      validation.labels.isEmpty
      ? nil
      : StoredFeatures(store, pictures: validation.pictures, labels: validation.labels)

    let headStart = clock.now
    var trained = try head.train(
      on: trainFeatures, validation: validationFeatures, labels: train.labels,
      groups: views.flatMap { _ in train.groups }, classes: data.classes.count, pool: pool
    ) {
      try cancellation.check()
      event(.head($0))
    }
    let headSeconds = (clock.now - headStart).seconds

    func classifier(_ calibration: Calibration?) -> Classifier {
      Classifier(
        classes: data.classes, settings: settings, backbone: backbone, head: trained.model,
        trainedOn: PictureSet(train.pictures), calibration: calibration)
    }
    let heldOut = try HeldOutPredictions(
      trained, train: train, validation: validationFeatures.map { ($0, validation) },
      classifier: classifier(nil), pool: pool)
    let calibration = heldOut?.calibration(mayTemper: head.calibrates)
    if let calibration, calibration.isApplied {
      trained.model = try trained.model.tempered(calibration.temperature)
    }
    let classifier = classifier(calibration)
    let judged = try validationFeatures.map { try judge(classifier, $0, validation) }
    return HeadStageResult(
      classifier: classifier, trained: trained, extraction: extracted,
      train: try judge(classifier, plain, train).report(),
      validation: try judged?.report(), judgedValidation: judged,
      outOfFold: try heldOut?.outOfFold(calibration, classes: data.classes),
      dataHash: LabelledRows.hash(train: train, validation: validation),
      headSeconds: headSeconds, seconds: (clock.now - start).seconds)
  }

  /// By the very path that `evaluate` and `predict` take.
  private func judge(
    _ classifier: Classifier, _ source: StoredFeatures, _ rows: LabelledRows
  ) throws -> JudgedPredictions {
    let probabilities = try source.inParts { features, count in
      try classifier.probabilities(features: features, count: count, pool: pool)
    }
    return rows.judged(probabilities, classes: classifier.classes)
  }
}

/// What the head stage made and measured.
public struct HeadStageResult: Sendable {
  /// Backbone and head, calibrated.
  public let classifier: Classifier
  /// The head, with what its training chose.
  public let trained: TrainedHead
  /// What became of the training pictures, then of those for validation.
  public let extraction: ExtractionResult
  /// On the pictures trained on: flattering.
  public let train: EvaluationReport
  /// Nil if there were no validation pictures.
  public let validation: EvaluationReport?
  /// The predictions behind ``validation``.
  public let judgedValidation: JudgedPredictions?
  /// Every training picture judged by a head that has not seen it; only the solver `newton` makes
  /// these.
  public let outOfFold: EvaluationReport?
  /// SHA-256 of the sorted hashes of all pictures used, with split and label: equal for equal
  /// data, wherever it lies and whatever its files are called.
  public let dataHash: String
  /// Of the head alone, features at hand.
  public let headSeconds: Double
  /// Of the whole stage.
  public let seconds: Double

  /// What to note in the model's file; nil for a head that no optimizer trained.
  public var savedOptimizer: Optimizer? {
    trained.optimizer?.noted(
      in: classifier, isLastEpoch: trained.bestEpoch == trained.history.count)
  }
}

/// The samples of a split that have features, with their labels.
struct LabelledRows {
  var paths: [String] = []
  var pictures: [PictureHash] = []
  var labels: [Int] = []
  /// Equal for pictures that must not lie on both sides of a fold: those with equal bytes, until
  /// ``FoldGroups`` says more.
  var groups: [Int] = []

  /// - Parameter offset: where the samples begin in the extraction's order.
  init(_ samples: [Sample], _ extracted: ExtractionResult, offset: Int) {
    var groupOf: [PictureHash: Int] = [:]
    for (index, sample) in samples.enumerated() {
      guard case .stored(let hash) = extracted.outcomes[offset + index], let label = sample.label
      else { continue }
      paths.append(sample.path)
      pictures.append(hash)
      labels.append(label)
      let group = groupOf[hash] ?? groupOf.count
      groupOf[hash] = group
      groups.append(group)
    }
  }

  /// The rows with what a classifier says of them.
  func judged(_ probabilities: [[Double]], classes: [String]) -> JudgedPredictions {
    JudgedPredictions(
      probabilities.indices.map {
        Prediction(path: paths[$0], picture: pictures[$0], probabilities: probabilities[$0])
      }, labels: labels, classes: classes)
  }

  /// Every class needs something to learn from.
  ///
  /// - Throws: ``StageError/emptyClass(name:split:reason:)``.
  func checkClasses(_ data: DataSet, _ extracted: ExtractionResult) throws {
    for (label, name) in data.classes.enumerated() where !labels.contains(label) {
      let files = data.train.count { $0.label == label }
      let first = extracted.problems.first { $0.sample.label == label }
      throw StageError.emptyClass(
        name: name, split: "training",
        reason: first.map {
          "none of its \(files) files could be read, not \($0.sample.path): \($0.reason)"
        } ?? "its folder holds none")
    }
  }

  /// A weight for each class with which all classes count the same: n / (classes · n of the class).
  func balancedWeights(_ classes: Int) -> [Float] {
    Self.balancedWeights(labels, classes: classes)
  }

  static func balancedWeights(_ labels: [Int], classes: Int) -> [Float] {
    (0..<classes).map { label in
      Float(labels.count) / Float(classes * max(labels.count { $0 == label }, 1))
    }
  }

  static func hash(train: LabelledRows, validation: LabelledRows) -> String {
    Manifest.dataHash(
      train: Array(zip(train.pictures, train.labels)),
      validation: Array(zip(validation.pictures, validation.labels)))
  }
}

extension Duration {
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
