import Foundation
import Headstart
import KerasFormat
import Testing

/// From Keras and back, by the command.
@Suite(.serialized) struct ConvertCommandTests {
  private static let shared = Result { try Workspace() }
  private let workspace: Workspace

  init() throws {
    workspace = try Self.shared.get()
    guard !workspace.exists("run/model.h5") else { return }
    let run = try workspace.train("--output", "run", "--quiet")
    try #require(run.exitCode == 0, "\(run.errors)")
    // As Keras leaves it.
    var model = try KerasModel(path: workspace.path + "/run/model.h5")
    model.metadata = nil
    try model.write(to: workspace.path + "/foreign.h5")
    try model.write(to: workspace.path + "/foreign.keras")
  }

  private func predictions(_ model: String) throws -> String {
    let run = try workspace.run("predict", model, "pictures/test", "--format", "csv")
    try #require(run.exitCode == 0, "\(run.errors)")
    return run.output
  }

  @Test func oursBecomesAnArchiveAndComesBack() throws {
    let run = try workspace.run("convert", "run/model.h5", "--output", "there.keras")
    #expect(run.exitCode == 0 && run.errors.isEmpty)
    #expect(run.output.contains("classes     flowers, stars\n"))
    #expect(run.output.contains("pictures    32×32, caffe, bilinear\n"))
    #expect(run.output.contains("network     vgg16 up to block3_pool, 3 layers behind it\n"))
    #expect(run.output.hasSuffix("trained by  RMSprop, rate 0.001\n\nmodel: there.keras\n"))
    #expect(try workspace.run("convert", "there.keras", "-o", "back.h5").exitCode == 0)
    let expected = try predictions("run/model.h5")
    #expect(try predictions("there.keras") == expected)
    #expect(try predictions("back.h5") == expected)
    let again = try workspace.run("convert", "run/model.h5", "--output", "there.keras")
    #expect(again.errors.contains("there.keras is replaced"))
  }

  @Test(arguments: ["foreign.h5", "foreign.keras"])
  func whatKerasSavedBecomesAClassifier(_ file: String) throws {
    let refused = try workspace.run("predict", file, "pictures/test/1.png")
    #expect(refused.exitCode == 1 && refused.output.isEmpty)
    #expect(refused.errors.contains("headstart convert \(file) --classes"))

    let expected = try predictions("run/model.h5")
    let like = try workspace.run("convert", file, "--like", "run/model.h5", "-o", "\(file)-like.h5")
    #expect(like.exitCode == 0 && like.errors.isEmpty)
    #expect(try predictions("\(file)-like.h5") == expected)

    let said = try workspace.run(
      "convert", file, "--classes", "flowers, stars", "--preprocessing", "caffe", "-o", "said.h5",
      "--json")
    #expect(said.exitCode == 0 && said.errors.contains("bilinear"))
    let keys = try #require(
      JSONSerialization.jsonObject(with: Data(said.output.utf8)) as? [String: Any]
    ).keys.sorted()
    #expect(
      keys == [
        "backbone", "classes", "headLayers", "height", "interpolation", "layer", "layers",
        "learningRate", "optimizer", "output", "preprocessing", "steps", "width",
      ])
    #expect(try predictions("said.h5") == expected)
  }

  @Test func whatWasConvertedIsFineTunedAndJudged() throws {
    _ = try workspace.run("convert", "foreign.h5", "--like", "run/model.h5", "-o", "start.h5")
    let tuned = try workspace.run(
      "fine-tune", "pictures", "--model", "start.h5", "--unfreeze", "block3", "--views", "1",
      "--epochs", "1", "--force", "--output", "tuned")
    #expect(tuned.exitCode == 0, "\(tuned.errors)")
    let judged = try workspace.run("evaluate", "tuned/model.h5", "pictures", "--json")
    #expect(try judged.json(EvaluationReport.self).count == 8)
    let training = try KerasModel(path: workspace.path + "/tuned/model.h5").trainingConfiguration
    #expect(training?.contains("\"SGD\"") == true)
  }

  @Test(arguments: [
    (["foreign.h5", "-o", "x.h5"], 1, "--classes and --preprocessing"),
    (
      ["foreign.h5", "-o", "x.h5", "--classes", "a,b,c", "--preprocessing", "none"], 1, "2 classes"
    ),
    (["run/model.h5", "-o", "x.h5", "--classes", "a,b"], 1, "leave --classes out"),
    (["foreign.h5", "-o", "x.txt"], 64, ".h5 or .keras"),
    (["foreign.h5", "-o", "./foreign.h5"], 64, "would replace"),
    (["foreign.h5", "-o", "x.h5", "--like", "run/model.h5", "--classes", "a,b"], 64, "--like"),
    (["foreign.h5", "-o", "x.h5", "--like", "foreign.keras"], 1, "headstart convert"),
    (["foreign.h5", "-o", "x.h5", "--size", "0"], 64, "--size"),
    (["weights.h5", "-o", "x.h5"], 1, "a whole model"),
    (["none.h5", "-o", "x.h5"], 1, "none.h5"),
  ])
  func refusals(_ arguments: [String], _ code: Int, _ text: String) throws {
    let run = try CommandRun(["convert"] + arguments, in: workspace.path)
    #expect(run.exitCode == Int32(code))
    #expect(run.output.isEmpty && run.errors.contains(text), "\(run.errors)")
    #expect(!workspace.exists("x.h5") && !workspace.exists("x.txt"))
  }
}
