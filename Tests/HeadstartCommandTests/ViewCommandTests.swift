import Foundation
import Headstart
import KerasFormat
import Testing

/// Views on the command line: `extract --views`, `features export --view`, `--tta`.
@Suite(.serialized) struct ViewCommandTests {
  private struct Plan: Decodable {
    let pictures, views, cached, toCompute, bytesOnDisk: Int
    let minutes: Double
  }
  private struct Counts: Decodable {
    let pictures, total, computed, cached: Int
    let store: String
  }
  private struct Stores: Decodable {
    struct Store: Decodable {
      let pictures, rows: Int
      let views: [String: Int]
    }
    let stores: [Store]
  }

  private static let shared = Result { try Workspace() }
  private let workspace: Workspace
  private let options = [
    "--weights", "weights.h5", "--size", "32", "--layer", "block2_pool",
  ]

  init() throws { workspace = try Self.shared.get() }

  private func run(_ arguments: [String]) throws -> CommandRun {
    try CommandRun(arguments, in: workspace.path)
  }

  @Test func extractPlansAndFillsViews() throws {
    let views =
      ["extract", "pictures", "--features", "planned", "--views", "2", "--rotation-range", "9"]
      + ["--tta", "flip", "--json"] + options
    let plans = try run(views + ["--dry-run"]).json([Plan].self)
    // 20 pictures to train on; 8 to validate and 12 to test.
    #expect(plans.map(\.pictures) == [20, 20] && plans.map(\.views) == [3, 2])
    #expect(plans.map(\.toCompute) == [60, 40] && plans.map(\.cached) == [0, 0])
    #expect(plans[0].bytesOnDisk == 60 * 8 * 8 * 128 * 4 && plans[0].minutes > 0)
    #expect(!workspace.exists("planned"), "a plan leaves nothing behind")
    let counts = try run(views).json(Counts.self)
    #expect(counts.pictures == 40 && counts.total == 100 && counts.computed == 100)
    let again = try run(views).json(Counts.self)
    #expect(again.cached == 100 && again.computed == 0)
    #expect(try run(views + ["--dry-run"]).json([Plan].self).map(\.toCompute) == [0, 0])
    // Another distribution is other views; the plain ones are there.
    let other = try run(views + ["--rotation-range", "10"]).json(Counts.self)
    #expect(other.cached == 60 && other.computed == 40)

    let listed = try run(["features", "list", "--features", "planned", "--json"])
      .json(Stores.self)
    #expect(listed.stores.map(\.pictures) == [40] && listed.stores[0].rows == 140)
    #expect(listed.stores[0].views["plain"] == 40 && listed.stores[0].views["flipped"] == 20)
    #expect(listed.stores[0].views.count == 6)
    #expect(try run(["features", "verify", "--features", "planned", "-q"]).exitCode == 0)
  }

  @Test func exportWritesTheViewThatIsNamed() throws {
    func export(_ name: String, _ arguments: String...) throws -> [Float] {
      let run = try run(
        ["features", "export", "pictures", "--split", "validation", "--output", name, "--quiet"]
          + options + arguments)
      try #require(run.exitCode == 0, "\(run.errors)")
      return try NumpyFile.read(
        workspace.path + "/\(name)/bottleneck_features_validation.npy", Float.self
      ).values
    }
    let plain = try export("plain")
    let flipped = try export("flipped", "--view", "flipped")
    let turned = try export("turned", "--view", "random-0", "--rotation-range", "40")
    #expect(plain.count == 8 * 8 * 8 * 128 && flipped.count == plain.count)
    #expect(plain != flipped && turned != plain && turned != flipped)
    // Half precision: within half a unit of eleven bits.
    let half = try export("half", "--storage", "float16", "--compression", "gzip")
    #expect(half != plain)
    #expect(zip(half, plain).allSatisfy { abs($0 - $1) <= abs($1) * 0x1p-11 + 0x1p-25 })
    for view in ["mirrored", "crop-10", "crop", "random", "random--1", "plain-1"] {
      let run = try run(
        ["features", "export", "pictures", "--output", "x", "--view", view] + options)
      #expect(run.exitCode == 64)
    }
  }

