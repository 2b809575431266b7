import Foundation
import Testing

/// What `predict`, `evaluate` and `submit` make of folders and options that do not fit.
@Suite(.serialized) struct PredictionFolderTests {
  private static let shared = Result { try Workspace() }
  private let workspace: Workspace

  init() throws {
    workspace = try Self.shared.get()
    if !workspace.exists("run/model.h5") {
      let run = try workspace.train("--output", "run", "--quiet")
      try #require(run.exitCode == 0, "\(run.errors)")
    }
  }

  private func makeFolder(_ name: String) throws {
    try FileManager.default.createDirectory(
      atPath: workspace.path + "/" + name, withIntermediateDirectories: true)
  }

  private func write(_ bytes: [UInt8], to name: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: workspace.path + "/" + name))
  }

  private func copy(_ picture: String, to name: String) throws {
    try FileManager.default.copyItem(
      atPath: workspace.path + "/" + picture, toPath: workspace.path + "/" + name)
  }

  @Test func anEarlierSubmissionIsNotLost() throws {
    try makeFolder("empty")
    try makeFolder("broken")
    try write(Array("no picture".utf8), to: "broken/1.jpg")
    try makeFolder("twins/a")
    try copy("pictures/test/1.png", to: "twins/1.png")
    try copy("pictures/test/2.png", to: "twins/a/1.png")
    try write(Array("id,label\n1,0.5\n".utf8), to: "kept.csv")
    let cases: [(String, Int32, String)] = [
      ("nowhere", 1, "nowhere: expected a folder of pictures, found nothing"),
      ("kept.csv", 1, "kept.csv: expected a folder of pictures, found a file"),
      ("empty", 1, "empty: expected pictures, found none"),
      ("broken", 3, "not written, since no picture of broken could be read"),
      ("twins", 1, "Two pictures would have the id 1"),
    ]
    for (folder, code, message) in cases {
      let run = try workspace.run("submit", "run/model.h5", folder, "--output", "kept.csv")
      #expect(run.exitCode == code && run.errors.contains(message), "\(folder): \(run.errors)")
      #expect(try workspace.text("kept.csv") == "id,label\n1,0.5\n")
    }
    let run = try workspace.run("predict", "run/model.h5", "empty", "--json")
    #expect(run.exitCode == 1 && run.output.isEmpty && run.errors.contains("empty"))
  }

  /// Photos of formats that are not read must not vanish without a word.
  @Test func picturesOfOtherFormatsAreNamed() throws {
    try makeFolder("phone")
    try copy("pictures/test/1.png", to: "phone/1.png")
    try write([0, 0, 0, 24] + Array("ftypheic".utf8) + [0, 0, 0, 0], to: "phone/2.HEIC")
    try write([0x49, 0x49, 0x2A, 0x00, 8, 0, 0, 0], to: "phone/3.tiff")
    try write(Array("remarks".utf8), to: "phone/notes.txt")
    struct Row: Decodable {
      var path: String
      var error: String?
    }
    let run = try workspace.run("predict", "run/model.h5", "phone", "--json")
    #expect(run.exitCode == 3)
    let rows = try run.json([Row].self)
    #expect(rows.map(\.path) == ["phone/1.png", "phone/2.HEIC", "phone/3.tiff"])
    #expect(rows[1].error?.contains("found a HEIC picture") == true)
    #expect(rows[2].error?.contains("found a TIFF picture") == true)
    let submit = try workspace.run("submit", "run/model.h5", "phone", "--output", "phone.csv")
    #expect(submit.exitCode == 3 && submit.errors.contains("2 pictures could not be read"))

    try makeFolder("album/cats")
    try makeFolder("album/dogs")
    try copy("phone/1.png", to: "album/cats/1.png")
    try copy("phone/2.HEIC", to: "album/dogs/1.heic")
    try copy("phone/2.HEIC", to: "album/dogs/2.heic")
    let train = try workspace.run("train", "album", "--weights", "weights.h5")
    #expect(train.exitCode == 1)
    #expect(
      train.errors.contains("class dogs has no picture that can be read: album/dogs/1.heic and 1"))
  }

  @Test func labelsAreInTheModelsOrder() throws {
    struct Figures: Decodable, Equatable {
      var accuracy, logLoss: Double
    }
    let options = ["evaluate", "run/model.h5", "pictures", "--json", "-q"]
    func evaluate(_ more: String...) throws -> CommandRun {
      try CommandRun(options + more, in: workspace.path)
    }
    let plain = try evaluate().json(Figures.self)
    #expect(try evaluate("--class-order", "flowers,stars").json(Figures.self) == plain)
    let turned = try evaluate("--class-order", "stars,flowers")
    #expect(turned.exitCode == 64 && turned.output.isEmpty)
    #expect(turned.errors.contains("in the order flowers,stars"))
  }

  @Test func predictionsDoWithoutACacheThatCannotBe() throws {
    try write([1], to: "file")
    let options = ["predict", "run/model.h5", "pictures/test", "--json"]
    let run = try CommandRun(options + ["--features", "file/features"], in: workspace.path)
    #expect(run.exitCode == 0 && run.errors.contains("Predicting without the feature cache"))
    #expect(try run.output == CommandRun(options, in: workspace.path).output)
  }

  @Test func ctrlCIs130() throws {
    // Large enough to last for seconds; nothing depends on how long.
    let command = """
      "$0" extract pictures --weights weights.h5 --size 640 --threads 1 --features slow 2>log &
      until grep -q '^Features' log; do sleep 0.05; done
      kill -INT $!
      wait $!
      """
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", command, CommandRun.executable.path]
    process.currentDirectoryURL = URL(fileURLWithPath: workspace.path)
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 130)
    #expect(try workspace.text("log").contains("interrupted"))
  }
}
