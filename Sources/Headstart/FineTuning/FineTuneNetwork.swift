import KerasFormat
import Kernels
import NeuralNetwork

/// A classifier taken apart for fine-tuning: the frozen base that gives the cached features, and
/// the network from there to the logits, which trains.
struct FineTuneNetwork: Sendable {
  let original: Classifier
  let part: UnfrozenPart
  /// From pictures to the features of ``UnfrozenPart/cut``.
  let base: any FeatureExtractor
  /// From those features to the classifier's outputs.
  var trained: Sequential
  /// How many of its layers are the backbone's.
  let backboneLayers: Int

  /// - Parameter unfreeze: see ``UnfrozenPart``.
  /// - Throws: ``FineTuneError`` for classifiers that have no convolutions right below the head.
  init(_ classifier: Classifier, unfreeze: String, pool: ThreadPool) throws {
    guard let backbone = classifier.backbone as? VGGBackbone, backbone.dense.isEmpty else {
      throw FineTuneError.noConvolutions(layer: classifier.settings.layer)
    }
    original = classifier
    part = try UnfrozenPart(
      unfreeze, layers: Array(zip(backbone.convolutions.map(\.name), backbone.pools)))
    var settings = classifier.settings
    settings.layer = part.cut
    if part.cut == "input" {
      settings.backbone = .none
      base = try PixelBackbone(settings: settings)
    } else {
      base = try VGGBackbone(
        convolutions: backbone.convolutions, dense: [], settings: settings,
        source: "the classifier", pool: pool)
    }
    let layers = try VGGPlan.layers(
      backbone.convolutions[part.firstConvolution...],
      pools: backbone.pools[part.firstConvolution...])
    backboneLayers = layers.count
    let shape = base.outputShape
    trained = try Sequential(
      inputShape: [shape.height, shape.width, shape.channels],
      layers: layers + classifier.head.layers)
  }

  /// Every layer with weights that train.
  var trainedLayers: [TrainedLayer] {
    trained.layers.enumerated().compactMap { index, layer in
      guard layer.isTrainable else { return nil }
      let block = index < backboneLayers ? UnfrozenPart.block(of: layer.name) : "head"
      return TrainedLayer(name: layer.name, block: block)
    }
  }

  /// Refuses factors of the learning rate of what the network does not have. What it has may be
  /// frozen.
  ///
  /// - Throws: ``FineTuneError/unknownRate(name:expected:)``.
  func check(rateFactors: [String: Float]) throws {
    let convolutions = (original.backbone as? VGGBackbone)?.convolutions.map(\.name) ?? []
    let head = trained.layers[backboneLayers...].filter(\.isTrainable).map(\.name)
    var known = convolutions + ["head"] + head
    for block in convolutions.map(UnfrozenPart.block).reversed() where !known.contains(block) {
      known.insert(block, at: 0)
    }
    for name in rateFactors.keys.sorted() where !known.contains(name) {
      throw FineTuneError.unknownRate(name: name, expected: known.joined(separator: ", "))
    }
  }

  /// The head alone, as it is now.
  var head: Sequential {
    get throws {
      try Sequential(
        inputShape: original.head.inputShape, layers: Array(trained.layers[backboneLayers...]))
    }
  }

  /// The whole classifier with the weights of ``trained``, its logits divided by the temperature.
  func classifier(
    trainedOn pictures: PictureSet, calibration: Calibration?, pool: ThreadPool
  ) throws -> Classifier {
    guard let backbone = original.backbone as? VGGBackbone else {
      throw FineTuneError.noConvolutions(layer: original.settings.layer)
    }
    var convolutions = backbone.convolutions
    let layers = trained.layers[..<backboneLayers].compactMap { $0 as? Conv2D }
    for (offset, layer) in layers.enumerated() {
      let index = part.firstConvolution + offset
      convolutions[index] = VGGWeights.Convolution(
        name: layer.name, inputChannels: layer.inputChannels, outputChannels: layer.filters,
        kernel: layer.kernel.value.values, bias: layer.bias?.value.values ?? [])
    }
    let temperature = calibration?.temperature ?? 1
    return Classifier(
      classes: original.classes, settings: original.settings,
      backbone: try VGGBackbone(
        convolutions: convolutions, dense: [], settings: original.settings,
        source: "the fine-tuned network", trainableFrom: part.firstConvolution, pool: pool),
      head: temperature == 1 ? try head : try head.tempered(temperature), trainedOn: pictures,
      calibration: calibration)
  }
}
