import ArgumentParser
import Files
import Foundation
import Headstart
import Kernels
import Pictures

struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract:
      "Everything once: pictures, weights, features, head, accuracy, predictions, submission.",
    discussion: """
      The pictures are 3000 public photos of cats and dogs (68 MB) where they can be downloaded, \
      and otherwise flowers and stars that the program draws. Each step is an ordinary command, \
      shown as you would type it. A second run finds pictures, weights and features in place.

        headstart demo
        headstart demo --drawn              no photos, even where they can be had
        headstart demo --data my-photos     on your own pictures
      """)

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Folder of pictures and results.", valueName: "folder"),
    completion: .directory)
  var output = "runs/demo"

  @Option(
    help: ArgumentHelp("Pictures to use, laid out as train reads them.", valueName: "folder"),
    completion: .directory)
  var data: String?

  @Flag(help: "Draw the pictures, without trying to download photos.")
  var drawn = false

  @Option(help: ArgumentHelp("Folder of the feature cache.", valueName: "folder"))
  var features = "features"

  @Option(help: "Seed of the drawing and of the training.")
  var seed: UInt64 = 0

  @Option(help: ArgumentHelp("Threads to use; default: one for each core.", valueName: "n"))
  var threads: Int?

  @Flag(name: .shortAndLong, help: "Results only: neither the commands nor their progress.")
  var quiet = false

  func validate() throws {
    guard data == nil || !drawn else {
      throw ValidationError("--data and --drawn exclude each other.")
    }
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads must lie between 1 and 1024, not \(threads).")
    }
  }

  func run() throws {
    let data = try data ?? pictures()
    if (try? WeightsLocation.find(.vgg16, layer: "block5_pool")) == nil {
      _ = try headstart(["weights", "fetch", "vgg16"])
    }
    let model = "\(output)/run/model.h5"
    let cache = features == "features" ? [] : ["--features", features]
    var unreadable = try headstart(["extract", data] + cache)
    unreadable = try headstart(["train", data, "--output", "\(output)/run"] + cache) || unreadable
    unreadable = try headstart(["evaluate", model, data] + cache) || unreadable
    unreadable = try headstart(["predict", model] + examples(in: data) + cache) || unreadable
    let test = data + "/test"
    let submission = "\(output)/submission.csv"
    let submits = FileManager.default.fileExists(atPath: test)
    if submits {
      unreadable =
        try headstart(["submit", model, test, "--output", submission] + cache) || unreadable
    }
    let places = [
      ("pictures", data), ("weights", WeightsLocation.folder), ("features", features),
      ("classifier", model), ("history", "\(output)/run/history.csv"),
      ("submission", submits ? submission : "none: \(data) has no folder test"),
    ]
    Console.result(
      "\n"
        + places.map { $0.padding(toLength: 12, withPad: " ", startingAt: 0) + $1 }
        .joined(separator: "\n"))
    if unreadable { throw ExitCode(3) }
  }

  /// Runs one of the other commands, as if typed.
  ///
  /// - Returns: whether some pictures could not be read.
  private func headstart(_ arguments: [String]) throws -> Bool {
    note("\n$ headstart " + arguments.map(DemoCommand.quoted).joined(separator: " "))
    var common = quiet ? ["--quiet"] : []
    if let threads { common += ["--threads", String(threads)] }
    if seed != 0 { common += ["--seed", String(seed)] }
    var command = try HeadstartCommand.parseAsRoot(arguments + common)
    do {
      try command.run()
      return false
    } catch let code as ExitCode where code.rawValue == 3 {
      return true
    }
  }

  /// The photos, or the drawn pictures; what is there from an earlier run is used as it is.
  private func pictures() throws -> String {
    let photos = output + "/photos"
    if !drawn {
      if FileManager.default.fileExists(atPath: photos) { return photos }
      if try download(to: photos) { return photos }
    }
    let folder = "\(output)/pictures-\(seed)"
    if FileManager.default.fileExists(atPath: folder) { return folder }
    let pictures = DemoPictures(seed: seed)
    let bar = ProgressBar("Drawing", unit: "pictures", quiet: quiet)
    defer { bar.finish() }
    let pool = try ThreadPool(starting: threads ?? ThreadPool.availableCores)
    try pictures.write(to: folder, pool: pool, cancellation: Interruption.cancellation) {
      bar.update(done: $0, total: pictures.count)
    }
    return folder
  }

  private func download(to folder: String) throws -> Bool {
    note("trying \(DemoPhotos.address)")
    let bar = ProgressBar("Photos", unit: "MB", quiet: quiet)
    defer { bar.finish() }
    do {
      try DemoPhotos().fetch(to: folder, cancellation: Interruption.cancellation) {
        bar.update(done: min($0 / 1_000_000, 68), total: 68)
      }
      return true
    } catch let DemoError.noPhotos(_, reason) {
      note("  \(reason)\nDrawing pictures instead.")
      return false
    }
  }

  /// A few pictures to predict: of the test pictures, or else of those for validation.
  private func examples(in data: String) throws -> [String] {
    let set = try DataSet.open(data, options: DataSetOptions(seed: seed, findDuplicates: false))
    let samples = set.test.isEmpty ? set.validation : set.test
    return samples.map(\.path).sorted(by: NaturalOrder.precedes).prefix(5).map { $0 }
  }

  private func note(_ text: String) {
    if !quiet { Console.note(text) }
  }

  /// As a shell takes it.
  private static func quoted(_ argument: String) -> String {
    let plain = argument.allSatisfy {
      $0.isASCII && ($0.isLetter || $0.isNumber || "-_./=,:".contains($0))
    }
    return plain && !argument.isEmpty
      ? argument : "'" + argument.replacing("'", with: #"'\''"#) + "'"
  }
}
