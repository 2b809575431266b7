import Foundation
import Headstart
import TestSupport
import Testing

/// What the commands say where their results cannot be written: nothing of temporary files and error
/// domains.
@Suite struct UnwritableCommandTests {
  private let workspace: Workspace

  init() throws {
    workspace = try Workspace()
    try Data("x".utf8).write(to: URL(fileURLWithPath: workspace.path + "/file"))
    try FileManager.default.createDirectory(
      atPath: workspace.path + "/taken", withIntermediateDirectories: true)
    let run = try workspace.train("--output", "run", "--quiet")
    try #require(run.exitCode == 0, "\(run.errors)")
  }

  @Test func everyWriterNamesThePathAndTheReason() throws {
    let small = ["--weights", "weights.h5", "--size", "32", "--layer", "block3_pool"]
    let model = "run/model.h5"
    let writers: [(arguments: [String], makesFolder: Bool)] = [
      (["train", "pictures"] + small + ["--output"], true),
      (["evaluate", model, "pictures", "--output"], true),
      (["run", "pictures", "--weights", "weights.h5", "--output"], true),
      (["features", "export", "pictures"] + small + ["--output"], true),
      (["weights", "make", "vgg19", "--weights-directory"], true),
      (["submit", model, "pictures/test", "--output"], false),
      (["predict", model, "pictures/test/1.png", "--grid"], false),
      (["report", "run", "--output"], false),
      (["augment", "pictures/test/1.png", "--output"], false),
    ]
    for (arguments, makesFolder) in writers {
      let quiet = ["report", "weights"].contains(arguments[0]) ? [] : ["--quiet"]
      func errors(_ path: String) throws -> String {
        let run = try CommandRun(arguments + [path] + quiet, in: workspace.path)
        #expect(run.exitCode == 1 && run.output.isEmpty, "\(arguments): \(run.output)")
        return run.errors
      }
      let attempt = makesFolder ? "Cannot make the folder" : "Cannot write"
      #expect(try errors("file/x") == "Error: \(attempt) file/x: file is not a folder.\n")
      guard !makesFolder else { continue }
      #expect(try errors("no/x") == "Error: Cannot write no/x: there is no folder no.\n")
      #expect(
        try errors("taken") == "Error: Cannot write taken: there is a folder of that name.\n")
    }
    let extract = try workspace.run(
      "extract", "pictures", "--weights", "weights.h5", "--features", "file/x", "--quiet")
    #expect(extract.errors.contains("file is not a folder"))
    let fetch = try workspace.run(
      "weights", "fetch", "vgg16", "--weights-directory", "file/x", "--quiet")
    #expect(fetch.errors == "Error: Cannot write file/x: file is not a folder.\n")
    let demo = try workspace.run("demo", "--drawn", "--output", "file/x", "--quiet")
    #expect(demo.exitCode == 1 && demo.errors.contains("file is not a folder."))
    for name in try FileManager.default.contentsOfDirectory(atPath: workspace.path) {
      #expect(!name.hasSuffix(".tmp"), "a temporary file was left")
    }
  }

  @Test func aFolderInPlaceOfAFileOfARunIsNamed() throws {
    try FileManager.default.createDirectory(
      atPath: workspace.path + "/again/history.csv", withIntermediateDirectories: true)
    let run = try workspace.train("--output", "again", "--quiet")
    #expect(run.exitCode == 1)
    #expect(
      run.errors == "Error: Cannot write again/history.csv: there is a folder of that name.\n")
  }
}
