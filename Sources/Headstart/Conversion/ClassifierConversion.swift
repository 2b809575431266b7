import KerasFormat
import Kernels
import NeuralNetwork
import Pictures

/// A Keras model made a classifier: it keeps its layers, weights and training, and is told what
/// Keras has no place for.
///
/// Read are classifiers of ours, and models that Keras 1, 2 or 3 saved (`.h5`, `.keras`): Sequential
/// ones, functional ones whose layers form a chain, and models nested in them, of any layers that
/// are computed. A beginning that is VGG's convolutional base is computed and cached as that, and
/// can be fine-tuned; other networks are computed as a whole.
public struct ClassifierConversion: Sendable {
  /// What is to be known beyond the model itself.
  public struct Settings: Sendable {
    /// In the order of the labels; of two classes with one output, the second is the probability's.
    public var classes: [String]?
    public var preprocessing: Preprocessing?
    /// Nil: bilinear.
    public var interpolation: Interpolation?
    public var ignoreEXIF = false
    /// The side of the pictures for a model that takes any; nil for the model's.
    public var size: Int?
    /// Whether the outputs are logits, to be given their sigmoid or softmax.
    public var hasLogits = false
    /// A classifier of ours that the others but the last two are taken from.
    public var like: String?

    public init() {}

    /// The options that say what a classifier of ours says itself.
    fileprivate var said: [String] {
      [
        (classes != nil, "--classes"), (preprocessing != nil, "--preprocessing"),
        (interpolation != nil, "--interpolation"), (ignoreEXIF, "--ignore-exif"),
        (size != nil, "--size"), (hasLogits, "--logits"), (like != nil, "--like"),
      ].filter(\.0).map(\.1)
    }
  }

  /// As it is written.
  public private(set) var model: KerasModel
  /// As it is read back.
  public let classifier: Classifier
  /// By which the model was trained, state included; nil if it does not say, or it is not known
  /// here.
  public private(set) var optimizer: Optimizer?
  /// What the user ought to know.
  public private(set) var remarks: [String] = []

  /// - Throws: ``ConversionError``; `KerasFormatError` for a model that cannot be read or computed;
  ///   ``StageError`` if the classifier to be like is none.
  public init(_ path: String, _ settings: Settings, pool: ThreadPool) throws {
    model = try KerasModel(path: path)
    let metadata: ClassifierMetadata
    if let text = model.metadata {
      guard settings.said.isEmpty else {
        throw ConversionError.saidTwice(path: path, options: settings.said)
      }
      metadata = try ClassifierMetadata(text, path: path)
    } else {
      metadata = try Self.interpret(&model, path, settings)
      model.metadata = try metadata.text
      if settings.like == nil, settings.interpolation == nil {
        remarks.append(
          "pictures are resized by bilinear interpolation, as nothing else was said; Keras'"
            + " ImageDataGenerator and load_img take nearest unless told otherwise (--interpolation)"
        )
      }
      if model.rescales, metadata.features.preprocessing != .none {
        remarks.append(
          "the model scales its pixels itself; are they to be prepared by"
            + " \(metadata.features.preprocessing.rawValue) before? (--preprocessing none)")
      }
    }
    classifier = try Classifier(model, as: metadata, path: path, pool: pool)
    do {
      optimizer = try model.optimizer(file: path)
      if optimizer == nil {
        model.optimizerWeights = []
        if model.trainingConfiguration != nil {
          remarks.append(
            "the model does not name its optimizer, as when Keras saves a .keras after an .h5: Keras"
              + " goes on by its default, RMSprop")
        }
      }
    } catch let error as KerasFormatError {
      remarks.append("the optimizer's state is left out: \(error)")
      model.optimizerWeights = []
    }
  }

  /// Writes the classifier, atomically.
  ///
  /// - Parameter path: `.keras` for the archive of Keras 3, from which Keras goes on with the
  ///   optimizer's state; any other file is one of HDF5.
  public func write(to path: String) throws { try model.write(to: path) }

