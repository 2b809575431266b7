import KerasFormat
import Kernels
import NeuralNetwork

/// The frozen convolutional base of VGG16 or VGG19 (Simonyan & Zisserman, arXiv:1409.1556), cut at
/// a named layer: pictures in, bottleneck features out.
///
/// Every convolution is 3×3, stride 1, same-padded, followed by ReLU; a block ends with a 2×2
/// max-pooling of stride 2 that drops an odd last row or column. Layers have Keras' names:
/// `block1_conv1` … `block5_pool`, then, where the weights hold them, `fc1` and `fc2` (ReLU).
public struct VGGBackbone: FeatureExtractor {
  /// As they were given.
  public let settings: FeatureSettings
  public let key: FeatureKey
  public let outputShape: FeatureShape
  /// The convolutions up to the layer, in order; what a model file has to hold.
  public let convolutions: [VGGWeights.Convolution]
  /// `fc1`, or `fc1` and `fc2`, or nothing.
  public let dense: [VGGWeights.Dense]

  /// Index of the first convolution that was fine-tuned, and that `model.h5` marks as trainable;
  /// nil if all are frozen.
  public let trainableFrom: Int?

  /// What is to be said of the weights' file, ``PretrainedWeights/warning(of:)``.
  public private(set) var warning: String?

  /// Whether a pooling follows, for each of ``convolutions``.
  let pools: [Bool]

  private let stack: ConvolutionStack
  private let denseLayers: [Dense]
  private let pool: ThreadPool

  /// Prepares the weights for the arithmetic chosen, which takes tens of milliseconds.
  ///
  /// - Parameters:
  ///   - convolutions: at least those that `settings.layer` depends on; the others are ignored.
  ///   - source: names the weights in errors.
  /// - Throws: ``BackboneError`` if the layer does not exist or the size does not fit it.
  public init(
    convolutions: [VGGWeights.Convolution], dense: [VGGWeights.Dense], settings: FeatureSettings,
    source: String, trainableFrom: Int? = nil, pool: ThreadPool
  ) throws {
    let plan = try VGGPlan(
      layer: settings.layer, convolutions: convolutions.map(\.name), dense: dense.map(\.name),
      source: source)
    self.settings = settings
    self.pool = pool
    self.trainableFrom = trainableFrom
    pools = plan.pools
    self.convolutions = Array(convolutions[..<plan.convolutions])
    self.dense = Array(dense[..<plan.dense])
    stack = try ConvolutionStack(
      layers: zip(self.convolutions, pools).map { convolution, pools in
        ConvolutionLayer(
          name: convolution.name, inputChannels: convolution.inputChannels,
          outputChannels: convolution.outputChannels, kernel: convolution.kernel,
          bias: convolution.bias, poolAfter: pools)
      },
      arithmetic: settings.arithmetic, pool: pool)
    let base = stack.outputShape(height: settings.height, width: settings.width)
    guard base.height > 0, base.width > 0 else {
      throw BackboneError.tooSmall(height: settings.height, width: settings.width)
    }
    if let first = self.dense.first {
      let inputs = base.height * base.width * base.channels
      guard inputs == first.inputs else {
        throw BackboneError.denseSize(
          layer: first.name, expected: first.inputs, found: inputs, height: settings.height,
          width: settings.width)
      }
    }
    denseLayers = try self.dense.map {
      try Dense(
        name: $0.name, kernel: Tensor(shape: [$0.inputs, $0.outputs], values: $0.kernel),
        bias: Tensor(shape: [$0.outputs], values: $0.bias), activation: .relu)
    }
    outputShape =
      self.dense.last.map { FeatureShape(height: 1, width: 1, channels: $0.outputs) }
      ?? FeatureShape(height: base.height, width: base.width, channels: base.channels)

    var hash = TensorHash()
    for layer in self.convolutions {
      hash.add(
        name: layer.name + "/kernel", shape: [3, 3, layer.inputChannels, layer.outputChannels],
        values: layer.kernel)
      hash.add(name: layer.name + "/bias", shape: [layer.outputChannels], values: layer.bias)
    }
    for layer in self.dense {
      hash.add(
        name: layer.name + "/kernel", shape: [layer.inputs, layer.outputs], values: layer.kernel)
      hash.add(name: layer.name + "/bias", shape: [layer.outputs], values: layer.bias)
    }
    key = FeatureKey(settings: settings, weights: hash.hexadecimal())
  }

  /// Reads the weights of `settings.backbone` from a Keras file of any layout.
  ///
  /// - Throws: ``BackboneError/wrongArchitecture(path:expected:found:)`` if the file holds the
  ///   other network, and whatever `VGGWeights.load` throws.
  public init(weightFile path: String, settings: FeatureSettings, pool: ThreadPool) throws {
    let weights = try VGGWeights.load(path)
    guard weights.architecture.rawValue == settings.backbone.rawValue else {
      throw BackboneError.wrongArchitecture(
        path: path, expected: settings.backbone.rawValue, found: weights.architecture.rawValue)
    }
    try self.init(
      convolutions: weights.convolutions, dense: weights.dense, settings: settings, source: path,
      pool: pool)
    warning = PretrainedWeights.warning(of: path) { weights }
  }

  /// Features of preprocessed pictures.
  ///
  /// - Parameter images: (count, height, width, 3).
  /// - Returns: (count, h, w, channels) of ``outputShape``.
  public func features(images: [Float], count: Int) throws -> [Float] {
    let features = try stack.forward(
      images, count: count, height: settings.height, width: settings.width)
    guard !denseLayers.isEmpty else { return features }
    let width = features.count / max(count, 1)
    var outputs: [Float] = []
    outputs.reserveCapacity(count * outputShape.count)
    for start in stride(from: 0, to: count, by: Self.denseRows) {
      let taken = min(Self.denseRows, count - start)
      var values = Array(features[start * width..<(start + taken) * width])
      values += repeatElement(0, count: (Self.denseRows - taken) * width)
      var rows = Tensor(shape: [Self.denseRows, width], values: values)
      for layer in denseLayers { rows = try layer(rows, pool: pool) }
      outputs += rows.values.prefix(taken * outputShape.count)
    }
    return outputs
  }

  /// Rows that go through the dense layers together, filled up with zeros: BLAS sums in another
  /// order for another number of rows, and a picture's bits must not depend on its batch.
  private static let denseRows = 16
}

/// No network at all: the preprocessed pixels are the features (`--backbone none`).
public struct PixelBackbone: FeatureExtractor {
  public let key: FeatureKey
  public let outputShape: FeatureShape

  public init(settings: FeatureSettings) throws {
    guard settings.layer == "input" else {
      throw BackboneError.unknownLayer(
        settings.layer, known: ["input"], source: "--backbone none (the pixels themselves)")
    }
    outputShape = FeatureShape(height: settings.height, width: settings.width, channels: 3)
    key = FeatureKey(settings: settings, weights: TensorHash().hexadecimal())
  }

  public func features(images: [Float], count: Int) throws -> [Float] { images }
}

extension FeatureKey {
  init(settings: FeatureSettings, weights: String) {
    self.init(
      backbone: settings.backbone.rawValue, weights: weights, layer: settings.layer,
      height: settings.height, width: settings.width, preprocessing: settings.preprocessing,
      interpolation: settings.interpolation, ignoresEXIF: settings.ignoreEXIF,
      arithmetic: settings.arithmetic)
  }
}
