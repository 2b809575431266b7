import ArgumentParser
import Headstart

struct SummaryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "summary",
    abstract: "Layers, output shapes and parameters, as Keras prints them.",
    discussion: """
      Of a classifier, of a Sequential model that Keras saved (.h5, .keras), or of pretrained
      VGG16 and VGG19 weights in any Keras layout.

        headstart summary runs/pets/model.h5
        headstart summary weights/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5
      """)

  @Argument(
    help: "Model or weight file.", completion: .file(extensions: ["h5", "hdf5", "keras"]))
  var file: String

  @Flag(help: "The table as one JSON object.")
  var json = false

  func run() throws {
    let summary = try ModelSummary(path: file)
    if json {
      try Console.json(summary)
    } else {
      Console.result(summary.text)
    }
  }
}
