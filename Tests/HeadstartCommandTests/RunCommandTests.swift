import Foundation
import Headstart
import Kernels
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
      let validation, outOfFold: Report?
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
          {optimizer: adam, epochs: 3, batchSize: 4, restoresBest: false, augmentation: {horizontalFlip: true}}
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
    #expect(results.models.map(\.outOfFold?.count) == [20, nil, nil])
    #expect(results.members.map(\.model) == ["tuned/model.h5", "net/model.h5"])
    #expect(results.members.map(\.weight) == [0.5, 0.5] && results.validation?.count == 8)
    #expect(results.submission?.rows == 12)
    for file in [
      "recipe.yaml", "results.json", "manifest.json", "ensemble.json", "submission.csv",
      "confusion.svg", "comparison.svg", "head/model.h5", "head/summary.txt", "tuned/curves.svg",
      "head/curves.svg", "head/history.csv", "head/strip.png", "net/strip.png",
      "tuned/augmented.png", "tuned/history.csv", "net/samples.png", "net/confusion.svg",
      "net/predictions.csv", "tuned/filters.png", "tuned/filters.json",
    ] {
      #expect(workspace.exists("all/" + file), "\(file)")
    }
    let history = try workspace.text("all/head/history.csv").split(separator: "\n")
    #expect(history.count == 2 && history[0] == "strength,out_of_fold_loss,chosen")
    #expect(history[1].hasPrefix("0.01,") && history[1].hasSuffix(",1"))
    #expect(
      try workspace.text("all/net/summary.txt").hasSuffix(
        """
        Optimizer: Adam, learning rate 0.001, 15 steps
        Classes: {flowers: 0, stars: 1}

        """))
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

    // Where nothing has changed nothing is done, and everything stays as it is.
    let marks = ["results.json", "manifest.json", "submission.csv", "net/model.h5"]
    let before = try marks.map { try workspace.inode("all/" + $0) }
    let same = try run("--output", "all", "--json")
    #expect(same.errors.contains("nothing has changed") && !same.errors.contains("model 3/3"))
    #expect(same.output == first.output && same.exitCode == 0)
    #expect(try marks.map { try workspace.inode("all/" + $0) } == before)

    // Nothing is trained twice, and the numbers are the same.
    try FileManager.default.removeItem(atPath: workspace.path + "/all/submission.csv")
    let again = try run("--output", "all", "--json")
    #expect(again.errors.contains("model 3/3: net (trained by an earlier run)"))
    #expect(again.output == first.output.replacingTimes(by: again.output))
    #expect(workspace.exists("all/submission.csv"))

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

  @Test func oldResultsStayUntilTheNewOnesAreThere() throws {
    let options = ["--output", "kept", "--only", "head", "--set", "testTime=1"]
    func run(_ more: String...) throws -> CommandRun {
      try Self.recipe.write(
        toFile: workspace.path + "/kept.yaml", atomically: true, encoding: .utf8)
      return try CommandRun(
        ["run", "pictures", "--recipe", "kept.yaml", "--weights", "weights.h5"] + options + more,
        in: workspace.path)
    }
    let first = try run("--json")
    try #require(first.exitCode == 0, "\(first.errors)")
    #expect(try workspace.inode("kept/model.h5") == workspace.inode("kept/head/model.h5"))
    try "mine".write(
      toFile: workspace.path + "/kept/head/notes.txt", atomically: true, encoding: .utf8)
    let files = [
      "model.h5", "results.json", "manifest.json", "submission.csv", "recipe.yaml",
      "head/model.h5", "head/metrics.json",
    ]
    func contents() throws -> [Data] {
      try files.map { try Data(contentsOf: URL(fileURLWithPath: workspace.path + "/kept/" + $0)) }
    }
    let old = try contents()

    // A run of other settings that fails after its training changes nothing.
    let other = ["--set", "models.head.head.strength=0.2"]
    let broken = workspace.path + "/pictures/test/broken.jpg"
    try Data([0xFF, 0xD8, 0xFF, 0xE0, 0]).write(to: URL(fileURLWithPath: broken))
    let failed = try run(other[0], other[1], "--strict")
    try FileManager.default.removeItem(atPath: broken)
    #expect(failed.exitCode == 1 && failed.errors.contains("broken.jpg"), "\(failed.errors)")
    #expect(workspace.exists("kept/.next/head/metrics.json"))
    #expect(try contents() == old)

    // What it had finished is taken over by the one that does not; what is not ours stays.
    let second = try run(other[0], other[1], "--json")
    #expect(second.exitCode == 0, "\(second.errors)")
    #expect(second.errors.contains("model 1/1: head (trained by an earlier run)"))
    #expect(!workspace.exists("kept/.next") && workspace.exists("kept/head/notes.txt"))
    let new = try contents()
    #expect(zip(old, new).allSatisfy { $0 != $1 })
    #expect(try workspace.inode("kept/model.h5") == workspace.inode("kept/head/model.h5"))
    #expect(try workspace.text("kept/recipe.yaml").contains("0.2"))
    // And back: the first model is gone, and made again.
    let third = try run("--json")
    #expect(third.exitCode == 0 && !third.errors.contains("trained by an earlier run"))
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
    // A fine-tuned model has seen what the head has that it starts from: a head of another fold would
    // bring the very pictures along that judge it.
    for place in results.models.map(\.place) {
      let trainedOn = try Classifier.load(
        "\(workspace.path)/folds/\(place)/model.h5", pool: ThreadPool(threads: 1)
      ).trainedOn
      #expect(trainedOn.count == 10)
      let judged = try JSONDecoder().decode(
        [RecipeResults.Judged].self,
        from: Data(try workspace.text("folds/\(place)/predictions.json").utf8))
      for picture in judged {
        let bytes = try Data(
          contentsOf: URL(
            fileURLWithPath: picture.path,
            relativeTo: URL(fileURLWithPath: workspace.path, isDirectory: true)))
        #expect(!trainedOn.contains(PictureHash(of: Array(bytes))), "\(place): \(picture.path)")
      }
    }
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
  }

  /// A name or a change that can never be right is wrong usage; a file that is wrong is not.
  @Test(arguments: [
    (["--recipe", "nobody"], 64, "--recipe: nobody: expected one of the recipes"),
    (["--recipe", "nobody.yaml"], 1, "nobody.yaml"), (["--recipe", "bad.yaml"], 1, "clip"),
    (["--recipe", "bad"], 1, "clip"), (["--set", "models.convnet.head=1"], 64, "--set: moazeni"),
    (["--set", "nonsense=1"], 64, "found nonsense"), (["--set", "nonsense"], 64, "place=value"),
    (["--set", "clip=.7"], 64, "clip: expected 0 up to 0.5"),
    (["--set", "positive=nobody"], 64, "nobody"), (["--only", "nobody"], 64, "--only: "),
    (["--folds", "1"], 64, "--folds must"), (["--folds", "-2"], 64, "not -2"),
    (["--recipe", "best", "--size", "16"], 64, "--size: expected at least 32 pixels"),
    (["--size", "0"], 64, "--size must"), (["--epochs", "-1"], 64, "--epochs must"),
    (["--class-order", "stars"], 64, "without flowers"), (["--backbone", "none"], 64, "vgg16"),
  ])
  func changesAreWrongUsageAndFilesAreNot(
    _ arguments: [String], _ code: Int, _ fragment: String
  ) throws {
    for name in ["bad.yaml", "bad"] {
      try (Self.recipe + "\nclip: 7\n").write(
        toFile: workspace.path + "/" + name, atomically: true, encoding: .utf8)
    }
    let recipe = arguments[0] == "--recipe" ? [] : ["--recipe", "moazeni"]
    let folder = "refused-" + arguments.joined()
    let run = try CommandRun(
      ["run", "pictures", "--output", folder] + recipe + arguments, in: workspace.path)
    #expect(run.exitCode == Int32(code) && run.output.isEmpty)
    #expect(run.errors.contains(fragment), "\(run.errors)")
    #expect(!workspace.exists(folder + "/recipe.yaml") || arguments[1].hasPrefix("positive"))
  }

  @Test func onlyRecipesAreShown() throws {
    let run = try workspace.run("recipes", "show", "nobody")
    #expect(run.exitCode == 64 && run.errors.contains("one of the recipes"))
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
