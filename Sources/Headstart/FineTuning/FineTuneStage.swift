import Foundation
import Kernels
import NeuralNetwork
import Pictures

/// The fine-tune stage: unfreezes the last convolutional layers of a trained classifier and goes on
/// with a low learning rate, on augmented views whose way through the frozen layers is computed
/// once and kept.
public struct FineTuneStage: Sendable {
  /// What the stage is at.
  public enum Event: Sendable {
    case extraction(ExtractionProgress)
    /// The head is being fitted to the views.
    case head(HeadProgress)
    /// Loss and accuracy on the validation pictures before the first epoch.
    case start(loss: Double, accuracy: Double)
    case training(TrainingProgress)
    /// Steps of the learning-rate range test.
    case search(done: Int, total: Int)
  }

  /// What is trained, and how.
  public var settings: FineTuneSettings
  /// The folder of all feature stores.
  public var featuresFolder: String
  /// Whether the first picture that cannot be read ends everything.
  public var strict: Bool
  /// How the cached features are kept; float16 changes the last bits of the result.
  public var storage: FeatureStorage
  /// What computes.
  public var pool: ThreadPool

  public init(
    settings: FineTuneSettings, featuresFolder: String, strict: Bool = false,
    storage: FeatureStorage = .plain, pool: ThreadPool
  ) {
    self.settings = settings
    self.featuresFolder = featuresFolder
    self.strict = strict
    self.storage = storage
    self.pool = pool
  }

  /// What fine-tuning would take: reads and hashes all pictures, times one batch, writes nothing.
  public func plan(
    _ data: DataSet, classifier: Classifier, cancellation: Cancellation = Cancellation()
  ) throws -> FineTunePlan {
    let work = try Work(self, data, classifier, creating: false)
    let training = try work.extraction.plan(
      data.train, views: work.schedule.views(epoch: 1), cancellation: cancellation)
    return FineTunePlan(
      training: training,
      validation: try work.extraction.plan(
        data.validation, msPerView: training.msPerView > 0 ? training.msPerView : nil,
        cancellation: cancellation),
      cut: work.network.part.cut, trained: work.network.trainedLayers.map(\.name))
  }

  /// - Parameters:
  ///   - classifier: with its head trained.
  ///   - checkpoint: where the state after each epoch is kept.
  ///   - resumes: whether to go on from the checkpoint, if there is one.
  /// - Throws: ``FineTuneError``, ``CheckpointError``, ``StageError`` when a class has nothing to train on,
  ///   ``Cancelled``, and the errors of the floors below.
  public func run(
    _ data: DataSet, classifier: Classifier, checkpoint path: String, resumes: Bool,
    cancellation: Cancellation = Cancellation(), event: (Event) -> Void = { _ in }
  ) throws -> FineTuneResult {
    let clock = ContinuousClock()
    let start = clock.now
    var work = try Work(self, data, classifier)
    let rows = try work.extract(cancellation: cancellation) { event(.extraction($0)) }
    let original = try work.logits(of: rows.validation, cancellation: cancellation)

    let trainer = try Trainer(work.configuration(rows.train), pool: pool)
    let file = CheckpointFile(path: path)
    let identity = try work.identity(rows)
    var checkpoint: TrainingCheckpoint?
    var before = CheckpointFile.TimeSpent()
    if resumes, file.exists {
      let found = try file.read(for: work.network.trained, identity: identity)
      (checkpoint, before) = (found.checkpoint, found.spent)
      try work.extractViews(after: checkpoint?.epoch ?? 0, cancellation: cancellation) {
        event(.extraction($0))
      }
    } else {
      try file.remove()
      try work.refitHead(rows.train, cancellation: cancellation) {
        try cancellation.check()
        event(.head($0))
      }
    }
    let validation = rows.validation.labels.isEmpty ? nil : work.batches(rows.validation)
    if checkpoint == nil, let validation {
      let measured = try trainer.measure(work.network.trained, on: validation)
      event(.start(loss: measured.loss, accuracy: measured.accuracy))
    }
    let trainStart = clock.now
    func spent() -> CheckpointFile.TimeSpent {
      .init(
        all: before.all + (clock.now - start).seconds,
        training: before.training + (clock.now - trainStart).seconds)
    }
    let trained = try trainer.train(
      work.network.trained, on: work.batches(rows.train, schedule: work.schedule),
      validation: validation, from: checkpoint
    ) { progress in
      try cancellation.check()
      if case .epoch(let record, let state) = progress {
        try file.write(state, identity: identity, spent: spent())
        event(.training(progress))
        if record.epoch < settings.epochs {
          try work.extractViews(after: record.epoch, cancellation: cancellation) {
            event(.extraction($0))
          }
        }
      } else {
        event(.training(progress))
      }
    }
    let trainSeconds = spent().training
    work.network.trained = trained.model
    let after = try work.logits(of: rows.validation, cancellation: cancellation)
    return try FineTuneResult(
      work: work, rows: rows, before: original, after: after, trained: trained,
      trainingSeconds: trainSeconds, seconds: spent().all)
  }
}
