import ArgumentParser
import Files
import Foundation
import Headstart
import Kernels
import Pictures

/// The options of the commands that use a trained classifier.
struct PredictionOptions: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Further models, averaged with MODEL, which stands before them; each counts the same.",
      discussion: """
        The mean of their probabilities: their classes must be the same, picture size and backbone \
        may differ. What is named behind them, is there and is no model is what they judge.
        """,
      valueName: "model"), completion: .file(extensions: ["h5", "json"]))
  var ensemble: [String] = []

  @Option(help: ArgumentHelp("Folder of the feature cache.", valueName: "folder"))
  var features = "features"

  @Flag(name: .customLong("no-cache"), help: "Neither read nor fill the feature cache.")
  var noCache = false

  @Flag(help: "Fail at the first picture that cannot be read, instead of skipping and naming it.")
  var strict = false

  @Option(
    help: ArgumentHelp(
      "Test-time augmentation: the mean of the probabilities of 1 to 12 views of each picture.",
      discussion: """
        flip, or 2: the picture and its mirror image. Up to 12: five crops and their mirror images \
        as well. Each view costs as much as a picture. 1: the plain picture, which is the default \
        but for an ensemble.json that names its views.
        """, valueName: "flip|n"))
  var tta: TestTimeViews?
}

/// `flip`, or a number of views.
struct TestTimeViews: ExpressibleByArgument {
  let views: [PictureView]

  init?(argument: String) {
    guard let count = argument == "flip" ? 2 : Int(argument),
      let views = try? PictureView.testTime(count)
    else { return nil }
    self.views = views
  }
}

/// A loaded classifier, or an ensemble of them, and the pictures put to it by one command.
struct PredictionSession {
  let ensemble: Ensemble
  let pool: ThreadPool
  private let options: PredictionOptions
  private let common: CommonOptions

  init(model: String, options: PredictionOptions, common: CommonOptions) throws {
    self.options = options
    self.common = common
    let pool = try common.threadPool()
    self.pool = pool
    ensemble = try Ensemble(
      averaging: try ([model] + options.ensemble).map {
        let part = try Ensemble.load(ModelPlace.file($0), pool: pool)
        return options.tta.map { part.with(views: $0.views) } ?? part
      })
  }

  /// One outcome a picture, in order. Predictions do without a cache that cannot be written to.
  func predict(_ paths: [String], cached: Bool) throws -> [Predictor.Outcome] {
    try predicting(cached: cached) { predictor, progress in
      try predictor.predict(paths, cancellation: Interruption.cancellation, progress: progress)
    }
  }

  /// What each member says by itself: (members, pictures).
  func predictMembers(_ paths: [String]) throws -> [[Predictor.Outcome]] {
    try predicting(cached: true) { predictor, progress in
      try predictor.predictMembers(
        paths, cancellation: Interruption.cancellation, progress: progress)
    }
  }

  private typealias MemberProgress = (Int, ExtractionProgress) -> Void

  private func predicting<Outcomes>(
    cached: Bool, _ work: (EnsemblePredictor, MemberProgress) throws -> Outcomes
  ) throws -> Outcomes {
    guard cached, !options.noCache else { return try predicting(in: nil, work) }
    do {
      return try predicting(in: options.features, work)
    } catch let error as FeatureStoreError {
      switch error {
      case .cannotWrite, .diskFull:
        common.note("\(error) Predicting without the feature cache.")
        return try predicting(in: nil, work)
      default: throw error
      }
    }
  }

  private func predicting<Outcomes>(
    in featuresFolder: String?, _ work: (EnsemblePredictor, MemberProgress) throws -> Outcomes
  ) throws -> Outcomes {
    let predictor = EnsemblePredictor(
      ensemble, featuresFolder: featuresFolder, strict: options.strict, pool: pool)
    let count = ensemble.members.count
    let bars = (1...count).map { number in
      ProgressBar(
        count == 1 ? "Features" : "Features (model \(number) of \(count))",
        unit: ensemble.views.count == 1 ? "pictures" : "views", quiet: common.quiet)
    }
    defer { for bar in bars { bar.finish() } }
    return try work(predictor) { member, state in
      bars[member].update(state)
      if state.done == state.total { bars[member].finish() }
    }
  }

  /// The pictures in a folder and below, and what in it cannot be read, in natural order.
  ///
  /// - Parameter check: is given the pictures' paths before any work is done.
  /// - Throws: ``StageError/noPictures(path:found:)`` for a folder without any.
  func predict(
    folder: String, check: ([String]) throws -> Void = { _ in }
  ) throws -> [Predictor.Outcome] {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder)
    guard isFolder.boolValue else {
      throw StageError.noFolder(path: folder, found: exists ? "a file" : "nothing")
    }
    let listing = try DataSet.pictures(in: [folder])
    let paths = listing.pictures.sorted { NaturalOrder.precedes($0, $1) }
    let unreadable = listing.problems.unreadable
    if options.strict, let first = unreadable.first {
      throw ExtractionError.unreadable(path: first.path, reason: first.reason)
    }
    guard !paths.isEmpty || !unreadable.isEmpty else {
      throw StageError.noPictures(path: folder, found: "none in it")
    }
    try check(paths)
    let outcomes =
      try predict(paths, cached: true)
      + unreadable.map { .unreadable(path: $0.path, reason: $0.reason) }
    return outcomes.sorted { NaturalOrder.precedes($0.path, $1.path) }
  }

  /// Names the pictures that could not be read and, if there are any, ends with exit code 3.
  func finish(_ outcomes: [Predictor.Outcome]) throws {
    let problems = outcomes.compactMap { outcome -> (path: String, reason: String)? in
      if case .unreadable(let path, let reason) = outcome { (path, reason) } else { nil }
    }
    try Unreadable.report(problems)
  }
}
