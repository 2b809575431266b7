import Foundation
import Testing

/// What `run` says and leaves in the end.
@Suite(.serialized) struct RunEndingTests {
  private struct Results: Decodable {
    struct Submission: Decodable {
      let label: String
      let clip: Double
    }
    let submission: Submission?
    let validationChoices: [String]
  }
  private struct Written: Decodable {
    let clip: Double
  }

  private static let shared = Result { try Workspace() }
  private let workspace: Workspace

  private static let recipe = """
    name: net
    pictures: {size: 16, preprocessing: rescale, interpolation: nearest}
    models:
      - name: net
        network: [{Conv2D: {filters: 4, kernel_size: 3, activation: relu}}, Flatten, Output]
        training: {optimizer: adam, epochs: 2, batchSize: 4, calibrates: false}
    """

  private static let tuning = """
    name: tuning
    pictures: {size: 32, preprocessing: rescale}
    models:
      - name: head
        backbone: vgg16
        layer: block2_pool
        head: {pooling: average, strength: 0.01}
      - name: tuned
        startsFrom: head
        fineTuning: {unfreeze: block2, views: 1, epochs: 1, augmentation: {}}
    result: tuned
    """

  init() throws {
    workspace = try Self.shared.get()
    for (name, text) in [("net", Self.recipe), ("tuning", Self.tuning)] {
      try text.write(
        toFile: workspace.path + "/\(name).yaml", atomically: true, encoding: .utf8)
    }
    let bare = workspace.path + "/bare"
    if !FileManager.default.fileExists(atPath: bare) {
      try FileManager.default.createDirectory(
        atPath: bare, withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        atPath: workspace.path + "/pictures/train", toPath: bare + "/train")
    }
  }

  /// The class that is not the last can be the positive one by the recipe; `submit` does not turn
  /// the submission round.
  @Test func submitWritesWhatRunWrote() throws {
    let run = try workspace.run(
      "run", "pictures", "--recipe", "net.yaml", "--output", "same", "--set", "positive=flowers",
      "--set", "clip=0.02", "--json")
    let results = try run.json(Results.self)
    #expect(results.submission?.label == "label = P(flowers)" && results.submission?.clip == 0.02)
    let again = try workspace.run(
      "submit", "same", "pictures/test", "--output", "same.csv", "--json")
    #expect(try again.json(Written.self).clip == 0.02)
    #expect(try workspace.text("same.csv") == workspace.text("same/submission.csv"))
    // What is asked for goes before.
    let other = try workspace.run(
      "submit", "same", "pictures/test", "--output", "other.csv", "--positive", "stars", "--clip",
      "0.1", "--json")
    #expect(try other.json(Written.self).clip == 0.1)
    #expect(try workspace.text("other.csv") != workspace.text("same.csv"))
  }

  @Test func picturesThatDecidedAreNamed() throws {
    let run = try workspace.run("run", "pictures", "--recipe", "net.yaml", "--output", "said")
    #expect(run.output.contains("The validation pictures also decided on the epoch: expect"))
    let last = try workspace.run(
      "run", "pictures", "--recipe", "net.yaml", "--output", "last", "--set",
      "models.net.training.restoresBest=false", "--json")
    #expect(try last.json(Results.self).validationChoices.isEmpty)
  }

  @Test func fineTuningNeedsPicturesToBeJudgedBy() throws {
    let run = try workspace.run(
      "run", "bare", "--recipe", "tuning.yaml", "--weights", "weights.h5", "--output", "untested",
      "--validation-share", "0")
    #expect(run.exitCode == 1 && run.errors.contains("whether fine-tuning helps"), "\(run.errors)")
    #expect(!workspace.exists("untested/head"))
  }

  @Test func figuresOfAnotherModelDoNotStay() throws {
    let places = ["net/confusion.svg", "net/predictions.csv"]
    _ = try workspace.run("run", "pictures", "--recipe", "net.yaml", "--output", "stale")
    for place in places { #expect(workspace.exists("stale/" + place)) }
    let run = try workspace.run(
      "run", "bare", "--recipe", "net.yaml", "--output", "stale", "--validation-share", "0")
    try #require(run.exitCode == 0, "\(run.errors)")
    for place in places { #expect(!workspace.exists("stale/" + place)) }
  }

  @Test func strictHoldsForModelsThatAreKept() throws {
    let broken = workspace.path + "/broken"
    try FileManager.default.copyItem(atPath: workspace.path + "/pictures", toPath: broken)
    try Data("no picture".utf8).write(
      to: URL(fileURLWithPath: broken + "/train/stars/broken.jpg"))
    let arguments = ["run", "broken", "--recipe", "net.yaml", "--output", "lax"]
    #expect(try CommandRun(arguments, in: workspace.path).exitCode == 3)
    let strict = try CommandRun(arguments + ["--strict"], in: workspace.path)
    #expect(strict.exitCode == 1 && strict.errors.contains("broken.jpg"), "\(strict.errors)")
  }
}
