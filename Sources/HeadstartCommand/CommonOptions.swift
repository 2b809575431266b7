import ArgumentParser
import Foundation
import Headstart
import Kernels
import Pictures

extension Backbone: ExpressibleByArgument {}
extension Preprocessing: ExpressibleByArgument {}
extension Interpolation: ExpressibleByArgument {}
extension Arithmetic: ExpressibleByArgument {}

/// What turns a picture into features: the options of ``FeatureSettings``, and where the weights
/// and the cache lie.
struct FeatureOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Keras weight file of the backbone.",
      discussion: """
        Default: the backbone's file in $HEADSTART_WEIGHTS or weights/, where \
        `headstart weights fetch` puts it. Any Keras layout is read.
        """, valueName: "file"))
  var weights: String?

  @Option(help: "Pretrained network: vgg16, vgg19, or none for the pixels themselves.")
  var backbone: Backbone = .vgg16

  @Option(
    help: ArgumentHelp("Pictures are resized to this many pixels square.", valueName: "pixels"))
  var size = 224

  @Option(
    help: "caffe (BGR minus ImageNet's mean: what VGG was trained with), rescale (/255), none.")
  var preprocessing: Preprocessing = .caffe

  @Option(help: "Resizing filter, as PIL computes it: bilinear, nearest, bicubic, lanczos.")
  var interpolation: Interpolation = .bilinear

  @Option(
    help: ArgumentHelp(
      "Layer whose output is taken: block5_pool, block4_pool, block3_conv2, fc1, fc2…",
      valueName: "name"))
  var layer: String?

  @Flag(
    name: .customLong("ignore-exif"),
    help: "Do not turn pictures upright by their EXIF orientation (Keras does not).")
  var ignoreEXIF = false

  @Option(help: "Arithmetic of the convolutions: f32, f32-fast, bf16.")
  var arithmetic: Arithmetic = .f32

  @Option(help: ArgumentHelp("Folder of the feature cache.", valueName: "folder"))
  var features = "features"

  func validate() throws {
    guard backbone == .none || size >= 32 else {
      throw ValidationError("--size \(size) is too small: five poolings need at least 32 pixels.")
    }
    guard (1...4096).contains(size) else {
      throw ValidationError("--size must lie between 1 and 4096, not \(size).")
    }
    try WrongUsage.refusing { try settings.checkLayer() }
  }

  var settings: FeatureSettings {
    FeatureSettings(
      backbone: backbone, layer: layer, height: size, width: size, preprocessing: preprocessing,
      interpolation: interpolation, ignoreEXIF: ignoreEXIF, arithmetic: arithmetic)
  }

  var featuresFolder: URL { URL(fileURLWithPath: features, isDirectory: true) }
}

/// What every command understands.
struct CommonOptions: ParsableArguments {
  @Option(help: "Seed of everything random; the same seed gives the same numbers.")
  var seed: UInt64 = 0

  @Option(help: ArgumentHelp("Threads to use; default: one for each core.", valueName: "n"))
  var threads: Int?

  @Flag(name: .shortAndLong, help: "No progress on standard error; errors and warnings only.")
  var quiet = false

  @Flag(help: "Results as JSON on standard output, and nothing else there.")
  var json = false

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads must lie between 1 and 1024, not \(threads).")
    }
  }

  /// - Throws: `KernelsError.noThreads` where the system has no room for so many.
  func threadPool() throws -> ThreadPool {
    try ThreadPool(starting: threads ?? ThreadPool.availableCores)
  }

  /// A line of progress or comment, unless `--quiet`.
  func note(_ text: @autoclosure () -> String) {
    if !quiet { Console.note(text()) }
  }
}

extension FeatureOptions {
  /// The backbone, and the weight file it came from.
  func backbone(pool: ThreadPool) throws -> (any FeatureExtractor, weightsFile: String?) {
    guard backbone != .none else { return (try PixelBackbone(settings: settings), nil) }
    let path = try weights ?? WeightsLocation.find(backbone, layer: settings.layer)
    let backbone = try VGGBackbone(weightFile: path, settings: settings, pool: pool)
    if let warning = backbone.warning { Console.note("warning: \(warning)") }
    return (backbone, path)
  }
}

/// Weights that are not what their name says: figures made with them would be silently wrong.
enum WeightsWarning {
  static func show(_ path: String) {
    // A file that cannot be read is an error where it is used.
    if let warning = try? PretrainedWeights.warning(of: path) {
      Console.warning("\(warning)")
    }
  }
}
