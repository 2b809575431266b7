import Foundation
import Kernels
import Pictures

/// What computes features: a frozen network up to a layer.
public protocol FeatureExtractor: Sendable {
  /// Everything that changes the numbers; says how pictures are prepared, too.
  var key: FeatureKey { get }
  /// Height, width and channels of one picture's features.
  var outputShape: FeatureShape { get }

  /// The features of some pictures. Each picture's bits must not depend on the others.
  ///
  /// - Parameter images: Prepared pictures, (count, height, width, 3).
  /// - Returns: (count, h, w, c) of ``outputShape``.
  func features(images: [Float], count: Int) throws -> [Float]
}

/// How features are computed; nothing here changes the numbers.
public struct ExtractionOptions: Sendable {
  /// Pictures that go through the network together; `nil`: as many as serve best at their size.
  public var batchSize: Int?
  /// Whether the first picture that cannot be read ends everything.
  public var isStrict: Bool
  /// Threads that prepare pictures while the network computes, besides those of the pool;
  /// `nil`: what serves best.
  public var decoders: Int?

  public init(batchSize: Int? = nil, isStrict: Bool = false, decoders: Int? = nil) {
    self.batchSize = batchSize
    self.isStrict = isStrict
    self.decoders = decoders
  }
}

/// How far an extraction is. All counts are of views: pictures times the views of each.
public struct ExtractionProgress: Sendable, Equatable {
  /// Views asked for.
  public var total = 0
  /// Views whose features were computed, were in the store, or equal those of another picture
  /// of this run byte for byte.
  public var computed = 0, cached = 0, duplicates = 0
  /// Views of pictures that could not be read.
  public var unreadable = 0
  /// Since the beginning.
  public var seconds: Double = 0

  /// Views dealt with in one way or another.
  public var done: Int { computed + cached + duplicates + unreadable }
}

/// What became of each picture.
public struct ExtractionResult: Sendable {
  /// What became of one picture.
  public enum Outcome: Sendable, Hashable {
    /// The features of all its views are in the store under this hash.
    case stored(PictureHash)
    /// It could not be read, and why.
    case unreadable(String)
  }

  /// The samples, as they were given.
  public let samples: [Sample]
  /// The views of each, under their names in the store, each once.
  public let views: [FeatureView]
  /// Of each sample, in their order.
  public let outcomes: [Outcome]
  /// The final numbers.
  public let counts: ExtractionProgress
  /// Damaged or foreign shards that were set aside; their pictures were computed anew.
  public let setAside: [SetAsideShard]

  /// Views computed per second of the whole run.
  public var rate: Double {
    counts.seconds > 0 ? Double(counts.computed) / counts.seconds : 0
  }

  /// The samples that have features, in order, with the hash of each.
  public var readable: [(sample: Sample, picture: PictureHash)] {
    zip(samples, outcomes).compactMap { sample, outcome in
      if case .stored(let picture) = outcome { (sample, picture) } else { nil }
    }
  }

  /// The samples that could not be read, in order, with the reason of each.
  public var problems: [(sample: Sample, reason: String)] {
    zip(samples, outcomes).compactMap { sample, outcome in
      if case .unreadable(let reason) = outcome { (sample, reason) } else { nil }
    }
  }
}

/// Why an extraction ended early.
public enum ExtractionError: Error, Equatable, CustomStringConvertible {
  /// A picture is unreadable, and the options are strict.
  case unreadable(path: String, reason: String)
  /// The network gave infinite values or NaN for a readable picture.
  case notFinite(path: String)
  /// A value is too large for float16, in which the store keeps them.
  case outOfRange(path: String, value: Float)
  /// The network gave another number of values than it promised.
  case wrongCount(expected: Int, found: Int)
  /// The store belongs to another key or shape than the extractor's.
  case wrongStore(folder: String)

  public var description: String {
    switch self {
    case .unreadable(let path, let reason):
      return reason.hasPrefix(path) ? reason : "\(path): \(reason)"
    case .notFinite(let path):
      return "The features of '\(path)' are not finite: are the weights those of this network?"
    case .outOfRange(let path, let value):
      return """
        A feature of '\(path)' is \(value), which float16 (at most 65504) cannot hold: use float32 \
        storage.
        """
    case .wrongCount(let expected, let found):
      return "The network gave \(found) values where \(expected) were expected."
    case .wrongStore(let folder):
      return "The feature store '\(folder)' does not belong to this network and its settings."
    }
  }
}

/// Fills a feature store with the features of pictures that it does not hold yet.
///
/// Three things go on at once: pictures are read, hashed, looked up, decoded and resized; batches
/// of them go through the network; features are written to the disk. Between them stand bounded
/// queues, so the memory in use does not depend on the number of pictures.
///
/// Several processes that fill one store share the work: what another one has in hand is left to it,
/// and looked for in the end.
public struct Extraction: Sendable {
  /// Turns a file's bytes, name and hash into the network's inputs, one for each view.
  package typealias Preparation =
    @Sendable (_ bytes: [UInt8], _ name: String, PictureHash, [PictureView]) throws -> [[Float]]

  let extractor: any FeatureExtractor
  let store: FeatureStore
  let pool: ThreadPool
  let prepare: Preparation
  private let options: ExtractionOptions
  /// How long to wait for a picture that another process has in hand, in seconds, while none of
  /// those that are waited for is finished: it may have been stopped.
  package var patience: TimeInterval = 60

