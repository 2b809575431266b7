import Foundation
import Testing

/// `run` and `recipes`.
@Suite(.serialized) struct RunCommandTests {
  private struct Report: Decodable {
    let count: Int
    let accuracy, logLoss: Double
  }
  private struct Results: Decodable {
    struct Model: Decodable {
      let name, place: String
      let parameters, trainableParameters, epochs: Int
      let validation: Report?
    }
    struct Member: Decodable {
      let model: String
      let weight: Double
    }
    struct Submission: Decodable {
      let rows: Int
      let clip: Double
    }
    let models: [Model]
    let members: [Member]
    let validation, outOfFold: Report?
    let submission: Submission?
    let views: Int
  }
  private struct Row: Decodable {
    let path: String
    let probabilities: [String: Double]
  }

  private static let shared = Result { try Workspace() }
  private let workspace: Workspace

  init() throws { workspace = try Self.shared.get() }

  private static let recipe = """
    name: small
    pictures: {size: 32, preprocessing: rescale}
    models:
      - name: head
        backbone: vgg16
        layer: block2_pool
        head: {pooling: average, solver: newton, strength: 0.01}
      - name: tuned
        startsFrom: head
        fineTuning:
          {unfreeze: block2, views: 2, epochs: 2, learningRate: 0.001, augmentation: {horizontalFlip: true}}
        filters: {layer: block2_conv1, count: 3, size: 16, steps: 2}
      - name: net
        network:
          - Conv2D: {filters: 4, kernel_size: 3, activation: relu}
          - MaxPooling2D
          - Flatten
          - Dropout: {rate: 0.2}
          - Output
        training:
          {optimizer: adam, epochs: 3, batchSize: 4, augmentation: {horizontalFlip: true}}
    result: {models: [tuned, net]}
    testTime: flip
    """

  private func run(_ arguments: String...) throws -> CommandRun {
    try Self.recipe.write(
      toFile: workspace.path + "/small.yaml", atomically: true, encoding: .utf8)
    return try CommandRun(
      ["run", "pictures", "--recipe", "small.yaml", "--weights", "weights.h5"] + arguments,
      in: workspace.path)
  }

  @Test func aRecipeLeavesAllOfItsResults() throws {
    let first = try run("--output", "all", "--json")
    try #require(first.exitCode == 0, "\(first.errors)")
    let results = try first.json(Results.self)
    #expect(results.models.map(\.name) == ["head", "tuned", "net"])
    #expect(results.models.map(\.epochs) == [0, 2, 3] && results.views == 2)
    #expect(results.members.map(\.model) == ["tuned/model.h5", "net/model.h5"])
    #expect(results.members.map(\.weight) == [0.5, 0.5] && results.validation?.count == 8)
    #expect(results.submission?.rows == 12)
    for file in [
      "recipe.yaml", "results.json", "manifest.json", "ensemble.json", "submission.csv",
      "confusion.svg", "comparison.svg", "head/model.h5", "head/summary.txt", "tuned/curves.svg",
      "tuned/augmented.png", "tuned/history.csv", "net/samples.png", "net/confusion.svg",
      "net/predictions.csv", "tuned/filters.png", "tuned/filters.json",
    ] {
      #expect(workspace.exists("all/" + file), "\(file)")
    }
    #expect(!workspace.exists("all/model.h5") && !workspace.exists("all/net/checkpoint.h5"))

    // What the folder predicts with says what the submission says.
    let rows = try workspace.run(
      "predict", "all/ensemble.json", "pictures/test", "--json", "-q"
    ).json([Row].self)
    let lines = try workspace.text("all/submission.csv").split(separator: "\n").dropFirst()
    for line in lines {
      let fields = line.split(separator: ",")
      let row = try #require(
        rows.first { ($0.path as NSString).lastPathComponent.hasPrefix(fields[0] + ".") })
      let expected = min(max(row.probabilities["stars"] ?? -1, 0.005), 0.995)
      #expect(abs((Double(fields[1]) ?? 9) - expected) <= 2e-6)
    }