  /// Makes a foreign model one of a classifier's form.
  private static func interpret(
    _ model: inout KerasModel, _ path: String, _ settings: Settings
  ) throws -> ClassifierMetadata {
    let size = try fixSize(&model, path, asked: settings.size)
    let outputs = try activate(&model, path, hasLogits: settings.hasLogits)
    let count = max(outputs, 2)

    if let like = settings.like {
      let original = try KerasModel(path: like)
      guard let text = original.metadata else { throw StageError.foreignModel(path: like) }
      let metadata = try ClassifierMetadata(text, path: like)
      guard metadata.classes.count == count else {
        throw ConversionError.classes(path: path, expected: count, found: metadata.classes)
      }
      // What Keras kept of the original's form is not to be guessed at.
      let isSameNetwork =
        model.inputShape == original.inputShape
        && model.layers.map(\.name) == original.layers.map(\.name)
        && model.layers.map(\.kind) == original.layers.map(\.kind)
      let features =
        isSameNetwork ? metadata.features : find(&model, size: size, like: metadata.features)
      let isUnchanged =
        isSameNetwork && model.layers.map(\.weights) == original.layers.map(\.weights)
      return ClassifierMetadata(
        classes: metadata.classes, features: features, trainedOn: metadata.trainedOn,
        // It was measured on predictions of the original's weights.
        calibration: isUnchanged ? metadata.calibration : nil)
    }
    guard let classes = settings.classes, let preprocessing = settings.preprocessing else {
      let missing = [
        (settings.classes == nil, "--classes"), (settings.preprocessing == nil, "--preprocessing"),
      ]
      throw ConversionError.notSaid(
        path: path, options: missing.filter(\.0).map(\.1), classes: count)
    }
    guard classes.count == count, Set(classes).count == count, !classes.contains("") else {
      throw ConversionError.classes(path: path, expected: count, found: classes)
    }
    var features = FeatureSettings(preprocessing: preprocessing)
    features.interpolation = settings.interpolation ?? .bilinear
    features.ignoreEXIF = settings.ignoreEXIF
    return ClassifierMetadata(
      classes: classes, features: find(&model, size: size, like: features),
      trainedOn: PictureSet([]))
  }

  /// Sees to it that the model takes colour pictures of one size.
  private static func fixSize(
    _ model: inout KerasModel, _ path: String, asked: Int?
  ) throws -> (height: Int, width: Int) {
    let shape = model.inputShape
    guard shape.count == 3, shape[2] == 3 else {
      throw ConversionError.notPictures(path: path, shape: shape)
    }
    if let asked {
      guard (shape[0] ?? asked) == asked, (shape[1] ?? asked) == asked else {
        throw ConversionError.otherSize(path: path, shape: shape, asked: asked)
      }
    }
    guard let height = shape[0] ?? asked, let width = shape[1] ?? asked else {
      throw ConversionError.sizeNotFixed(path: path, shape: shape)
    }
    model.inputShape = [height, width, 3]
    return (height, width)
  }

  /// Sees to it that the outputs are probabilities, and tells how many there are.
  private static func activate(
    _ model: inout KerasModel, _ path: String, hasLogits: Bool
  ) throws -> Int {
    let shape = try model.outputShapes(file: path, kind: .unexpected).last ?? model.inputShape
    guard shape.count == 1, let outputs = shape[0] else {
      throw ConversionError.outputShape(path: path, shape: shape)
    }
    try model.removeIdleEnd(path)
    let (needed, found): (KerasLayer.Activation, _) = (
      outputs == 1 ? .sigmoid : .softmax, model.outputActivation
    )
    if hasLogits {
      let activation = model.lastActivation
      guard activation == .linear else {
        throw ConversionError.notLogits(path: path, found: activation)
      }
      try model.activateOutputs(needed, file: path)
    } else if found != needed {
      throw ConversionError.activation(path: path, outputs: outputs, found: found)
    }
    return outputs
  }

  /// Finds the backbone in a model, and gives its layers Keras' names.
  private static func find(
    _ model: inout KerasModel, size: (height: Int, width: Int), like features: FeatureSettings
  ) -> FeatureSettings {
    let part = VGGPart(model.layers)
    for (index, name) in (part?.names ?? []).enumerated() { model.layers[index].name = name }
    return FeatureSettings(
      backbone: part?.backbone ?? .none, layer: part?.layer, height: size.height,
      width: size.width, preprocessing: features.preprocessing,
      interpolation: features.interpolation, ignoreEXIF: features.ignoreEXIF,
      arithmetic: features.arithmetic)
  }
}

extension KerasModel {
  /// Removes last layers that change nothing in inference, so that the last one is what gives the
  /// outputs: training and fine-tuning look there for the activation.
  fileprivate mutating func removeIdleEnd(_ path: String) throws {
    while layers.count > 1 {
      let shapes = try outputShapes(file: path, kind: .unexpected)
      let isIdle =
        switch layers[layers.count - 1].kind {
        case .dropout: true
        case .flatten, .reshape: shapes[shapes.count - 1] == shapes[shapes.count - 2]
        default: false
        }
      guard isIdle else { return }
      layers.removeLast()
    }
  }

  /// The activation that the outputs have gone through, pooled and turned or not.
  fileprivate var lastActivation: KerasLayer.Activation {
    var model = self
    while let last = model.layers.last {
      switch last.kind {
      case .dropout, .flatten, .reshape, .maxPooling2D, .averagePooling2D,
        .globalAveragePooling2D, .globalMaxPooling2D, .zeroPadding2D:
        model.layers.removeLast()
      default: return model.outputActivation
      }
    }
    return .linear
  }

  /// Whether the pixels are scaled before anything else is done with them.
  fileprivate var rescales: Bool {
    for layer in layers {
      switch layer.kind {
      case .rescaling, .normalization, .batchNormalization: return true
      case .zeroPadding2D, .dropout: continue
      default: return false
      }
    }
    return false
  }
}