  @Test func headsLearnFromViews() throws {
    struct Metrics: Decodable {
      struct Report: Decodable { let count: Int }
      let train, validation, outOfFold: Report
    }
    let trained = try run(
      ["train", "pictures", "--views", "2", "--rotation-range", "9", "--features", "viewed"]
        + ["--output", "viewed-run", "--json"] + options)
    let metrics = try trained.json(Metrics.self)
    // Judged by the pictures as they are, each once, by folds that saw no view of it.
    #expect(metrics.train.count == 20 && metrics.validation.count == 8)
    #expect(metrics.outOfFold.count == 20)
    let listed = try run(["features", "list", "--features", "viewed", "--json"]).json(Stores.self)
    #expect(listed.stores.map(\.pictures) == [28] && listed.stores[0].rows == 28 + 2 * 20)
    #expect(listed.stores[0].views.values.sorted() == [20, 20, 28])
    for views in ["-1", "1001", "many"] {
      #expect(try run(["train", "pictures", "--views", views] + options).exitCode == 64)
    }
  }

  @Test func testTimeViewsChangePredictions() throws {
    struct Row: Decodable {
      let path: String
      let probabilities: [String: Double]
    }
    // Calibration knows that twenty sketches teach nothing, and says one half for each.
    let trained = try run(
      ["train", "pictures", "--output", "run", "--no-calibration", "--quiet"] + options)
    try #require(trained.exitCode == 0, "\(trained.errors)")
    func predict(_ arguments: String...) throws -> [Row] {
      try run(["predict", "run/model.h5", "pictures/test", "--json", "-q"] + arguments)
        .json([Row].self)
    }
    let plain = try predict()
    let flip = try predict("--tta", "flip")
    #expect(plain.count == 12 && flip.map(\.path) == plain.map(\.path))
    #expect(try predict("--tta", "1").map(\.probabilities) == plain.map(\.probabilities))
    #expect(try predict("--tta", "2").map(\.probabilities) == flip.map(\.probabilities))
    #expect(flip.map(\.probabilities) != plain.map(\.probabilities))
    #expect(
      try predict("--tta", "12", "--no-cache").map(\.probabilities)
        == predict("--tta", "12").map(\.probabilities))
    let evaluation = try run(
      ["evaluate", "run/model.h5", "pictures", "--tta", "flip", "--json", "-q"])
    #expect(evaluation.exitCode == 0, "\(evaluation.errors)")
    let submission = try run(
      ["submit", "run/model.h5", "pictures/test", "--tta", "3", "--output", "s.csv", "-q"])
    #expect(submission.exitCode == 0, "\(submission.errors)")
    for value in ["0", "13", "flop", "-1"] {
      #expect(try run(["predict", "run/model.h5", "pictures/test", "--tta", value]).exitCode == 64)
    }
  }

  @Test func fineTuningShowsEachPartsEndOnceAndPlansWithoutATrace() throws {
    let trained = try run(["train", "pictures", "--output", "start", "--quiet"] + options)
    try #require(trained.exitCode == 0, "\(trained.errors)")
    let tuning =
      ["fine-tune", "pictures", "--model", "start/model.h5", "--unfreeze", "block2_conv2"]
      + ["--views", "2", "--epochs", "1", "--features", "tuned-views"]
    let plan = try run(tuning + ["--dry-run"])
    #expect(plan.exitCode == 0, "\(plan.errors)")
    #expect(plan.output.contains("free"))
    #expect(!workspace.exists("tuned-views"))
    let tuned = try run(tuning + ["--force", "--output", "tuned"])
    #expect(tuned.exitCode == 0, "\(tuned.errors)")
    let lines = tuned.errors.split(separator: "\n")
    for end in ["Views 40/40 views", "Views 8/8 views"] {
      #expect(lines.count { $0.hasPrefix(end) } == 1, "\(tuned.errors)")
    }
  }
}
