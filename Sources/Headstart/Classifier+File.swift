import Foundation
import KerasFormat
import Kernels
import NeuralNetwork

extension Classifier {
  /// Writes the whole model, atomically.
  ///
  /// `keras.models.load_model` opens it and predicts the same, fed with pixels preprocessed as
  /// ``settings`` says; and `fit` goes on training it. The file notes the optimizer that trained the
  /// network, with its state (``KerasModel/setTraining(by:labelSmoothing:)``); else what the file
  /// said that the classifier was read from; else, as for heads of the solver newton, Keras' own
  /// default: RMSprop with rate 0.001 (where convolutions train too, SGD with rate 1e-4 and momentum
  /// 0.9) and cross-entropy.
  ///
  /// - Parameters:
  ///   - path: Ends in `.keras` for the archive of Keras 3; any other file is one of HDF5, for
  ///     Keras 2 and 3.
  ///   - labelSmoothing: of the training's loss.
  public func save(
    to path: String, optimizer: Optimizer? = nil, labelSmoothing: Float = 0
  ) throws {
    let layers = (backbone as? VGGBackbone)?.kerasLayers ?? []
    var model = KerasModel(
      name: "headstart", inputShape: [settings.height, settings.width, 3],
      layers: layers + (try head.layers.map(KerasLayer.init)),
      metadata: try ClassifierMetadata(self).text)
    if let optimizer {
      try model.setTraining(by: optimizer, labelSmoothing: labelSmoothing)
    } else if let trainingConfiguration {
      model.trainingConfiguration = trainingConfiguration
    } else {
      try model.setTraining(by: .standard(for: self))
    }
    try model.write(to: path)
  }

  /// Reads a classifier that ``save(to:optimizer:labelSmoothing:)`` wrote, as `.h5` or `.keras`.
  ///
  /// - Throws: ``StageError/foreignModel(path:)`` for a Keras file that says nothing of classes and
  ///   preprocessing, ``StageError/notAClassifier(path:expected:found:)`` for one that contradicts
  ///   itself; `KerasFormatError` for one that cannot be read.
  public static func load(_ path: String, pool: ThreadPool) throws -> Classifier {
    let model = try KerasModel(path: path)
    guard let text = model.metadata else { throw StageError.foreignModel(path: path) }
    return try Classifier(
      model, as: try ClassifierMetadata(text, path: path), path: path, pool: pool)
  }

  /// Takes a model apart into backbone and head.
  ///
  /// - Parameters:
  ///   - metadata: what the model's own says, or what it is taken for.
  ///   - path: what messages call the model.
  /// - Throws: as ``load(_:pool:)``.
  init(
    _ model: KerasModel, as metadata: ClassifierMetadata, path: String, pool: ThreadPool
  ) throws {
    let settings = metadata.features
    guard metadata.classes.count >= 2, Set(metadata.classes).count == metadata.classes.count else {
      throw StageError.notAClassifier(
        path: path, expected: "two classes or more, each of another name",
        found: "\(metadata.classes)")
    }
    guard (1...4096).contains(settings.height), (1...4096).contains(settings.width) else {
      throw StageError.notAClassifier(
        path: path, expected: "pictures of 1 to 4096 pixels a side",
        found: "\(settings.height) × \(settings.width)")
    }
    guard model.inputShape == [settings.height, settings.width, 3] else {
      throw StageError.notAClassifier(
        path: path, expected: "an input of \(settings.height) × \(settings.width) × 3",
        found: model.inputShape.map { $0.map(String.init) ?? "any" }.joined(separator: " × "))
    }
    let (backbone, headLayers) = try Self.split(model, settings: settings, path: path, pool: pool)
    let shape = backbone.outputShape
    let head = try Sequential(
      inputShape: [shape.height, shape.width, shape.channels],
      layers: headLayers.map { try $0.networkLayer(file: path) })
    try KerasModel.checkSizes(of: head, file: path, batch: Self.batch)
    let outputs = try head.outputShape()
    guard
      outputs == [metadata.classes.count] || (outputs == [1] && metadata.classes.count == 2)
    else {
      throw StageError.notAClassifier(
        path: path, expected: "an output for each of the classes \(metadata.classes)",
        found: "outputs of shape \(outputs)")
    }
    self.init(
      classes: metadata.classes, settings: settings, backbone: backbone, head: head,
      trainedOn: metadata.trainedOn, calibration: metadata.calibration,
      trainingConfiguration: model.trainingConfiguration)
  }

  /// The backbone up to the layer whose features are taken, and the layers behind it.
  private static func split(
    _ model: KerasModel, settings: FeatureSettings, path: String, pool: ThreadPool
  ) throws -> (any FeatureExtractor, [KerasLayer]) {
    guard settings.backbone != .none else {
      return (try PixelBackbone(settings: settings), model.layers)
    }
    guard let last = model.layers.firstIndex(where: { $0.name == settings.layer }) else {
      throw StageError.notAClassifier(
        path: path, expected: "the layer \(settings.layer)", found: "no layer of that name")
    }
    let backbone = try VGGBackbone(
      layers: Array(model.layers[...last]), settings: settings, path: path, pool: pool)
    let shape = backbone.outputShape
    var head = model.layers[(last + 1)...]
    // Behind a dense layer: the map of one position that the head is given here as it is.
    if head.first?.kind == .reshape([shape.height, shape.width, shape.channels]) {
      head = head.dropFirst()
    }
    return (backbone, Array(head))
  }
}
