import Foundation
import Headstart
import Testing

/// Averaged models on the command line, and the files of `evaluate --output`.
@Suite(.serialized) struct EnsembleCommandTests {
  private struct Row: Decodable {
    let path: String
    let probabilities: [String: Double]
  }

  private static let shared = Result { () throws -> Workspace in
    let workspace = try Workspace()
    for (name, options) in [("a", ["--no-calibration"]), ("b", ["--size", "40"])] {
      let run = try CommandRun(
        [
          "train", "pictures", "--weights", "weights.h5", "--layer", "block2_pool", "--output",
          name, "--quiet", "--size", "32",
        ] + options, in: workspace.path)
      try #require(run.exitCode == 0, "\(run.errors)")
    }
    return workspace
  }
  private let workspace: Workspace

  init() throws { workspace = try Self.shared.get() }

  private func predict(_ arguments: String...) throws -> [[Double]] {
    let run = try CommandRun(
      ["predict"] + arguments + ["--format", "json", "--quiet"], in: workspace.path)
    try #require(run.exitCode == 0, "\(run.errors)")
    return try run.json([Row].self).map { row in
      row.probabilities.sorted { $0.key < $1.key }.map(\.value)
    }
  }

  @Test func predictionsAreMeans() throws {
    let single = try ["a", "b"].map { try predict("\($0)/model.h5", "pictures/test") }
    try #require(single[0].count == 12 && single[0] != single[1])
    func mean(_ weights: [Double]) -> [[Double]] { Ensemble.mean(single, weights: weights) }
    func differs(_ found: [[Double]], _ expected: [[Double]]) -> Bool {
      let (found, expected) = (Array(found.joined()), Array(expected.joined()))
      return zip(found, expected).contains { pair in abs(pair.0 - pair.1) > 1e-12 }
    }
    let equal = try predict("a/model.h5", "pictures/test", "--ensemble", "b/model.h5")
    #expect(equal.count == 12 && !differs(equal, mean([0.5, 0.5])))
    try EnsembleFile(members: [
      .init(model: "a/model.h5", weight: 0.2), .init(model: "b/model.h5", weight: 0.8),
    ]).write(to: workspace.path + "/ensemble.json")
    let weighted = try predict("ensemble.json", "pictures/test")
    #expect(!differs(weighted, mean([0.2, 0.8])))
    let both = try predict("ensemble.json", "pictures/test", "--ensemble", "a/model.h5")
    #expect(!differs(both, mean([0.6, 0.4])))
  }

  @Test func weightsAreFittedToPicturesThatNoModelHasSeen() throws {
    let run = try workspace.run(
      "evaluate", "a", "pictures", "--ensemble", "b/model.h5", "--fit-weights", "fitted.json",
      "--json")
    try #require(run.exitCode == 0, "\(run.errors)")
    #expect(run.errors.contains("flatters their log loss"))
    let folders = ["flowers", "stars"].map { "pictures/validation/\($0)" }
    let single = try ["a", "b"].map { model in
      try folders.flatMap { try predict("\(model)/model.h5", $0) }
    }
    let labels = [0, 0, 0, 0, 1, 1, 1, 1]
    try #require(single[0].count == labels.count)
    let weights = EnsembleWeights.fit(single, labels: labels)
    let file = try EnsembleFile.read(workspace.path + "/fitted.json")
    let expected = zip(["a/model.h5", "b/model.h5"], weights).filter { $0.1 > 0 }
    #expect(file.members.map(\.model) == expected.map(\.0))
    #expect(zip(file.members, expected).allSatisfy { abs($0.weight - $1.1) < 1e-9 })
    #expect(file.calibration?.pictures == 8 && file.testTime == nil)
    // It is judged as it was said to be.
    let again = try workspace.run("evaluate", "fitted.json", "pictures", "--json", "--quiet")
    #expect(again.output == run.output)

    for (arguments, code, fragment): ([String], Int32, String) in [
      (["--ensemble", "b", "--split", "train"], 1, "20 of 20 that one was trained on"),
      ([], 64, "needs further models"),
    ] {
      let run = try CommandRun(
        ["evaluate", "a", "pictures", "--fit-weights", "no.json"] + arguments, in: workspace.path)
      #expect(run.exitCode == code && run.errors.contains(fragment), "\(run.errors)")
    }
    let apart = try workspace.run(
      "evaluate", "a", "pictures", "--ensemble", "b", "--fit-weights", "a/no.json")
    #expect(apart.exitCode == 1 && apart.errors.contains("in its own folder or below"))
    #expect(!workspace.exists("no.json") && !workspace.exists("a/no.json"))
  }