    #expect(!workspace.exists("all/head/filters.png"))
    #expect(try workspace.text("all/tuned/filters.json").contains("\"layer\" : \"block2_conv1\""))

    // Nothing is trained twice, and the numbers are the same.
    let again = try run("--output", "all", "--json")
    #expect(again.errors.contains("model 3/3: net (trained by an earlier run)"))
    #expect(again.output == first.output.replacingTimes(by: again.output))

    #expect(!again.errors.contains("Filters"))
    // Other filters of the same model need no training.
    let fewer = try run("--output", "all", "--set", "models.tuned.filters.count=2", "--json")
    #expect(fewer.errors.contains("tuned (trained by an earlier run)"))
    #expect(fewer.errors.contains("Filters"))
    #expect(
      try workspace.text("all/tuned/filters.json").matches(of: /"index"/).count == 2)
    let report = try workspace.run("report", "all")
    #expect(report.exitCode == 0)
    #expect(try workspace.text("all/report.html").contains("<h3>Filters</h3>"))

    // Another setting is another model; what starts from it is trained anew as well.
    let other = try run("--output", "all", "--set", "models.head.head.strength=0.1", "--json")
    #expect(other.exitCode == 0, "\(other.errors)")
    #expect(!other.errors.contains("tuned (trained"))
    #expect(other.errors.contains("net (trained by an earlier run)"))
  }

  @Test func foldsAverageModelsThatHaveNotSeenThePicture() throws {
    let run = try run(
      "--output", "folds", "--folds", "2", "--epochs", "1", "--set", "result=tuned", "--only",
      "tuned", "--set", "testTime=1", "--json")
    try #require(run.exitCode == 0, "\(run.errors)")
    let results = try run.json(Results.self)
    #expect(
      results.models.map(\.place) == [
        "head/fold-1", "head/fold-2", "tuned/fold-1", "tuned/fold-2",
      ])
    #expect(results.outOfFold?.count == 20 && results.validation?.count == 8)
    #expect(results.members.count == 2 && workspace.exists("folds/ensemble.json"))
    // Each fold is judged by the other half of the training pictures.
    #expect(results.models.map(\.validation?.count) == [10, 10, 10, 10])
  }

  @Test func limitsAreForAQuickLook() throws {
    let run = try run(
      "--output", "quick", "--limit", "6", "--epochs", "1", "--only", "net", "--json")
    let results = try run.json(Results.self)
    #expect(results.models.map(\.epochs) == [1] && results.validation?.count == 6)
    #expect(results.submission?.rows == 6)
  }

  @Test func recipesAreListedAndShown() throws {
    let list = try workspace.run("recipes")
    #expect(list.exitCode == 0 && list.output.contains("best (the default)"))
    #expect(list.output.contains("keras-blog: "))
    let text = try workspace.run("recipes", "show", "moazeni").output
    try text.write(toFile: workspace.path + "/moazeni.yaml", atomically: true, encoding: .utf8)
    let run = try workspace.run(
      "run", "pictures", "--recipe", "moazeni.yaml", "--limit", "8", "--epochs", "1", "--output",
      "moazeni")
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.output.contains("813,217"))
    #expect(try workspace.text("moazeni/convnet/summary.txt").contains("813,217"))
    for (arguments, fragment) in [
      (["run", "pictures", "--recipe", "nobody"], "one of the recipes"),
      (["run", "pictures", "--recipe", "nobody.yaml"], "nobody.yaml"),
      (["recipes", "show", "nobody"], "one of the recipes"),
      (["run", "pictures", "--recipe", "moazeni", "--set", "models.convnet.head=1"], "head"),
    ] {
      let run = try CommandRun(arguments, in: workspace.path)
      #expect(run.exitCode == 1 && run.errors.contains(fragment), "\(run.errors)")
    }
  }
}

extension String {
  /// The text with the seconds of another one, which differ from run to run.
  fileprivate func replacingTimes(by other: String) -> String {
    let lines = split(separator: "\n", omittingEmptySubsequences: false)
    let others = other.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count == others.count else { return self }
    return zip(lines, others).map { $0.contains("\"seconds\"") ? String($1) : String($0) }
      .joined(separator: "\n")
  }
}
