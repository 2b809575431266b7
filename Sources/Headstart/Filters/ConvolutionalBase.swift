import KerasFormat
import Kernels
import Pictures

/// The convolutions of VGG16 or VGG19, pretrained or fine-tuned, and what prepares pictures for
/// them: that whose filters can be shown.
public struct ConvolutionalBase: Sendable {
  /// What messages call it.
  public let name: String
  /// `block1_conv1` and those behind it.
  public let convolutions: [VGGWeights.Convolution]
  /// What its inputs are prepared by.
  public let preprocessing: Preprocessing

  package init(
    name: String, convolutions: [VGGWeights.Convolution], preprocessing: Preprocessing
  ) {
    self.name = name
    self.convolutions = convolutions
    self.preprocessing = preprocessing
  }

  /// The base within a classifier.
  ///
  /// - Throws: ``FilterError/noConvolutions(source:)``.
  public init(_ classifier: Classifier, name: String) throws {
    guard let backbone = classifier.backbone as? VGGBackbone else {
      throw FilterError.noConvolutions(source: name)
    }
    self.init(
      name: name, convolutions: backbone.convolutions,
      preprocessing: classifier.settings.preprocessing)
  }

  /// Reads a classifier's file, or any Keras file that holds VGG16 or VGG19.
  ///
  /// - Parameter preprocessing: nil for the classifier's own; of other files nobody knows it, and it
  ///   is `caffe`, that of the pretrained weights.
  /// - Throws: ``FilterError/noConvolutions(source:)``, ``StageError``, and what `VGGWeights.load`
  ///   throws for a file that holds another network or cannot be read.
  public init(path: String, preprocessing: Preprocessing? = nil, pool: ThreadPool) throws {
    // Weight files are no models, and Keras has models that cannot be read whole: in both only the
    // convolutions are looked for, and what is wrong with the file is said there.
    if let model = try? KerasModel(path: path), model.metadata != nil {
      let base = try ConvolutionalBase(try Classifier.load(path, pool: pool), name: path)
      self.init(
        name: path, convolutions: base.convolutions,
        preprocessing: preprocessing ?? base.preprocessing)
    } else {
      self.init(
        name: path, convolutions: try VGGWeights.load(path).convolutions,
        preprocessing: preprocessing ?? .caffe)
    }
  }
}
