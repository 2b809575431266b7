import Kernels
import NeuralNetwork
import Pictures
import Synchronization

/// What a classifier says of one picture.
public struct Prediction: Sendable {
  public let path: String
  /// What the picture is called in a feature store.
  public let picture: PictureHash
  /// The probability of each class, in the classifier's order.
  public let probabilities: [Double]
  package init(path: String, picture: PictureHash, probabilities: [Double]) {
    self.path = path
    self.picture = picture
    self.probabilities = probabilities
  }

  /// The index of the most probable class; the first of equals.
  public var best: Int {
    probabilities.indices.reduce(0) { probabilities[$1] > probabilities[$0] ? $1 : $0 }
  }
}

/// Runs a classifier over pictures: the same preparation, extraction and head as in training.
///
/// With several views of each picture (test-time augmentation), its probabilities are the mean of
/// those of the views.
public struct Predictor: Sendable {
  /// What became of one picture.
  public enum Outcome: Sendable {
    case predicted(Prediction)
    case unreadable(path: String, reason: String)

    public var path: String {
      switch self {
      case .predicted(let prediction): prediction.path
      case .unreadable(let path, _): path
      }
    }
  }

  /// What predicts.
  public let classifier: Classifier
  /// The views of each picture over whose probabilities the mean is taken.
  public let views: [PictureView]
  private let featuresFolder: String?
  private let pool: ThreadPool
  private let strict: Bool

  /// - Parameters:
  ///   - featuresFolder: the feature cache; nil computes without one, as is done where the features
  ///     are the pixels.
  ///   - views: what of each picture is put to the classifier: any views, random ones too; those
  ///     of the command line are ``PictureView/testTime(_:)``.
  ///   - strict: fail at the first picture that cannot be read.
  public init(
    _ classifier: Classifier, featuresFolder: String?, views: [PictureView] = [.plain],
    strict: Bool = false, pool: ThreadPool
  ) {
    precondition(!views.isEmpty, "a prediction needs a view")
    self.views = views
    self.classifier = classifier
    self.featuresFolder = featuresFolder
    self.strict = strict
    self.pool = pool
  }

  /// One outcome for each path, in the paths' order.
  ///
  /// - Throws: ``Cancelled``; ``PictureViewError`` for a view that does not exist; an error that
  ///   names the picture if `strict` was asked for.
  public func predict(
    _ paths: [String], cancellation: Cancellation = Cancellation(),
    progress: (ExtractionProgress) -> Void = { _ in }
  ) throws -> [Outcome] {
    for view in views { try view.check() }
    // Pixels are no features that it would pay to keep.
    guard let featuresFolder, classifier.settings.backbone != .none else {
      return try predictUncached(paths, cancellation: cancellation, progress: progress)
    }
    let store = try FeatureStore.open(
      under: featuresFolder, key: classifier.backbone.key, shape: classifier.backbone.outputShape)
    let extraction = Extraction(
      classifier.backbone, store: store, pool: pool, options: ExtractionOptions(isStrict: strict))
    let result = try extraction.run(
      paths.map { Sample(path: $0, label: nil) }, views: views, cancellation: cancellation,
      progress: progress)
    let probabilities = try self.probabilities(
      of: result.readable.map(\.picture), views: views.map(\.featureView), store: store,
      cancellation: cancellation)
    var row = 0
    return zip(paths, result.outcomes).map { path, outcome in
      switch outcome {
      case .stored(let picture):
        defer { row += 1 }
        return .predicted(
          Prediction(path: path, picture: picture, probabilities: probabilities[row]))
      case .unreadable(let reason):
        return .unreadable(path: path, reason: reason)
      }
    }
  }

  /// Features are read back a bounded number of rows at a time.
  private func probabilities(
    of pictures: [PictureHash], views: [FeatureView], store: FeatureStore,
    cancellation: Cancellation
  ) throws -> [[Double]] {
    var rows: [[Double]] = []
    for start in stride(from: 0, to: pictures.count, by: 256) {
      let part = Array(pictures[start..<min(start + 256, pictures.count)])
      rows += Self.mean(
        try views.map { view in
          try cancellation.check()
          return try classifier.probabilities(
            features: try store.read(part, view: view), count: part.count, pool: pool)
        })
    }
    return rows
  }

  /// The mean over the views of each picture's probabilities.
  ///
  /// - Parameter views: (views, pictures, classes); a single view is left as it is.
  private static func mean(_ views: [[[Double]]]) -> [[Double]] {
    guard views.count > 1, let first = views.first else { return views.first ?? [] }
    return first.indices.map { picture in
      first[picture].indices.map { place in
        views.reduce(0) { $0 + $1[picture][place] } / Double(views.count)
      }
    }
  }

  /// For pictures named one by one, that are not worth a place in the cache.
  private func predictUncached(
    _ paths: [String], cancellation: Cancellation, progress: (ExtractionProgress) -> Void
  ) throws -> [Outcome] {
    let clock = ContinuousClock()
    let started = clock.now
    var counts = ExtractionProgress()
    counts.total = paths.count * views.count
    var outcomes: [Outcome] = []
    let size = classifier.settings.backbone == .none ? Classifier.batch : 16
    for start in stride(from: 0, to: paths.count, by: size) {
      try cancellation.check()
      let part = Array(paths[start..<min(start + size, paths.count)])
      let prepared = prepare(part)
      let images = prepared.compactMap { try? $0.get().images }
      let probabilities = Self.mean(
        try images.isEmpty
          ? []
          : views.indices.map { view in
            try classifier.probabilities(
              features: try classifier.backbone.features(
                images: Array(images.map { $0[view] }.joined()), count: images.count),
              count: images.count, pool: pool)
          })
      var row = 0
      for (path, result) in zip(part, prepared) {
        switch result {
        case .success(let picture):
          outcomes.append(
            .predicted(
              Prediction(
                path: path, picture: picture.hash, probabilities: probabilities[row])))
          row += 1
          counts.computed += views.count
        case .failure(let error):
          if strict { throw error }
          outcomes.append(.unreadable(path: path, reason: error.description))
          counts.unreadable += views.count
        }
      }
      counts.seconds = (clock.now - started).seconds
      progress(counts)
    }
    return outcomes
  }

  private typealias Prepared = (hash: PictureHash, images: [[Float]])

  /// Reads and prepares pictures on all threads.
  private func prepare(_ paths: [String]) -> [Result<Prepared, PictureError>] {
    let preparation = PicturePreparation(classifier.backbone.key)
    let results = Mutex([Result<Prepared, PictureError>?](repeating: nil, count: paths.count))
    pool.parallelFor(paths.count) { index in
      let result: Result<Prepared, PictureError>
      do {
        let bytes = try PictureDecoder.bytes(ofFile: paths[index])
        let hash = PictureHash(of: bytes)
        result = .success(
          (hash, try preparation(bytes, name: paths[index], picture: hash, views: views)))
      } catch let error as PictureError {
        result = .failure(error)
      } catch {
        result = .failure(
          .unreadable(name: paths[index], reason: String(describing: error)))
      }
      results.withLock { $0[index] = result }
    }
    return results.withLock { $0.compactMap { $0 } }
  }
}