  @Test func submissionsOfMeansPromiseOnlyWhatIsKnown() throws {
    let blind = try workspace.run(
      "submit", "a/model.h5", "pictures/test", "--ensemble", "b/model.h5", "--output", "s.csv")
    #expect(blind.exitCode == 0 && blind.errors.contains("clipped at 0.005: the default"))
    #expect(!blind.errors.contains("expected log loss"))
    let labels: [Int] = (0..<30).map { $0 % 4 == 0 ? 1 : 0 }
    let rows: [[Double]] = labels.indices.map { row in
      let second = 0.3 - Double(row) / 1000
      return [1 - second, second]
    }
    try EnsembleFile(
      members: [.init(model: "a/model.h5", weight: 1)],
      calibration: Calibration(probabilities: rows, labels: labels, source: .validation)
    ).write(to: workspace.path + "/known.json")
    let known = try workspace.run(
      "submit", "known.json", "pictures/test", "--output", "s.csv")
    #expect(known.exitCode == 0 && known.errors.contains("expected log loss"))
    #expect(known.errors.contains("30 validation pictures"))
  }

  @Test func badEnsemblesAreNamed() throws {
    try Data(#"{"format": 1, "members": [{"model": "../x.h5", "weight": 1}]}"#.utf8)
      .write(to: URL(fileURLWithPath: workspace.path + "/bad.json"))
    let bad = try workspace.run("predict", "bad.json", "pictures/test")
    #expect(bad.exitCode == 1 && bad.errors.contains("bad.json") && bad.errors.contains("../x.h5"))
    let none = try workspace.run(
      "predict", "a/model.h5", "pictures/test", "--ensemble", "none.h5")
    #expect(none.exitCode == 1 && none.errors.contains("none.h5"))
  }

  @Test func evaluateLeavesItsFiles() throws {
    let run = try workspace.run(
      "evaluate", "a/model.h5", "pictures", "--ensemble", "b/model.h5", "--output", "judged",
      "--json")
    #expect(run.exitCode == 0, "\(run.errors)")
    let report = try run.json(EvaluationReport.self)
    #expect(report.count == 8)
    #expect(try workspace.text("judged/confusion.svg").hasPrefix("<svg "))
    #expect(try workspace.text("judged/predictions.csv").split(separator: "\n").count == 9)
    let kept = try JSONDecoder().decode(
      EvaluationReport.self, from: Data(workspace.text("judged/metrics.json").utf8))
    #expect(kept.logLoss == report.logLoss)
    #expect(workspace.exists("judged/misclassified.png") == (report.accuracy < 1))
  }

  @Test func runsAreReported() throws {
    for name in ["confusion.svg", "predictions.csv"] { #expect(workspace.exists("a/\(name)")) }
    let grid = try workspace.run(
      "predict", "a/model.h5", "pictures/test", "--grid", "a/samples.png")
    #expect(grid.exitCode == 0 && workspace.exists("a/samples.png"))
    let run = try workspace.run("report", "a", "--json")
    #expect(run.exitCode == 0, "\(run.errors)")
    struct Summary: Decodable {
      let output: String
      let missing, refused: [String]
    }
    let summary = try run.json(Summary.self)
    #expect(summary.output == "a/report.html" && summary.refused.isEmpty)
    #expect(
      summary.missing.filter { $0 != "misclassified.png" } == ["augmented.png", "submission.csv"])
    let html = try workspace.text("a/report.html")
    for title in ["Results", "Training", "Confusion", "Predictions", "How it was made"] {
      #expect(html.contains("<h2>\(title)</h2>"))
    }
    #expect(try workspace.run("report", "a", "--output", "b.html").output == "b.html\n")
    let none = try workspace.run("report", "pictures")
    #expect(none.exitCode == 1 && none.errors.contains("pictures"))
  }

  @Test func aRunsFolderStandsForItsModel() throws {
    let single = try ["a", "b"].map { try predict("\($0)/model.h5", "pictures/test") }
    #expect(try predict("a", "pictures/test") == single[0])
    #expect(
      try predict("a/", "pictures/test", "--ensemble", "b")
        == Ensemble.mean(single, weights: [0.5, 0.5]))
    // An ensemble goes before a model beside it.
    let files = FileManager.default
    for (source, place) in [("a", "both"), ("b", "both/part"), ("a", "bad/rejected")] {
      try files.createDirectory(
        atPath: "\(workspace.path)/\(place)", withIntermediateDirectories: true)
      try files.copyItem(
        atPath: "\(workspace.path)/\(source)/model.h5",
        toPath: "\(workspace.path)/\(place)/model.h5")
    }
    try EnsembleFile(members: [.init(model: "part/model.h5", weight: 1)])
      .write(to: workspace.path + "/both/ensemble.json")
    #expect(try predict("both", "pictures/test") == single[1])

    let evaluations = try ["a", "a/model.h5"].map {
      try workspace.run("evaluate", $0, "pictures", "--json").output
    }
    #expect(evaluations[0] == evaluations[1] && !evaluations[0].isEmpty)
    let submission = try workspace.run("submit", "both", "pictures/test", "--output", "both.csv")
    #expect(submission.exitCode == 0, "\(submission.errors)")
    let summaries = try ["b", "both", "b/model.h5"].map { try workspace.run("summary", $0).output }
    #expect(summaries[0] == summaries[2] && summaries[1] == summaries[2])
    try EnsembleFile(
      members: [.init(model: "a/model.h5", weight: 0.5), .init(model: "b/model.h5", weight: 0.5)]
    ).write(to: workspace.path + "/two.json")
    let two = try workspace.run("summary", "two.json").output
    #expect(two.hasPrefix("a/model.h5\n") && two.contains("\n\nb/model.h5\n"))

    for command in ["predict", "evaluate", "summary"] {
      let data = command == "summary" ? [] : ["pictures"]
      for (folder, found) in [("pictures", "neither."), ("bad", "rejected/")] {
        let none = try CommandRun([command, folder] + data, in: workspace.path)
        #expect(none.exitCode == 1)
        #expect(none.errors.hasPrefix("Error: \(folder): expected a model, or a folder with"))
        #expect(none.errors.contains("ensemble.json or model.h5") && none.errors.contains(found))
      }
    }
  }

