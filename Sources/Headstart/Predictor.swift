import Kernels
import NeuralNetwork
import Pictures

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
public struct Predictor: Sendable {
  public enum Outcome: Sendable {
    case predicted(Prediction)
    case unreadable(path: String, reason: String)
  }

  public let classifier: Classifier
  private let featuresFolder: String?
  private let pool: ThreadPool
  private let strict: Bool

  /// - Parameters:
  ///   - featuresFolder: the feature cache; nil computes without one.
  ///   - strict: fail at the first picture that cannot be read.
  public init(
    _ classifier: Classifier, featuresFolder: String?, strict: Bool = false, pool: ThreadPool
  ) {
    self.classifier = classifier
    self.featuresFolder = featuresFolder
    self.strict = strict
    self.pool = pool
  }

  /// One outcome for each path, in the paths' order.
  ///
  /// - Throws: ``Cancelled``; an error that names the picture if `strict` was asked for.
  public func predict(
    _ paths: [String], cancellation: Cancellation = Cancellation(),
    progress: (ExtractionProgress) -> Void = { _ in }
  ) throws -> [Outcome] {
    guard let featuresFolder else {
      return try predictUncached(paths, cancellation: cancellation)
    }
    let store = try FeatureStore.open(
      under: featuresFolder, key: classifier.backbone.key, shape: classifier.backbone.outputShape)
    let extraction = Extraction(
      classifier.backbone, store: store, pool: pool, options: ExtractionOptions(isStrict: strict))
    let result = try extraction.run(
      paths.map { Sample(path: $0, label: nil) }, cancellation: cancellation, progress: progress)
    let probabilities = try self.probabilities(
      of: result.readable.map(\.picture), store: store, cancellation: cancellation)
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
    of pictures: [PictureHash], store: FeatureStore, cancellation: Cancellation
  ) throws -> [[Double]] {
    var rows: [[Double]] = []
    for start in stride(from: 0, to: pictures.count, by: 256) {
      try cancellation.check()
      let part = Array(pictures[start..<min(start + 256, pictures.count)])
      rows += try classifier.probabilities(
        features: try store.read(part), count: part.count, pool: pool)
    }
    return rows
  }

  /// For a few pictures named one by one, that are not worth a place in the cache.
  private func predictUncached(
    _ paths: [String], cancellation: Cancellation
  ) throws -> [Outcome] {
    let prepare = PicturePreparation(classifier.backbone.key)
    return try paths.map { path in
      try cancellation.check()
      let bytes: [UInt8]
      let image: [Float]
      do {
        bytes = try PictureDecoder.bytes(ofFile: path)
        image = try prepare(bytes, name: path)
      } catch let error as PictureError {
        if strict { throw error }
        return .unreadable(path: path, reason: error.description)
      }
      let features = try classifier.backbone.features(images: image, count: 1)
      let probabilities = try classifier.probabilities(features: features, count: 1, pool: pool)
      return .predicted(
        Prediction(path: path, picture: PictureHash(of: bytes), probabilities: probabilities[0]))
    }
  }
}
