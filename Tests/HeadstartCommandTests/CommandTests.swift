import Foundation
import Headstart
import Testing

/// The contract of the command line: exit codes, what goes to which output, files and JSON keys.
@Suite(.serialized) struct CommandTests {
  private static let shared = Result { try Workspace() }
  private let workspace: Workspace

  init() throws {
    workspace = try Self.shared.get()
    if !workspace.exists("run/model.h5") {
      let run = try workspace.train("--output", "run", "--quiet")
      try #require(run.exitCode == 0, "\(run.errors)")
    }
  }

  @Test func trainLeavesItsFiles() throws {
    // Files carry the time in seconds where they carry it at all.
    Thread.sleep(forTimeInterval: 1.1)
    let run = try workspace.train("--output", "again")
    #expect(run.exitCode == 0)
    #expect(run.output.contains("validation") && run.output.contains("model: "))
    #expect(run.errors.contains("28 cached"))
    for name in ["model.h5", "history.csv", "metrics.json", "manifest.json"] {
      #expect(workspace.exists("again/\(name)"))
    }
    // The same pictures, settings and seed: the same file, byte for byte.
    #expect(
      FileManager.default.contentsEqual(
        atPath: workspace.path + "/run/model.h5", andPath: workspace.path + "/again/model.h5"))
    #expect(try workspace.text("run/history.csv").hasPrefix("strength,out_of_fold_loss,chosen\n"))
  }

  @Test func jsonStandsAloneOnStandardOutput() throws {
    let run = try workspace.train("--output", "json", "--json")
    #expect(run.exitCode == 0)
    let metrics = try run.json(TrainingMetrics.self)
    #expect(metrics.train.count == 20 && metrics.validation?.count == 8)
    #expect(metrics.pictures.cached == 28)
    let evaluation = try workspace.run("evaluate", "run/model.h5", "pictures", "--json")
    let keys = try #require(
      JSONSerialization.jsonObject(with: Data(evaluation.output.utf8)) as? [String: Any]
    ).keys.sorted()
    #expect(
      keys == [
        "accuracy", "accuracyInterval", "classes", "confusion", "count", "logLoss", "rocAUC",
      ])
    let report = try evaluation.json(EvaluationReport.self)
    #expect(report.count == 8)
    #expect(abs(report.logLoss - (metrics.validation?.logLoss ?? 0)) < 1e-6)
  }

  @Test func quietSaysNothing() throws {
    let run = try workspace.train("--output", "quiet", "--quiet")
    #expect(run.exitCode == 0 && run.errors.isEmpty)
  }

  @Test func predictNamesWhatItCannotRead() throws {
    struct Row: Decodable {
      var path: String
      var `class`: String?
      var probability: Double?
      var probabilities: [String: Double]?
      var error: String?
    }
    let run = try workspace.run(
      "predict", "run/model.h5", "pictures/test/10.png", "missing.jpg", "pictures/test/2.png",
      "--format", "json")
    #expect(run.exitCode == 3)
    #expect(run.errors.contains("missing.jpg"))
    let rows = try run.json([Row].self)
    try #require(rows.count == 3)
    #expect(rows.map(\.path) == ["pictures/test/10.png", "missing.jpg", "pictures/test/2.png"])
    #expect(rows[1].error != nil && rows[1].class == nil)
    let probabilities = try #require(rows[0].probabilities)
    #expect(probabilities.keys.sorted() == ["flowers", "stars"])
    #expect(rows[0].probability == probabilities.values.max())
    #expect(probabilities[try #require(rows[0].class)] == rows[0].probability)
  }

  @Test func predictWritesTablesAndCSV() throws {
    let table = try workspace.run("predict", "run/model.h5", "pictures/test/1.png")
    #expect(table.exitCode == 0)
    #expect(table.output.hasPrefix("pictures/test/1.png  ") && table.output.hasSuffix(" %\n"))
    let csv = try workspace.run("predict", "run/model.h5", "pictures/test", "--format", "csv")
    let lines = csv.output.split(separator: "\n")
    #expect(lines.first == "path,class,probability,flowers,stars")
    #expect(lines.dropFirst().map { $0.split(separator: ",")[0] }.first == "pictures/test/1.png")
    #expect(lines.count == 13)
  }

  @Test func submitWritesARowForEachPicture() throws {
    let run = try workspace.run(
      "submit", "run/model.h5", "pictures/test", "--output", "submission.csv")
    #expect(run.exitCode == 0 && run.output.isEmpty)
    let lines = try workspace.text("submission.csv").split(separator: "\n").map(String.init)
    #expect(lines.first == "id,label")
    #expect(
      lines.dropFirst().map { $0.split(separator: ",")[0] }
        == (1...12).map { Substring(String($0)) })
    for line in lines.dropFirst() {
      let label = try #require(line.split(separator: ",").last)
      #expect(label.count == 8 && (0.005...0.995).contains(Double(label) ?? -1))
    }
  }

  @Test func submitSaysWhatToExpect() throws {
    struct Summary: Decodable {
      var clip: Double
      var expectedLogLoss: Double?
      var expectedLogLossInterval: [Double]?
    }
    let run = try workspace.run(
      "submit", "run/model.h5", "pictures/test", "--output", "expected.csv", "--json")
    let summary = try run.json(Summary.self)
    let expected = try #require(summary.expectedLogLoss)
    let interval = try #require(summary.expectedLogLossInterval)
    #expect(interval.count == 2 && interval[0] < expected && expected < interval[1])
    let other = try workspace.run(
      "submit", "run/model.h5", "pictures/test", "--output", "expected.csv", "--clip", "0.3")
    #expect(other.errors.contains("clipped at 0.3: as asked for"))
    #expect(other.errors.contains("expected log loss") && other.errors.contains("(95 %: "))
    for line in try workspace.text("expected.csv").split(separator: "\n").dropFirst() {
      #expect((0.3...0.7).contains(Double(line.split(separator: ",")[1]) ?? 0))
    }
  }

  @Test func modelsThatAreNotGoodEnoughAreRefused() throws {
    let refused = try workspace.train(
      "--output", "refused", "--assert-accuracy-at-least", "0.01", "--assert-log-loss-at-most",
      "1e-9")
    #expect(refused.exitCode == 1 && refused.errors.contains("log loss is "))
    #expect(!refused.errors.contains("accuracy is "))
    #expect(!workspace.exists("refused/model.h5") && workspace.exists("refused/rejected/model.h5"))
    let accepted = try workspace.train("--output", "accepted", "--assert-log-loss-at-most", "9")
    #expect(accepted.exitCode == 0 && workspace.exists("accepted/model.h5"))
    #expect(try workspace.text("accepted/curves.svg").hasPrefix("<svg "))
    let judged = try workspace.run(
      "evaluate", "run/model.h5", "pictures", "--assert-log-loss-at-most", "1e-9")
    #expect(judged.exitCode == 1 && judged.output.contains("log loss"))
    // Nothing to judge by: no validation pictures, no out-of-fold predictions.
    let blind = try CommandRun(
      [
        "train", "pictures/train", "--validation-share", "0", "--weights", "weights.h5", "--solver",
        "adam", "--assert-accuracy-at-least", "0.1", "--output", "blind",
      ], in: workspace.path)
    #expect(blind.exitCode == 64 && !workspace.exists("blind"))
  }

  @Test func wrongUsageIsSixtyFour() throws {
    #expect(try workspace.run("train", "pictures", "--size", "31").exitCode == 64)
    #expect(try workspace.run("train").exitCode == 64)
    let foreign = [
      ["--hidden", "8"], ["--epochs", "9"], ["--folds", "1"],
      ["--solver", "adam", "--momentum", "0.9"], ["--solver", "sgd", "--strength", "1"],
    ]
    for options in foreign {
      let run = try CommandRun(
        ["train", "pictures", "--weights", "weights.h5", "--output", "foreign"] + options,
        in: workspace.path)
      #expect(run.exitCode == 64 && run.errors.contains(options[options.count - 2]))
      #expect(!workspace.exists("foreign"))
    }
    #expect(try workspace.run("fly").exitCode == 64)
    #expect(try workspace.run("train", "pictures", "--labels-from", "hope").exitCode == 64)
  }

  @Test func failuresAreOneAndNameTheFile() throws {
    let noData = try workspace.run("train", "nowhere", "--weights", "weights.h5")
    #expect(noData.exitCode == 1 && noData.errors.contains("nowhere"))
    let noWeights = try workspace.run(
      "train", "pictures", environment: ["HEADSTART_WEIGHTS": "empty"])
    #expect(noWeights.exitCode == 1)
    #expect(noWeights.errors.contains("headstart weights fetch vgg16"))
    let noModel = try workspace.run("predict", "pictures/test/1.png", "pictures/test/2.png")
    #expect(noModel.exitCode == 1 && noModel.errors.contains("1.png"))
  }

  @Test func brokenPicturesAreSkippedCountedAndFatalWhenStrict() throws {
    let folder = workspace.path + "/broken"
    try FileManager.default.copyItem(atPath: workspace.path + "/pictures", toPath: folder)
    let broken = folder + "/train/stars/zero\nbyte.jpg"
    try Data().write(to: URL(fileURLWithPath: broken))
    let arguments = [
      "train", "broken", "--weights", "weights.h5", "--size", "32", "--layer", "block3_pool",
      "--output", "broken-run",
    ]
    let run = try CommandRun(arguments, in: workspace.path)
    #expect(run.exitCode == 3)
    #expect(run.errors.contains("1 picture could not be read"))
    #expect(workspace.exists("broken-run/model.h5"))
    let strict = try CommandRun(arguments + ["--strict"], in: workspace.path)
    #expect(strict.exitCode == 1)
  }

  @Test func foldersThatCannotBeListedCountAsUnreadable() throws {
    let folder = workspace.path + "/odd"
    try FileManager.default.createDirectory(
      atPath: folder + "/x.jpg", withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      atPath: workspace.path + "/pictures/test/3.png", toPath: folder + "/3.png")
    let run = try workspace.run("submit", "run/model.h5", "odd", "--output", "odd.csv", "--json")
    #expect(run.exitCode == 3 && run.errors.contains("x.jpg"))
    #expect(run.output.contains("\"unreadable\" : 1"))
    #expect(try workspace.text("odd.csv").hasPrefix("id,label\n3,"))
  }

  @Test func classFoldersAreSplitOnceAndTheSplitIsWrittenDown() throws {
    Thread.sleep(forTimeInterval: 0.15)  // what has just been written may change again unseen
    func train(_ output: String, _ arguments: String...) throws -> CommandRun {
      try CommandRun(
        [
          "train", "pictures/train", "--weights", "weights.h5", "--size", "32", "--layer",
          "block3_pool", "--output", output, "--features", "split-features",
        ] + arguments, in: workspace.path)
    }
    let first = try train("split-1")
    try #require(first.exitCode == 0, "\(first.errors)")
    #expect(first.errors.contains("Split 20/20 pictures"))
    let table = try workspace.text("split-1/split.csv")
    #expect(table.hasPrefix("path,split,label\n") && table.contains(",validation,"))
    // Nothing is read a second time, and the split is the same.
    let second = try train("split-2", "--threads", "1")
    #expect(second.exitCode == 0 && !second.errors.contains("Split "))
    #expect(try workspace.text("split-2/split.csv") == table)
    let other = try train("split-3", "--seed", "1")
    #expect(other.exitCode == 0)
    #expect(try workspace.text("split-3/split.csv") != table)
    let kept = try train("split-4", "--seed", "1", "--keep-split", "split-1/split.csv")
    #expect(kept.exitCode == 0)
    #expect(try workspace.text("split-4/split.csv") == table)
  }

  @Test func versionAndTimes() throws {
    let version = try workspace.run("--version")
    #expect(version.exitCode == 0 && version.output == Release.version + "\n")
    struct Stores: Decodable {
      struct Store: Decodable {
        var lastUsed: String
      }
      var stores: [Store]
    }
    let list = try workspace.run("features", "list", "--json")
    let used = try #require(try list.json(Stores.self).stores.first?.lastUsed)
    let date = try Date(used, strategy: .iso8601)
    #expect(abs(date.timeIntervalSinceNow) < 3600)
  }

  @Test func doctorFindsWhatIsWrong() throws {
    struct Report: Decodable {
      struct Problem: Decodable {
        var kind, severity, detail: String
        var paths: [String]
      }
      var pictures: Int
      var problems: [Problem]
    }
    let sound = try workspace.run("doctor", "pictures", "--json")
    #expect(sound.exitCode == 0)
    #expect(try sound.json(Report.self).pictures == 40)
    #expect(try sound.json(Report.self).problems.allSatisfy { $0.severity != "error" })

    let folder = workspace.path + "/sick"
    try FileManager.default.copyItem(atPath: workspace.path + "/pictures", toPath: folder)
    try Data().write(to: URL(fileURLWithPath: folder + "/train/stars/none.jpg"))
    try FileManager.default.copyItem(
      atPath: folder + "/train/stars/star.2.png", toPath: folder + "/train/flowers/star.png")
    let sick = try workspace.run("doctor", "sick", "--json")
    #expect(sick.exitCode == 3)
    let problems = try sick.json(Report.self).problems
    #expect(
      problems.contains { $0.kind == "unreadablePicture" && $0.paths[0].hasSuffix("none.jpg") })
    #expect(problems.contains { $0.kind == "sameContentInTwoClasses" && $0.paths.count == 2 })
    let table = try workspace.run("doctor", "sick")
    #expect(table.exitCode == 3)
    #expect(table.output.contains("error: pictures that cannot be read (1)"))
  }

  @Test func summaryCountsParameters() throws {
    let run = try workspace.run("summary", "weights.h5")
    #expect(run.exitCode == 0)
    #expect(run.output.contains("Total params: 14,714,688"))
    let model = try workspace.run("summary", "run/model.h5", "--json")
    // Blocks 1 to 3, and a head of 256 weights and one bias.
    #expect(try model.json(ModelSummary.self).trainableParameters == 257)
    #expect(try model.json(ModelSummary.self).parameters == 1_735_488 + 257)
  }

  @Test func helpTeaches() throws {
    for command in ["train", "evaluate", "predict", "submit", "extract", "summary", "doctor"] {
      let help = try workspace.run(command, "--help")
      #expect(help.exitCode == 0 && help.output.contains("headstart \(command) "))
    }
  }
}
