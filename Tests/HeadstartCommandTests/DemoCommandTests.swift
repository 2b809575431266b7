import Foundation
import TestSupport
import Testing

@Suite struct DemoCommandTests {
  @Test func everyStepRunsAndLeavesItsResult() throws {
    let workspace = try Workspace()
    try FileManager.default.createDirectory(
      atPath: workspace.path + "/weights", withIntermediateDirectories: true)
    try FileManager.default.moveItem(
      atPath: workspace.path + "/weights.h5",
      toPath: workspace.path + "/weights/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5")
    let run = try workspace.run(
      "demo", "--data", "pictures", "--output", "a demo", environment: ["HEADSTART_WEIGHTS": ""])
    #expect(run.exitCode == 0, "\(run.errors)")
    for command in [
      "$ headstart extract pictures", "$ headstart train pictures --output 'a demo/run'",
      "$ headstart evaluate 'a demo/run/model.h5' pictures", "$ headstart predict",
      "$ headstart submit 'a demo/run/model.h5' pictures/test --output 'a demo/submission.csv'",
    ] {
      #expect(run.errors.contains(command))
    }
    #expect(!run.errors.contains("$ headstart weights fetch"))
    #expect(run.errors.contains("has the name of the official weights, but holds others"))
    #expect(run.output.contains("submission  a demo/submission.csv"))
    let rows = try workspace.text("a demo/submission.csv").split(separator: "\n")
    #expect(rows.first == "id,label" && rows.count == 13)
    // Five pictures are predicted, in natural order.
    #expect(run.output.contains("test/1.png") && run.output.contains("test/5.png"))
    #expect(!run.output.contains("test/10.png"))
    #expect(workspace.exists("a demo/run/model.h5"))
  }

  @Test func withoutWeightsItSaysWhatWasTried() throws {
    let temporary = try TemporaryFolder("demo")
    let folder = temporary.path
    let run = try CommandRun(
      ["demo", "--data", "pictures"], in: folder,
      environment: [
        "HEADSTART_WEIGHTS": "", "HEADSTART_MIRROR": folder + "/nowhere", "PATH": "/nonexistent",
      ])
    #expect(run.exitCode == 1 && run.output.isEmpty)
    for words in ["nowhere/vgg16_weights", "curl is not installed", "python3 is not installed"] {
      #expect(run.errors.contains(words))
    }
  }

  @Test func dataAndDrawnExcludeEachOther() throws {
    let run = try CommandRun(["demo", "--data", "x", "--drawn"], in: NSTemporaryDirectory())
    #expect(run.exitCode == 64)
  }
}