  /// - Parameters:
  ///   - extractor: The network. It computes on the threads of `pool`, which also prepare pictures
  ///     when none are ready.
  ///   - store: Where features come from and go to.
  public init(
    _ extractor: any FeatureExtractor, store: FeatureStore, pool: ThreadPool,
    options: ExtractionOptions = ExtractionOptions()
  ) {
    let preparation = PicturePreparation(extractor.key)
    self.init(extractor, store: store, pool: pool, options: options) {
      try preparation($0, name: $1, picture: $2, views: $3)
    }
  }

  /// As above, with another way to prepare a picture.
  package init(
    _ extractor: any FeatureExtractor, store: FeatureStore, pool: ThreadPool,
    options: ExtractionOptions, prepare: @escaping Preparation
  ) {
    self.extractor = extractor
    self.store = store
    self.pool = pool
    self.options = options
    self.prepare = prepare
  }

  /// Sees to it that the store holds the features of all views of all samples that can be read.
  ///
  /// - Parameters:
  ///   - views: What is computed of each picture. Each picture is read, hashed and decoded once.
  ///   - cancellation: Polled between pictures; what is computed by then is stored.
  ///   - progress: Called on this thread, after each batch, some ten times a second while pictures
  ///     are only looked up, and at the end.
  /// - Throws: ``ExtractionError``, ``FeatureStoreError``, ``PictureViewError``,
  ///   `AugmentationError`, ``Cancelled``, or the network's error. Everything computed before is in the store.
  public func run(
    _ samples: [Sample], views: [PictureView] = [.plain],
    cancellation: Cancellation = Cancellation(),
    progress: (ExtractionProgress) -> Void = { _ in }
  ) throws -> ExtractionResult {
    try checkStore()
    let views = try named(views)
    let started = Date()
    let size = batchSize
    let claims = FeatureStoreClaims(folder: store.folder)
    let feed = ExtractionFeed(
      samples: samples, views: views, store: store, claims: claims, batchSize: size,
      isStrict: options.isStrict, cancellation: cancellation, prepare: prepare)
    let writer = ExtractionWriter(store, claims: claims)
    feed.start(decoders: options.decoders ?? (pool.threads > 1 ? 1 : 0))
    defer { feed.stop() }

    var computed = 0
    func counts() -> ExtractionProgress {
      var counts = feed.counts
      counts.computed = computed
      counts.seconds = Date().timeIntervalSince(started)
      return counts
    }
    do {
      repeat {
        while let prepared = try feed.nextBatch(pool, whileLooking: { progress(counts()) }) {
          let batch = try feed.stillMissing(prepared)
          if !batch.isEmpty {
            let features = try features(of: batch, samples)
            try writer.add(batch.map { FeatureRow($0.picture, $0.view) }, features: features)
            computed += batch.count
          }
          progress(counts())
        }
        // Who waits has nothing in hand: so nobody waits for each other.
        try writer.finish()
      } while try feed.takeUpPostponed(patience: patience) { progress(counts()) }
    } catch {
      // What is computed is worth keeping, whatever ended the run; a full disk is told once.
      try? writer.finish()
      throw error
    }
    // Settles what became of duplicates, and so belongs before the counts.
    let outcomes = feed.outcomes
    let final = counts()
    progress(final)
    return ExtractionResult(
      samples: samples, views: views.map(\.name), outcomes: outcomes, counts: final,
      setAside: store.setAside)
  }

  func checkStore() throws {
    guard store.belongs(to: extractor.key), store.shape == extractor.outputShape else {
      throw ExtractionError.wrongStore(folder: store.folder)
    }
  }

  /// The views with their names, each name once: a draw from no ranges is the plain view.
  func named(_ views: [PictureView]) throws -> [(view: PictureView, name: FeatureView)] {
    precondition(!views.isEmpty, "no view of the pictures is asked for")
    var seen: Set<FeatureView> = []
    return try views.compactMap { view in
      try view.check()
      let name = view.featureView
      return seen.insert(name).inserted ? (view, name) : nil
    }
  }

  private func features(of batch: [PreparedPicture], _ samples: [Sample]) throws -> [Float] {
    var images: [Float] = []
    images.reserveCapacity(batch.count * (batch.first?.values.count ?? 0))
    for picture in batch { images += picture.values }
    let features = try extractor.features(images: images, count: batch.count)
    let count = extractor.outputShape.count
    guard features.count == batch.count * count else {
      throw ExtractionError.wrongCount(expected: batch.count * count, found: features.count)
    }
    // A sum of products with 0 is 0 unless a value is infinite or NaN, and needs no branches.
    for (row, picture) in batch.enumerated() {
      let values = features[row * count..<(row + 1) * count]
      guard values.reduce(0, { $0 + $1 * 0 }) == 0 else {
        throw ExtractionError.notFinite(path: samples[picture.sample].path)
      }
      if let limit = store.storage.precision.largest,
        let value = values.first(where: { abs($0) > limit })
      {
        throw ExtractionError.outOfRange(path: samples[picture.sample].path, value: value)
      }
    }
    return features
  }

  /// Sixteen, the number that the late layers take together, unless the pictures are huge.
  var batchSize: Int {
    if let size = options.batchSize { return max(1, size) }
    let bytes = 4 * extractor.key.height * extractor.key.width * 3
    return max(1, min(16, (64 << 20) / max(1, bytes)))
  }
}
