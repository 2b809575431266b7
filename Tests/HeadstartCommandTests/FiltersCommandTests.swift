import Foundation
import Headstart
import Pictures
import Testing

/// `headstart filters`.
@Suite(.serialized) struct FiltersCommandTests {
  private struct Report: Decodable {
    struct Filter: Decodable, Equatable {
      let index: Int
      let activation: Double
    }
    let output, layer: String
    let filters: [Filter]
  }

  private static let shared = Result { try Workspace() }
  private let workspace: Workspace

  init() throws { workspace = try Self.shared.get() }

  private func run(_ file: String, _ arguments: String...) throws -> CommandRun {
    try CommandRun(
      ["filters", file, "--size", "16", "--steps", "2"] + arguments, in: workspace.path)
  }

  @Test func weightsGiveASheet() throws {
    let run = try run(
      "weights.h5", "--layer", "block2_conv1", "--filters", "3", "--json", "-q")
    try #require(run.exitCode == 0, "\(run.errors)")
    #expect(run.errors.isEmpty)
    let report = try run.json(Report.self)
    #expect(report.output == "filters.png" && report.layer == "block2_conv1")
    let values = report.filters.map(\.activation)
    #expect(values.count == 3 && values == values.sorted(by: >) && values.allSatisfy { $0 > 0 })
    let sheet = try PictureDecoder.read(workspace.path + "/filters.png")
    #expect(sheet.width == 3 * 104 + 8)
    // The same filters by their numbers, in the order given.
    let numbers = report.filters.reversed().map { String($0.index) }.joined(separator: ",")
    let named = try self.run(
      "weights.h5", "--layer", "block2_conv1", "--index", numbers, "--threads", "1", "--json",
      "--output", "named.png")
    #expect(try named.json(Report.self).filters == report.filters.reversed())
    #expect(workspace.exists("named.png"))
    let table = try self.run("weights.h5", "--layer", "block1_conv2", "--index", "9", "--seed", "4")
    #expect(table.output.hasPrefix("filter  activation\n9 "), "\(table.output)")
    #expect(table.errors.contains("filters.png: 1 of the 64 filters of block1_conv2"))
  }

  @Test func modelsShowTheirOwnBase() throws {
    try #require(try workspace.train("--output", "run", "-q").exitCode == 0)
    let run = try run("run/model.h5", "--filters", "2", "--json", "-q", "--output", "model.png")
    try #require(run.exitCode == 0, "\(run.errors)")
    let report = try run.json(Report.self)
    #expect(report.layer == "block3_conv3" && report.filters.count == 2)
    // Prepared in another way, the same network answers to other pictures.
    let other = try self.run(
      "run/model.h5", "--filters", "2", "--preprocessing", "rescale", "--json", "-q")
    #expect(try other.json(Report.self).filters != report.filters)
    let beyond = try self.run("run/model.h5", "--layer", "block4_conv1")
    #expect(beyond.exitCode == 64 && beyond.errors.contains("a convolution of run/model.h5"))
    // The folder of a run stands for its model.
    let folder = try self.run("run", "--filters", "2", "--json", "-q")
    #expect(try folder.json(Report.self).filters == report.filters)
    #expect(beyond.errors.contains("block1_conv1, block1_conv2, block2_conv1"))

    let pixels = try workspace.run(
      "train", "pictures", "--backbone", "none", "--size", "16", "--output", "pixels", "-q")
    try #require(pixels.exitCode == 0, "\(pixels.errors)")
    let none = try self.run("pixels/model.h5")
    #expect(none.exitCode == 1 && none.errors.contains("convolutional base of VGG16 or VGG19"))
  }

  @Test func whatMakesNoSenseIsRefused() throws {
    for arguments in [
      ["--filters", "2", "--index", "1"], ["--filters", "0"], ["--index", "1,,2"],
      ["--index", "-1"], ["--index", "x"], ["--size", "4"], ["--steps", "0"],
      ["--size", "1024", "--filters", "512"], ["--preprocessing", "torch"],
    ] {
      let run = try CommandRun(["filters", "weights.h5"] + arguments, in: workspace.path)
      #expect(run.exitCode == 64, "\(arguments): \(run.errors)")
    }
    for (arguments, fragment) in [
      (
        ["--layer", "block5_pool"], "--layer: expected a convolution of weights.h5 (block1_conv1, "
      ),
      (["--index", "512"], "--index: expected filters of block5_conv3, from 0 to 511, found 512."),
      (["--size", "8"], "--size: expected at least 16 pixels for block5_conv3, found 8."),
    ] {
      let run = try CommandRun(["filters", "weights.h5"] + arguments, in: workspace.path)
      #expect(run.exitCode == 64 && run.errors.contains(fragment), "\(arguments): \(run.errors)")
    }
    for (arguments, fragment) in [
      (["none.h5"], "none.h5"), (["pictures"], "pictures"),
      (
        [
          "weights.h5", "--layer", "block1_conv1", "--steps", "1", "--size", "8", "--output",
          "no/x.png",
        ],
        "no/x.png"
      ),
    ] {
      let run = try CommandRun(["filters"] + arguments, in: workspace.path)
      #expect(run.exitCode == 1 && run.errors.contains(fragment), "\(arguments): \(run.errors)")
    }
  }
}
