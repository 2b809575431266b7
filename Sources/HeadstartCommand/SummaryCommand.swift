import ArgumentParser
import Headstart

struct SummaryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "summary",
    abstract: "Layers, output shapes and parameters, as Keras prints them.",
    discussion: """
      Of a classifier, of a Sequential model that Keras saved (.h5, .keras), or of pretrained \
      VGG16 and VGG19 weights in any Keras layout.

        headstart summary runs/pets/model.h5
        headstart summary weights/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5
      """)

  @Argument(
    help: "Model or weight file, or a run's folder.",
    completion: .file(extensions: ["h5", "hdf5", "keras"]))
  var file: String

  @Flag(help: "The table as one JSON object; those of an ensemble's models as an array.")
  var json = false

  func run() throws {
    let paths = try ModelPlace.members(ModelPlace.file(file))
    let summaries = try paths.map { try ModelSummary(path: $0) }
    guard summaries.count != 1 else {
      return json ? try Console.json(summaries[0]) : Console.result(summaries[0].text)
    }
    if json {
      try Console.json(summaries)
    } else {
      let texts = zip(paths, summaries).map { "\($0)\n\($1.text)" }
      Console.result(texts.joined(separator: "\n\n"))
    }
  }
}
