import Foundation
import KerasFormat
import Kernels
import NeuralNetwork

extension Classifier {
  /// What the attribute `headstart` holds.
  private struct Metadata: Codable {
    var format = 1
    var version: String
    var classes: [String]
    var features: FeatureSettings
    var trainedOn: PictureSet
    var calibration: Calibration?
  }

  private static let expectation =
    "a classifier written by headstart, with class names and preprocessing in the root attribute"
    + " `headstart`"

  /// Writes the whole model, atomically.
  ///
  /// `keras.models.load_model` opens it and predicts the same, fed with pixels preprocessed as
  /// ``settings`` says. Given the optimizer that trained the network, the file says so, and keeps its
  /// state for going on (``KerasModel/setTraining(by:labelSmoothing:)``).
  ///
  /// - Parameters:
  ///   - path: Ends in `.keras` for the archive of Keras 3; any other file is one of HDF5, for
  ///     Keras 2 and 3.
  ///   - labelSmoothing: of the training's loss.
  public func save(
    to path: String, optimizer: Optimizer? = nil, labelSmoothing: Float = 0
  ) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let metadata = try encoder.encode(
      Metadata(
        version: Release.version, classes: classes, features: settings, trainedOn: trainedOn,
        calibration: calibration))
    let layers = (backbone as? VGGBackbone)?.kerasLayers ?? []
    var model = KerasModel(
      name: "headstart", inputShape: [settings.height, settings.width, 3],
      layers: layers + (try head.layers.map(KerasLayer.init)),
      metadata: String(decoding: metadata, as: UTF8.self))
    if let optimizer { try model.setTraining(by: optimizer, labelSmoothing: labelSmoothing) }
    try model.write(to: path)
  }

  /// Reads a classifier that ``save(to:)`` wrote.
  ///
  /// - Throws: ``StageError/notAClassifier(path:expected:found:)`` for a Keras file that says
  ///   nothing of classes and preprocessing, or contradicts itself; `KerasFormatError` for one
  ///   that cannot be read.
  public static func load(_ path: String, pool: ThreadPool) throws -> Classifier {
    let model = try KerasModel(path: path)
    guard let text = model.metadata else {
      throw StageError.notAClassifier(
        path: path, expected: expectation, found: "a Keras model without them")
    }
    guard let metadata = try? JSONDecoder().decode(Metadata.self, from: Data(text.utf8)),
      metadata.format == 1
    else {
      throw StageError.notAClassifier(
        path: path, expected: expectation, found: "an attribute that does not hold them")
    }
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
    let (backbone, headLayers) = try split(model, settings: settings, path: path, pool: pool)
    let shape = backbone.outputShape
    let head = try Sequential(
      inputShape: [shape.height, shape.width, shape.channels],
      layers: headLayers.map { try $0.networkLayer(file: path) })
    let outputs = try head.outputShape()
    guard
      outputs == [metadata.classes.count] || (outputs == [1] && metadata.classes.count == 2)
    else {
      throw StageError.notAClassifier(
        path: path, expected: "an output for each of the classes \(metadata.classes)",
        found: "outputs of shape \(outputs)")
    }
    return Classifier(
      classes: metadata.classes, settings: settings, backbone: backbone, head: head,
      trainedOn: metadata.trainedOn, calibration: metadata.calibration)
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
    var head = model.layers[(last + 1)...]
    if case .reshape = head.first?.kind { head = head.dropFirst() }
    let backbone = try VGGBackbone(
      layers: Array(model.layers[...last]), settings: settings, path: path, pool: pool)
    return (backbone, Array(head))
  }
}
