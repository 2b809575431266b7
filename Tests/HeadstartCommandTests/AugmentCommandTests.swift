import Foundation
import Headstart
import Pictures
import TestSupport
import Testing

/// `headstart augment`.
struct AugmentCommandTests {
  private struct Report: Decodable {
    struct View: Decodable { let view: Int, parameters: String }
    let output: String
    let width, height, columns: Int
    let augmentation: String
    let views: [View]
  }

  private let temporary: TemporaryFolder
  private var folder: String { temporary.path }

  init() throws {
    temporary = try TemporaryFolder("augment")
    let pixels = (0..<40 * 30 * 3).map { (i: Int) -> UInt8 in UInt8(i / 3 % 40 * 6) }
    try Data(try Picture(width: 40, height: 30, pixels: pixels).png())
      .write(to: URL(fileURLWithPath: temporary.file("stripes.png")))
  }

  private func sheet(_ name: String) throws -> Picture {
    try PictureDecoder.read(folder + "/" + name)
  }

  @Test func writesTheOriginalAndItsViews() throws {
    let run = try CommandRun(
      ["augment", "stripes.png", "--size", "24", "--views", "5", "--json"], in: folder)
    #expect(run.exitCode == 0, "\(run.errors)")
    let report = try run.json(Report.self)
    #expect(report.output == "stripes-views.png" && report.columns == 3)
    #expect((report.width, report.height) == (3 * 32 + 8, 2 * 32 + 8))
    #expect(report.augmentation == FineTuneSettings.defaultAugmentation.canonicalText)
    #expect(report.views.map(\.view) == [0, 1, 2, 3, 4])
    #expect(Set(report.views.map(\.parameters)).count == 5)
    let sheet = try sheet("stripes-views.png")
    #expect((sheet.width, sheet.height) == (report.width, report.height))
    #expect(Array(sheet.pixels[..<3]) == [255, 255, 255])
    let original = try PictureDecoder.read(folder + "/stripes.png")
      .resized(width: 24, height: 24, .bilinear)
    #expect(sheet.cropped(.init(x: 8, y: 8, width: 24, height: 24)) == original)
    #expect(sheet.cropped(.init(x: 40, y: 8, width: 24, height: 24)) != original)
  }

  @Test func rangesAndSeedsDecide() throws {
    func run(_ output: String, _ arguments: String...) throws -> (CommandRun, [UInt8]) {
      let run = try CommandRun(
        [
          "augment", "stripes.png", "--size", "16", "--views", "3", "--output", output,
          "--no-augmentation",
        ]
          + arguments, in: folder)
      try #require(run.exitCode == 0, "\(run.errors)")
      return (run, try PictureDecoder.bytes(ofFile: folder + "/" + output))
    }
    let (one, first) = try run("1.png", "--rotation-range", "30", "--horizontal-flip")
    #expect(one.output.split(separator: "\n").count == 3)
    #expect(one.output.contains("theta=") && !one.output.contains("zx="))
    #expect(try run("2.png", "--horizontal-flip", "--rotation-range", "30").1 == first)
    #expect(
      try run("3.png", "--rotation-range", "30", "--horizontal-flip", "--seed", "1").1 != first)
    let (crops, _) = try run(
      "4.png", "--random-resized-crop", "0.3,0.5,1,1", "--zoom-range", "0.5,0.6",
      "--width-shift-range", "3", "--fill-mode", "constant", "--cval", "255")
    #expect(crops.output.contains("crop=") && crops.output.contains("cval=255.0"))
  }

  @Test func refusesWhatMakesNoSense() throws {
    for arguments in [
      ["--rotation-range", "-3"], ["--zoom-range", "1.5"], ["--zoom-range", "2,1"],
      ["--brightness-range", "1"], ["--fill-mode", "mirror"], ["--views", "0"],
      ["--random-resized-crop", "0.5"], ["--width-shift-range", "far"],
    ] {
      let run = try CommandRun(["augment", "stripes.png"] + arguments, in: folder)
      #expect(run.exitCode == 64, "\(arguments): \(run.errors)")
    }
    let missing = try CommandRun(["augment", "none.png"], in: folder)
    #expect(missing.exitCode == 1 && missing.errors.contains("none.png"))
    let unwritable = try CommandRun(
      ["augment", "stripes.png", "--output", "no/such/folder.png"], in: folder)
    #expect(unwritable.exitCode == 1 && unwritable.errors.contains("no/such/folder.png"))
  }
}
