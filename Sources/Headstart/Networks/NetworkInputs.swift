import Kernels
import NeuralNetwork
import Pictures

/// The pictures of a training as the network sees them: pixels, or cached features of a backbone.
struct NetworkInputs {
  let extraction: ExtractionResult
  let trainRows: LabelledRows
  let validationRows: LabelledRows
  /// Another view of each picture in every epoch.
  let train: any BatchSource
  /// The training pictures as they are.
  let plainTrain: any BatchSource
  let validation: any BatchSource

  /// - Parameter budget: bytes of decoded pictures that are kept in memory.
  init(
    _ stage: NetworkStage, _ data: DataSet, backbone: any FeatureExtractor, budget: Int,
    cancellation: Cancellation, progress: (ExtractionProgress) -> Void
  ) throws {
    if stage.features.backbone == .none {
      try self.init(
        pixels: stage, data, PicturePreparation(backbone.key), budget: budget,
        cancellation: cancellation, progress: progress)
    } else {
      try self.init(
        features: stage, data, backbone, cancellation: cancellation, progress: progress)
    }
    try trainRows.checkClasses(data, extraction)
  }

  private init(
    pixels stage: NetworkStage, _ data: DataSet, _ preparation: PicturePreparation, budget: Int,
    cancellation: Cancellation, progress: (ExtractionProgress) -> Void
  ) throws {
    let settings = stage.settings
    var left = budget
    func read(
      _ samples: [Sample], keepsWhole: Bool, after done: ExtractionProgress, total: Int
    ) throws -> (pictures: PixelPictures, result: ExtractionResult) {
      try PixelPictures.read(
        samples, preparation: preparation, keepsWhole: keepsWhole, left: &left,
        isStrict: stage.strict, pool: stage.pool, cancellation: cancellation
      ) { counts in
        var all = done + counts
        all.total = total
        progress(all)
      }
    }
    let total = data.train.count + data.validation.count
    let train = try read(
      data.train, keepsWhole: settings.augmentation.randomResizedCrop != nil,
      after: ExtractionProgress(), total: total)
    let validation = try read(
      data.validation, keepsWhole: false, after: train.result.counts, total: total)
    let rows = LabelledRows(data.train, train.result, offset: 0)
    let validationRows = LabelledRows(data.validation, validation.result, offset: 0)
    func batches(
      _ pictures: PixelPictures, _ rows: LabelledRows, _ augmentation: Augmentation
    ) -> PixelBatches {
      PixelBatches(
        pictures: pictures, rows: rows, augmentation: augmentation, seed: settings.seed,
        pool: stage.pool)
    }
    extraction = train.result + validation.result
    trainRows = rows
    self.validationRows = validationRows
    self.train = batches(train.pictures, rows, settings.augmentation)
    plainTrain = batches(train.pictures, rows, Augmentation())
    self.validation = batches(validation.pictures, validationRows, Augmentation())
  }

  private init(
    features stage: NetworkStage, _ data: DataSet, _ backbone: any FeatureExtractor,
    cancellation: Cancellation, progress: (ExtractionProgress) -> Void
  ) throws {
    let settings = stage.settings
    let store = try FeatureStore.open(
      under: stage.featuresFolder, key: backbone.key, shape: backbone.outputShape)
    let extraction = Extraction(
      backbone, store: store, pool: stage.pool, options: ExtractionOptions(isStrict: stage.strict))
    let schedule = ViewSchedule(
      augmentation: settings.augmentation, seed: settings.seed, count: settings.views,
      freshAfter: nil)
    let plain = ViewSchedule(augmentation: Augmentation(), seed: 0, count: 1, freshAfter: nil)
    let train = try extraction.run(
      data.train, views: [.plain] + schedule.views(epoch: 1), cancellation: cancellation,
      progress: progress)
    let validation = try extraction.run(
      data.validation, cancellation: cancellation, progress: progress)
    let rows = LabelledRows(data.train, train, offset: 0)
    let validationRows = LabelledRows(data.validation, validation, offset: 0)
    func batches(_ rows: LabelledRows, _ schedule: ViewSchedule) -> ViewBatches {
      ViewBatches(
        store: store, pictures: rows.pictures, labels: rows.labels, schedule: schedule,
        seed: settings.seed)
    }
    self.extraction = train + validation
    trainRows = rows
    self.validationRows = validationRows
    self.train = batches(rows, schedule)
    plainTrain = batches(rows, plain)
    self.validation = batches(validationRows, plain)
  }
}

extension BatchSource {
  /// Puts all inputs of the first epoch, a bounded number at a time, through a function of them and
  /// their count.
  func inParts(
    _ body: (_ inputs: [Float], _ count: Int) throws -> [[Double]]
  ) throws -> [[Double]] {
    var rows: [[Double]] = []
    for start in stride(from: 0, to: count, by: 64) {
      let part = Array(start..<min(start + 64, count))
      rows += try body(try batch(part, epoch: 1).inputs.values, part.count)
    }
    return rows
  }
}

extension ExtractionResult {
  /// The samples of two extractions, one after the other.
  static func + (first: ExtractionResult, second: ExtractionResult) -> ExtractionResult {
    ExtractionResult(
      samples: first.samples + second.samples, views: first.views,
      outcomes: first.outcomes + second.outcomes, counts: first.counts + second.counts,
      setAside: first.setAside + second.setAside)
  }
}

extension ExtractionProgress {
  static func + (first: ExtractionProgress, second: ExtractionProgress) -> ExtractionProgress {
    var sum = first
    sum.total += second.total
    sum.computed += second.computed
    sum.cached += second.cached
    sum.duplicates += second.duplicates
    sum.unreadable += second.unreadable
    sum.seconds += second.seconds
    return sum
  }
}
