import ArgumentParser
import Foundation
import Headstart
import Kernels

/// The options of the commands that use a trained classifier.
struct PredictionOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Folder of the feature cache.", valueName: "folder"))
  var features = "features"

  @Flag(name: .customLong("no-cache"), help: "Neither read nor fill the feature cache.")
  var noCache = false

  @Flag(help: "Fail at the first picture that cannot be read, instead of skipping and naming it.")
  var strict = false
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
    let predictor = Predictor(
      classifier, featuresFolder: cached && !options.noCache ? options.features : nil,
      strict: options.strict, pool: pool)
    let bar = ProgressBar("Features", unit: "pictures", quiet: common.quiet)
    defer { bar.finish() }
    return try predictor.predict(paths, cancellation: Interruption.cancellation) {
      bar.update($0)
    }
  }

  /// Names the pictures that could not be read and, if there are any, ends with exit code 3.
  func finish(_ outcomes: [Predictor.Outcome]) throws {
    let problems = outcomes.compactMap { outcome -> (path: String, reason: String)? in
      if case .unreadable(let path, let reason) = outcome { (path, reason) } else { nil }
    }
    try Unreadable.report(problems)
  }
}
