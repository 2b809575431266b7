import ArgumentParser
import Files
import Foundation
import Headstart
import Kernels
import Pictures

/// The options of the commands that use a trained classifier.
struct PredictionOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Folder of the feature cache.", valueName: "folder"))
  var features = "features"

  @Flag(name: .customLong("no-cache"), help: "Neither read nor fill the feature cache.")
  var noCache = false

  @Flag(help: "Fail at the first picture that cannot be read, instead of skipping and naming it.")
  var strict = false

  @Option(
    help: ArgumentHelp(
      "Test-time augmentation: the mean of the probabilities of so many views of each picture.",
      discussion: """
        flip, or 2: the picture and its mirror image. Up to 12: five crops and their mirror images \
        as well. Each view costs as much as a picture.
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

/// A loaded classifier and the pictures put to it by one command.
struct PredictionSession {
  let classifier: Classifier
  let pool: ThreadPool
  private let model: String
  private let options: PredictionOptions
  private let common: CommonOptions

  init(model: String, options: PredictionOptions, common: CommonOptions) throws {
    self.model = model
    self.options = options
    self.common = common
    pool = common.threadPool
    classifier = try Classifier.load(model, pool: pool)
  }

  /// One outcome a picture, in order.
  func predict(_ paths: [String], cached: Bool) throws -> [Predictor.Outcome] {
    let views = options.tta?.views ?? [.plain]
    let predictor = Predictor(
      classifier, featuresFolder: cached && !options.noCache ? options.features : nil,
      views: views, strict: options.strict, pool: pool)
    let bar = ProgressBar(
      "Features", unit: views.count == 1 ? "pictures" : "views", quiet: common.quiet)
    defer { bar.finish() }
    return try predictor.predict(paths, cancellation: Interruption.cancellation) {
      bar.update($0)
    }
  }

  /// The pictures in a folder and below, in natural order, then what in it cannot be read.
  func predict(folder: String) throws -> [Predictor.Outcome] {
    let listing = try DataSet.pictures(in: [folder])
    let paths = listing.pictures.sorted { NaturalOrder.precedes($0, $1) }
    let unreadable = listing.problems.unreadable
    if options.strict, let first = unreadable.first {
      throw StageError.noPictures(path: first.path, found: first.reason)
    }
    return try predict(paths, cached: true)
      + unreadable.map { .unreadable(path: $0.path, reason: $0.reason) }
  }

  /// Names the pictures that could not be read and, if there are any, ends with exit code 3.
  func finish(_ outcomes: [Predictor.Outcome]) throws {
    let problems = outcomes.compactMap { outcome -> (path: String, reason: String)? in
      if case .unreadable(let path, let reason) = outcome { (path, reason) } else { nil }
    }
    try Unreadable.report(problems)
  }
}
