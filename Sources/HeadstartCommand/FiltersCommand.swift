import ArgumentParser
import Foundation
import Headstart
import KerasFormat
import Kernels
import Pictures

struct FiltersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "filters",
    abstract: "What a convolution's filters look for: pictures made to please them.",
    discussion: """
      Writes a PNG of pictures, each begun as grey noise and changed step by step so that one \
      filter answers to it more strongly (filter maximisation). Under each stands the filter's \
      number and the activation it reached: the mean over positions, after ReLU.

        headstart filters runs/pets/model.h5
        headstart filters runs/tuned/model.h5 --layer block5_conv1 --filters 36
        headstart filters weights/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5 \\
          --layer block3_conv1 --index 3,17 --size 224 --output block3.png

      Those that rise highest are looked for by a fifth of the steps, among the four times as many \
      (and at least 64) that answer most strongly to the noise. --filters 512 shows all.

      Takes models on VGG16 and VGG19, fine-tuned or not, and their pretrained weights in any Keras \
      layout. The same seed gives the same pictures.
      """)

  @Argument(
    help: "Model or weight file, or the folder of a run.",
    completion: .file(extensions: ["h5", "hdf5", "keras"]))
  var model: String

  @Option(
    help: ArgumentHelp(
      "Convolution: block1_conv1, block5_conv1…; default: the model's last.", valueName: "name"))
  var layer: String?

  @Option(
    help: ArgumentHelp(
      "Number of filters shown, those that rise highest; default: 16.", valueName: "n"))
  var filters: Int?

  @Option(
    help: ArgumentHelp("These filters instead, by their numbers from 0.", valueName: "n,n…"))
  var index: FilterNumbers?

  @Option(help: ArgumentHelp("Width and height of each picture.", valueName: "pixels"))
  var size = 128

  @Option(help: ArgumentHelp("Steps of gradient ascent.", valueName: "n"))
  var steps = 30

  @Option(
    help: """
      How pictures reach the network: caffe, rescale, none; default: the model's own, caffe for \
      weights alone.
      """)
  var preprocessing: Preprocessing?

  @Option(
    name: .shortAndLong, help: ArgumentHelp("PNG file to write.", valueName: "file"),
    completion: .file(extensions: ["png"]))
  var output = "filters.png"

  @OptionGroup(title: "Common options") var common: CommonOptions

  private struct Report: Encodable {
    struct Filter: Encodable {
      let index: Int
      let activation: Double
    }
    let output, layer: String
    let filters: [Filter]
  }

  func validate() throws {
    guard filters == nil || index == nil else {
      throw ValidationError("--filters and --index exclude each other.")
    }
    try WrongUsage.refusing { try settings.check() }
  }

  private var settings: FilterSettings {
    var settings = FilterSettings()
    settings.layer = layer
    settings.count = filters ?? settings.count
    settings.indices = index?.numbers
    settings.size = size
    settings.steps = steps
    settings.seed = common.seed
    return settings
  }

  func run() throws {
    FreedMemory.keep()
    try AtomicFile.check(output)
    let pool = try common.threadPool()
    let base = try ConvolutionalBase(
      path: ModelPlace.single(model), preprocessing: preprocessing, pool: pool)
    let maximization = try WrongUsage.refusing {
      try FilterMaximization(base, settings: settings, pool: pool)
    }
    let progress = ProgressBar("Ascent", unit: "steps", quiet: common.quiet)
    let found = try maximization.run(cancellation: Interruption.cancellation) {
      progress.update(done: $0, total: $1)
    }
    progress.finish()
    try AtomicFile.write(try PictureGrid.filters(found), to: output)
    if common.json {
      try Console.json(
        Report(
          output: output, layer: maximization.layer,
          filters: found.map { .init(index: $0.index, activation: $0.activation) }))
    } else {
      Console.result(
        Console.table(
          [["filter", "activation"]]
            + found.map { [String($0.index), String(format: "%.4g", $0.activation)] }))
      common.note(
        "\(output): \(found.count) of the \(maximization.filters) filters of \(maximization.layer)")
    }
  }
}

/// Filters by their numbers: `3,17`.
struct FilterNumbers: ExpressibleByArgument {
  let numbers: [Int]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    numbers = parts.compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
    guard numbers.count == parts.count, numbers.allSatisfy({ $0 >= 0 }) else { return nil }
  }
}
