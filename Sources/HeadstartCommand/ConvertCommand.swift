import ArgumentParser
import Foundation
import Headstart
import KerasFormat
import Kernels
import Pictures

struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Makes a classifier of a Keras model, and .h5 and .keras of each other.",
    discussion: """
      A model that Keras saved says nothing of class names and of how pictures are prepared; with \
      them it becomes a classifier for evaluate, predict, submit and fine-tune (if it begins as VGG16 \
      or VGG19 do), which Keras opens as before. They are never guessed: a wrong guess is a wrong \
      number that nobody notices.

        headstart convert runs/pets/model.h5 --output pets.keras
        headstart convert tuned.keras --like runs/pets/model.h5 --output tuned.h5
        headstart convert keras-model.h5 --classes cats,dogs \\
          --preprocessing rescale --interpolation nearest --output model.h5

      Read are Sequential models, and functional ones whose layers form a chain, of Keras 1, 2 and 3, \
      models nested in them included. The outputs must be one sigmoid (the probability of the second \
      of two classes) or a softmax; --logits takes a model that leaves these to the loss. The \
      optimizer and its state ride along; Keras goes on from the state in a .keras file, and from a \
      fresh one in an .h5 file.
      """)

  @Argument(
    help: "Classifier, the folder of a run, or model saved by Keras.",
    completion: .file(extensions: ["h5", "hdf5", "keras"]))
  var model: String

  @Option(
    name: .shortAndLong, help: ArgumentHelp("File to write: .h5 or .keras.", valueName: "file"),
    completion: .file(extensions: ["h5", "hdf5", "keras"]))
  var output: String

  @Option(
    help: ArgumentHelp(
      "The classes' names in the order of the labels, with commas between them.",
      valueName: "names"))
  var classes: String?

  @Option(
    help: """
      caffe (keras.applications.vgg16.preprocess_input), rescale (/255), none (pixels from 0 to 255).
      """)
  var preprocessing: Preprocessing?

  @Option(help: "Resizing filter: bilinear (default), nearest, bicubic, lanczos.")
  var interpolation: Interpolation?

  @Flag(
    name: .customLong("ignore-exif"),
    help: "Do not turn pictures upright by their EXIF orientation (Keras does not).")
  var ignoreEXIF = false

  @Option(help: ArgumentHelp("Size of the pictures if the model takes any.", valueName: "pixels"))
  var size: Int?

  @Flag(help: "The outputs are logits: put sigmoid or softmax behind them.")
  var logits = false

  @Option(
    help: ArgumentHelp(
      "Take classes and preprocessing from this classifier, which Keras has trained on.",
      valueName: "model"), completion: .file(extensions: ["h5", "keras"]))
  var like: String?

  @OptionGroup(title: "Common options") var common: CommonOptions

  func validate() throws {
    guard ["h5", "hdf5", "keras"].contains((output as NSString).pathExtension) else {
      throw ValidationError("--output must end in .h5 or .keras, by which Keras tells its files.")
    }
    if like != nil, classes != nil || preprocessing != nil || interpolation != nil || ignoreEXIF {
      throw ValidationError(
        "--like says classes and preprocessing: leave the other options for them out.")
    }
    if let size, !(1...4096).contains(size) {
      throw ValidationError("--size must lie between 1 and 4096, not \(size).")
    }
    func place(_ path: String) -> String {
      URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
    }
    for source in [model, like].compactMap({ $0 }) {
      let file = (try? ModelPlace.single(source)) ?? source
      guard place(file) != place(output) else {
        throw ValidationError("--output would replace \(file): name another file.")
      }
    }
  }

  func run() throws {
    var settings = ClassifierConversion.Settings()
    settings.classes = classes.map { names in
      names.split(separator: ",", omittingEmptySubsequences: false).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
    }
    settings.preprocessing = preprocessing
    settings.interpolation = interpolation
    settings.ignoreEXIF = ignoreEXIF
    settings.size = size
    settings.hasLogits = logits
    settings.like = try like.map { try ModelPlace.single($0) }
    let conversion = try ClassifierConversion(
      ModelPlace.single(model), settings, pool: common.threadPool())
    for remark in conversion.remarks { Console.warning("\(remark)") }
    if FileManager.default.fileExists(atPath: output) {
      Console.warning("\(output) is replaced")
    }
    try conversion.write(to: output)
    let report = Report(conversion, output: output)
    if common.json { try Console.json(report) } else { Console.result(report.text) }
  }
}

extension ConvertCommand {
  /// What was written.
  struct Report: Encodable {
    let output: String
    let classes: [String]
    let height, width: Int
    let preprocessing: Preprocessing
    let interpolation: Interpolation
    let backbone: Backbone
    let layer: String
    /// Of the model in all, and behind the backbone.
    let layers, headLayers: Int
    let optimizer: String?
    let learningRate: Float?
    let steps: Int?

    init(_ conversion: ClassifierConversion, output: String) {
      let classifier = conversion.classifier
      let features = classifier.settings
      self.output = output
      classes = classifier.classes
      (height, width) = (features.height, features.width)
      (preprocessing, interpolation) = (features.preprocessing, features.interpolation)
      (backbone, layer) = (features.backbone, features.layer)
      (layers, headLayers) = (conversion.model.layers.count, classifier.head.layers.count)
      optimizer = conversion.optimizer?.rule.className
      learningRate = conversion.optimizer?.learningRate
      steps = conversion.optimizer?.iterations
    }

    var text: String {
      let network =
        backbone == .none
        ? "\(layers) layers" : "\(backbone.rawValue) up to \(layer), \(headLayers) layers behind it"
      var lines = [
        ("classes", classes.joined(separator: ", ")),
        ("pictures", "\(height)×\(width), \(preprocessing.rawValue), \(interpolation.rawValue)"),
        ("network", network),
      ]
      if let optimizer, let learningRate, let steps {
        lines.append(
          ("trained by", "\(optimizer), rate \(learningRate)\(steps > 0 ? ", \(steps) steps" : "")")
        )
      }
      return lines.map { $0.0.padding(toLength: 12, withPad: " ", startingAt: 0) + $0.1 + "\n" }
        .joined() + "\nmodel: \(output)"
    }
  }
}
