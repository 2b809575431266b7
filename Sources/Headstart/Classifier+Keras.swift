import KerasFormat
import Kernels
import NeuralNetwork

// A classifier's network as Keras layers, and back.

extension VGGBackbone {
  /// The layers up to the one whose output is taken, frozen where they were not fine-tuned, by
  /// their Keras names.
  var kerasLayers: [KerasLayer] {
    var layers: [KerasLayer] = []
    for (index, convolution) in convolutions.enumerated() {
      let layer = KerasLayer(convolution)
      layers.append(index >= trainableFrom ?? .max ? layer : layer.frozen)
      if pools[index] {
        let block = convolution.name.prefix { $0 != "_" }
        layers.append(
          KerasLayer(name: "\(block)_pool", kind: .maxPooling2D(), trainable: false))
      }
    }
    guard !dense.isEmpty else { return layers }
    layers.append(KerasLayer(name: "flatten", kind: .flatten))
    layers += dense.map { KerasLayer($0, activation: .relu).frozen }
    // The head sees every backbone's features as a map, if only of one position.
    layers.append(
      KerasLayer(name: "map", kind: .reshape([1, 1, outputShape.channels])))
    return layers
  }

  /// Takes the weights out of layers that ``kerasLayers`` made.
  init(layers: [KerasLayer], settings: FeatureSettings, path: String, pool: ThreadPool) throws {
    var convolutions: [VGGWeights.Convolution] = []
    var dense: [VGGWeights.Dense] = []
    for layer in layers {
      switch layer.kind {
      case .maxPooling2D, .flatten, .reshape: continue
      default: break
      }
      guard let kernel = layer.weight("kernel"), let bias = layer.weight("bias") else {
        throw StageError.notAClassifier(
          path: path, expected: "a kernel and a bias in \(layer.name)", found: "not both")
      }
      switch layer.kind {
      case .conv2D(_, KerasLayer.Size(3), KerasLayer.Size(1), .same, true, .relu):
        convolutions.append(
          VGGWeights.Convolution(
            name: layer.name, inputChannels: kernel.shape[2], outputChannels: kernel.shape[3],
            kernel: kernel.values, bias: bias.values))
      case .dense(_, true, .relu):
        dense.append(
          VGGWeights.Dense(
            name: layer.name, inputs: kernel.shape[0], outputs: kernel.shape[1],
            kernel: kernel.values, bias: bias.values))
      default:
        throw StageError.notAClassifier(
          path: path, expected: "a layer of \(settings.backbone.rawValue)",
          found: "\(layer.name) (\(layer.kind.className))")
      }
    }
    let architecture = VGGWeights.Architecture(rawValue: settings.backbone.rawValue)
    let expected = (architecture?.convolutions ?? []).prefix(convolutions.count)
    guard
      expected.elementsEqual(
        convolutions,
        by: {
          $0.name == $1.name && $0.inputChannels == $1.inputChannels
            && $0.outputChannels == $1.outputChannels
        })
    else {
      throw StageError.notAClassifier(
        path: path, expected: "the first layers of \(settings.backbone.rawValue)",
        found: convolutions.map(\.name).joined(separator: ", "))
    }
    try self.init(
      convolutions: convolutions, dense: dense, settings: settings, source: path,
      trainableFrom: layers.filter { $0.kind.className == "Conv2D" }
        .firstIndex { $0.trainable }, pool: pool)
    // The layers as they ought to be, poolings and all, are the layers that are there.
    let found = layers.map(\.name)
    let needed = kerasLayers.map(\.name).filter { $0 != "map" }
    guard found == needed else {
      throw StageError.notAClassifier(
        path: path, expected: needed.joined(separator: ", "), found: found.joined(separator: ", "))
    }
  }
}

extension KerasLayer {
  fileprivate var frozen: KerasLayer {
    var layer = self
    layer.trainable = false
    return layer
  }
}
