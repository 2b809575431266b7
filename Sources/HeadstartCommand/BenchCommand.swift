import ArgumentParser
import Foundation
import Headstart
import KerasFormat
import Kernels
import Pictures

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Milliseconds per picture of the backbone, by layer and in all.",
    discussion: """
      Needs neither pictures nor weights (but for --network): the time depends on neither. Each \
      figure is the fastest of --repetitions runs on an otherwise idle machine, one hopes.

        headstart bench
        headstart bench --size 320 --batch 16 --arithmetic f32-fast --layers
        headstart bench --fine-tune
        headstart bench --network small-convnet --data photos

      HEADSTART_CPU=avx2 or portable shows what a lesser processor would do.
      """)

  @Option(
    name: .customLong("size"),
    help: ArgumentHelp("Pixels square; repeatable. Default: 150 and 224.", valueName: "pixels"))
  var sizes: [Int] = []

  @Option(
    name: .customLong("batch"),
    help: ArgumentHelp(
      "Pictures at a time; repeatable. Default: 1, 8 and 16.", valueName: "pictures"))
  var batches: [Int] = []

  @Option(
    name: .customLong("arithmetic"),
    help: "f32, f32-fast or bf16; repeatable. Default: f32.")
  var arithmetics: [Arithmetic] = []

  @Option(help: "Pretrained network: vgg16 or vgg19.")
  var backbone: VGGWeights.Architecture = .vgg16

  @Option(help: ArgumentHelp("Runs of each, of which the fastest counts.", valueName: "n"))
  var repetitions = 10

  @Option(help: ArgumentHelp("Threads to use; default: one for each core.", valueName: "n"))
  var threads: Int?

  @Flag(help: "A table by layer as well.")
  var layers = false

  @Flag(help: "Everything as one JSON object, layers included.")
  var json = false

  @Flag(
    name: .customLong("fine-tune"),
    help: "A step of fine-tuning block 5 from cached block4_pool, in place of the backbone.")
  var fineTune = false

  @Option(
    help: ArgumentHelp(
      "Epochs of a network trained from scratch on the photos of --data, in place of the"
        + " backbone: small-convnet. One --size, one --batch (default: 150 and 16); --repetitions"
        + " are epochs.", valueName: "name"))
  var network: NetworkBenchmark.Network?

  @Option(
    help: ArgumentHelp("Folder of labelled photos, for --network.", valueName: "folder"),
    completion: .directory)
  var data: String?

  func validate() throws {
    guard (network == nil) == (data == nil) else {
      throw ValidationError("--network and --data need each other.")
    }
    guard network == nil || sizes.count <= 1 && batches.count <= 1 && !fineTune else {
      throw ValidationError("--network takes one --size and one --batch, and no --fine-tune.")
    }
    if network != nil || fineTune {
      let mode = fineTune ? "--fine-tune" : "--network"
      let given = [
        ("--layers", layers), ("--arithmetic", !arithmetics.isEmpty),
        ("--backbone", backbone != .vgg16),
      ].first { $0.1 }
      if let option = given?.0 {
        throw ValidationError("\(option) means nothing to \(mode).")
      }
    }
    guard sizes.allSatisfy({ (32...4096).contains($0) }) else {
      throw ValidationError("--size must lie between 32 and 4096.")
    }
    guard batches.allSatisfy({ (1...1024).contains($0) }) else {
      throw ValidationError("--batch must lie between 1 and 1024.")
    }
    guard (1...100_000).contains(repetitions) else {
      throw ValidationError("--repetitions must lie between 1 and 100000.")
    }
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads must lie between 1 and 1024, not \(threads).")
    }
  }

  func run() throws {
    if let network, let data {
      try run(network, on: data)
      return
    }
    if fineTune {
      try runFineTuning()
      return
    }
    let benchmark = try Benchmark(
      architecture: backbone, sizes: sizes.isEmpty ? [150, 224] : sizes,
      batches: batches.isEmpty ? [1, 8, 16] : batches,
      arithmetics: arithmetics.isEmpty ? [.f32] : arithmetics, repetitions: repetitions,
      pool: ThreadPool(starting: threads ?? ThreadPool.availableCores),
      cancellation: Interruption.cancellation
    ) { result in
      guard !json, layers else { return }
      Console.result(Self.table(of: result) + "\n")
    }
    if json {
      try Console.json(benchmark)
    } else {
      Console.result(
        "\(benchmark.backbone) on \(benchmark.cpu), \(benchmark.instructionSet), "
          + "\(benchmark.threads) threads")
      Console.result(Self.table(of: benchmark.results))
    }
  }

  private func run(_ network: NetworkBenchmark.Network, on data: String) throws {
    FreedMemory.keep()
    let pool = try ThreadPool(starting: threads ?? ThreadPool.availableCores)
    let options = DataSetOptions(validationFraction: 0, findDuplicates: false)
    let benchmark = try NetworkBenchmark(
      network, data: DataSet.open(data, options: options, pool: pool), size: sizes.first ?? 150,
      batch: batches.first ?? 16, epochs: repetitions, pool: pool,
      cancellation: Interruption.cancellation)
    if json {
      try Console.json(benchmark)
      return
    }
    Console.result(
      "\(network.rawValue) on \(benchmark.cpu), \(benchmark.threads) threads, "
        + "\(benchmark.pictures) pictures of \(benchmark.size)×\(benchmark.size), "
        + "batches of \(benchmark.batch)")
    let times =
      [("decoding", benchmark.decodingSeconds)]
      + benchmark.epochSeconds.enumerated().map { ("epoch \($0 + 1)", $1) }
    Console.result(
      Console.table(
        [["", "s", "ms/picture"]]
          + times.map { name, seconds in
            [
              name, String(format: "%.2f", seconds),
              String(format: "%.2f", 1e3 * seconds / Double(benchmark.pictures)),
            ]
          }))
  }

  private func runFineTuning() throws {
    FreedMemory.keep()
    let benchmark = try FineTuneBenchmark(
      sizes: sizes.isEmpty ? [150, 224] : sizes, batches: batches.isEmpty ? [16] : batches,
      repetitions: repetitions, pool: ThreadPool(starting: threads ?? ThreadPool.availableCores),
      cancellation: Interruption.cancellation)
    if json {
      try Console.json(benchmark)
      return
    }
    Console.result("block 5 and head on \(benchmark.cpu), \(benchmark.threads) threads")
    Console.result(
      Console.table(
        [["size", "batch", "ms/picture"]]
          + benchmark.fineTuning.map {
            ["\($0.size)", "\($0.batch)", String(format: "%.2f", $0.msPerPicture)]
          }))
  }

  private static func table(of results: [Benchmark.Result]) -> String {
    Console.table(
      [["arithmetic", "size", "batch", "ms/picture", "pictures/s"]]
        + results.map {
          [
            $0.arithmetic, String($0.size), String($0.batch),
            String(format: "%.2f", $0.msPerPicture), String(format: "%.1f", 1e3 / $0.msPerPicture),
          ]
        })
  }

  private static func table(of result: Benchmark.Result) -> String {
    let head = "\(result.arithmetic), \(result.size)×\(result.size), batch \(result.batch)\n"
    let rows = result.layers.map {
      [
        $0.name, "\($0.height)×\($0.width)", "\($0.inputChannels)→\($0.outputChannels)",
        $0.tile == 1 ? "direct" : "F(\($0.tile))", String(format: "%.3f", $0.msPerPicture),
        String(format: "%.0f", $0.directGFLOPS),
      ]
    }
    return head
      + Console.table([["layer", "pixels", "channels", "method", "ms/picture", "GFLOPS*"]] + rows)
      + "\n* the operations of direct convolution by the time taken"
  }
}

extension NetworkBenchmark.Network: ExpressibleByArgument {}