  @Test func picturesBehindEnsembleStayPictures() throws {
    let expected = try predict("a", "pictures/test", "--ensemble", "b")
    #expect(try predict("a", "--ensemble", "b/model.h5", "pictures/test") == expected)
    #expect(try predict("a", "--ensemble", "b", "pictures/test", "--tta", "1") == expected)
    #expect(
      try predict("a", "--ensemble", "b", "pictures/test/1.png")
        == predict("a", "pictures/test/1.png", "--ensemble", "b"))
    let mixed = try workspace.run(
      "predict", "--json", "--quiet", "a", "--ensemble", "b", "pictures/test/1.png", "--",
      "pictures/test/2.png")
    #expect(
      try mixed.json([Row].self).map(\.path) == ["pictures/test/1.png", "pictures/test/2.png"])
    let evaluations = try [
      ["a", "pictures", "--ensemble", "b"], ["a", "--ensemble", "b", "pictures"],
    ].map { try CommandRun(["evaluate"] + $0 + ["--json"], in: workspace.path).output }
    #expect(evaluations[0] == evaluations[1] && !evaluations[0].isEmpty)
    let submission = try workspace.run(
      "submit", "a", "--ensemble", "b", "pictures/test", "--output", "moved.csv")
    #expect(submission.exitCode == 0, "\(submission.errors)")
    // A model that is not there is no picture, nor is one that is damaged.
    try Data("x".utf8).write(to: URL(fileURLWithPath: workspace.path + "/cut.h5"))
    for name in ["nowhere.h5", "nowhere", "cut.h5"] {
      let run = try workspace.run("predict", "a", "pictures/test", "--ensemble", "b", name)
      #expect(run.exitCode == 1 && run.output.isEmpty && run.errors.contains(name), "\(run.errors)")
    }
    #expect(try workspace.run("predict", "a", "--ensemble", "pictures/test").exitCode == 64)
  }
}
