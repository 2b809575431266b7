import Foundation
import Kernels
import NeuralNetwork
import Pictures

extension FineTuneStage {
  /// The pictures of a fine-tuning that could be read.
  struct Rows {
    var train: LabelledRows
    var validation: LabelledRows
    var extracted: ExtractionResult
    var validationExtracted: ExtractionResult
  }

  /// What the steps of one fine-tuning share.
  struct Work {
    let stage: FineTuneStage
    let data: DataSet
    var network: FineTuneNetwork
    let store: FeatureStore
    let schedule: ViewSchedule
    let extraction: Extraction

    init(
      _ stage: FineTuneStage, _ data: DataSet, _ classifier: Classifier, creating: Bool = true
    ) throws {
      guard classifier.classes == data.classes else {
        throw FineTuneError.otherClasses(model: classifier.classes, data: data.classes)
      }
      self.stage = stage
      self.data = data
      let settings = stage.settings
      network = try FineTuneNetwork(classifier, unfreeze: settings.unfreeze, pool: stage.pool)
      try network.check(rateFactors: settings.rateFactors)
      store = try FeatureStore.open(
        under: stage.featuresFolder, key: network.base.key, shape: network.base.outputShape,
        storage: stage.storage, creating: creating)
      schedule = ViewSchedule(
        augmentation: settings.augmentation, seed: settings.seed, count: settings.viewCount,
        freshAfter: settings.freshViews)
      extraction = Extraction(
        network.base, store: store, pool: stage.pool,
        options: ExtractionOptions(isStrict: stage.strict))
    }

    /// Sees to it that the store holds the first epoch's views, and the validation pictures.
    func extract(
      cancellation: Cancellation, progress: (ExtractionProgress) -> Void
    ) throws -> Rows {
      let train = try extraction.run(
        data.train, views: schedule.views(epoch: 1), cancellation: cancellation, progress: progress)
      let validation = try extraction.run(
        data.validation, views: [.plain], cancellation: cancellation, progress: progress)
      let rows = Rows(
        train: LabelledRows(data.train, train, offset: 0),
        validation: LabelledRows(data.validation, validation, offset: 0), extracted: train,
        validationExtracted: validation)
      try rows.train.checkClasses(data, train)
      return rows
    }

    /// Computes the views that the next epoch has and the one that is over had not.
    func extractViews(
      after epoch: Int, cancellation: Cancellation, progress: (ExtractionProgress) -> Void
    ) throws {
      let views = schedule.freshViews(epoch: epoch + 1)
      guard epoch > 0, !views.isEmpty else { return }
      _ = try extraction.run(
        data.train, views: views, cancellation: cancellation, progress: progress)
    }

    func batches(_ rows: LabelledRows, schedule: ViewSchedule? = nil) -> ViewBatches {
      let plain = ViewSchedule(
        augmentation: Augmentation(), seed: 0, count: 1, freshAfter: nil)
      return ViewBatches(
        store: store, pictures: rows.pictures, labels: rows.labels, schedule: schedule ?? plain,
        seed: stage.settings.seed)
    }

    func configuration(_ rows: LabelledRows) -> TrainingConfiguration {
      let settings = stage.settings
      return settings.training(
        classWeights: settings.balanced ? rows.balancedWeights(data.classes.count) : nil,
        layers: network.trainedLayers,
        hasValidation: !data.validation.isEmpty)
    }

    mutating func refitHead(
      _ rows: LabelledRows, cancellation: Cancellation,
      progress: (HeadProgress) throws -> Void
    ) throws {
      let settings = stage.settings
      guard settings.refitHead, HeadRefit.applies(to: try network.head) else { return }
      let groups = try FoldGroups(
        rows.paths, labels: rows.labels, classes: data.classes.count,
        featuresFolder: stage.featuresFolder, pool: stage.pool, cancellation: cancellation,
        progress: { _, _ in })
      try HeadRefit(store: store, pool: stage.pool).run(
        &network.trained, pictures: rows.pictures, labels: rows.labels, groups: groups.numbers,
        views: schedule.views(epoch: 1), classes: data.classes.count, balanced: settings.balanced,
        seed: settings.seed, progress: progress)
    }

    /// The logit of every class for each plain picture, the first of two classes having 0.
    func logits(of rows: LabelledRows, cancellation: Cancellation) throws -> [[Double]] {
      var network = network.trained
      network.outputActivation = .linear
      let source = batches(rows)
      var result: [[Double]] = []
      for start in stride(from: 0, to: rows.labels.count, by: 32) {
        try cancellation.check()
        let part = Array(start..<min(start + 32, rows.labels.count))
        let outputs = try network(try source.batch(part, epoch: 1).inputs, pool: stage.pool)
        result += part.indices.map { row in
          let values = outputs[row: row].map(Double.init)
          return values.count == 1 ? [0, values[0]] : values
        }
      }
      return result
    }

    /// Everything that the bits of the result depend on.
    func identity(_ rows: Rows) throws -> CheckpointFile.Identity {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      var settings = stage.settings
      // More epochs may be asked for, unless the rate's way depends on their number.
      if settings.schedule == .constant, settings.warmUp == 0 { settings.epochs = 0 }
      var head = TensorHash()
      for layer in network.original.head.layers { head.add(layer) }
      return [
        "code": Release.codeVersions,
        "settings": String(decoding: try encoder.encode(settings), as: UTF8.self),
        "base": network.base.key.identifier,
        "storage": stage.storage.precision.rawValue,
        "backbone": network.original.backbone.key.identifier,
        "head": head.hexadecimal(),
        "data": LabelledRows.hash(train: rows.train, validation: rows.validation),
      ]
    }
  }
}
