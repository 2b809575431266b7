import KerasFormat

/// Why a Keras model cannot be made a classifier.
public enum ConversionError: Error, Equatable, CustomStringConvertible {
  /// The file says its classes itself; `options` were given nevertheless.
  case saidTwice(path: String, options: [String])
  case notSaid(path: String, options: [String], classes: Int)
  case notPictures(path: String, shape: [Int?])
  case sizeNotFixed(path: String, shape: [Int?])
  case otherSize(path: String, shape: [Int?], asked: Int)
  case classes(path: String, expected: Int, found: [String])
  case outputShape(path: String, shape: [Int?])
  case activation(path: String, outputs: Int, found: KerasLayer.Activation)
  /// Logits were spoken of, and the outputs are none.
  case notLogits(path: String, found: KerasLayer.Activation)

  public var description: String {
    switch self {
    case .saidTwice(let path, let options):
      return "\(path) is a classifier that says its classes and preprocessing itself: leave"
        + " \(options.joined(separator: ", ")) out."
    case .notSaid(let path, let options, let classes):
      return "\(path) does not say what its outputs mean and how its pictures are prepared:"
        + " \(options.joined(separator: " and ")) must. --classes takes \(classes) names, in the"
        + " order of the labels in training (Keras: alphabetical order of the folders);"
        + " --preprocessing is caffe (keras.applications.vgg16.preprocess_input), rescale (/255)"
        + " or none (0 to 255). Or name the classifier that Keras has trained on with --like."
    case .notPictures(let path, let shape):
      return "\(path): expected a model that takes colour pictures, (height, width, 3), found one"
        + " that takes \(Self.text(shape))."
    case .sizeNotFixed(let path, let shape):
      return "\(path) takes pictures of any size, \(Self.text(shape)): say with --size which it"
        + " shall be given."
    case .otherSize(let path, let shape, let asked):
      return "\(path) takes pictures of \(Self.text(shape)), not of --size \(asked)."
    case .classes(let path, let expected, let found):
      return "\(path): expected \(expected) classes, each of another name, found"
        + " \(found.joined(separator: ", "))."
    case .outputShape(let path, let shape):
      return "\(path): expected one row of outputs for each picture, (1) or (classes), found"
        + " \(Self.text(shape))."
    case .activation(let path, let outputs, .linear):
      return "\(path) ends without an activation: if its \(outputs) outputs are logits, --logits"
        + " puts \(outputs == 1 ? "sigmoid" : "softmax") behind them; else it is no classifier."
    case .activation(let path, let outputs, .sigmoid):
      return "\(path): expected softmax over its \(outputs) outputs, found sigmoid: each of them"
        + " would be a yes or no of its own."
    case .activation(let path, 1, .softmax):
      return "\(path): expected sigmoid of its one output, found softmax, which is always 1."
    case .activation(let path, let outputs, let found):
      return "\(path): expected probabilities, by \(outputs == 1 ? "sigmoid" : "softmax"), found"
        + " \(outputs) outputs by \(found.rawValue)."
    case .notLogits(let path, let found):
      return "\(path): expected logits, as --logits says, found outputs by \(found.rawValue)."
    }
  }

  private static func text(_ shape: [Int?]) -> String {
    "(" + shape.map { $0.map(String.init) ?? "any" }.joined(separator: ", ") + ")"
  }
}
