import NeuralNetwork

// Layers as files describe them, and layers to compute with.

extension KerasLayer {
  /// Describes a layer of a network, weights included.
  ///
  /// A layer that has weights counts as trainable if any of them is. Batch normalisation is
  /// described as Keras knows it: whether statistics are the batch's is not told apart from whether
  /// the layer trains.
  ///
  /// - Throws: `KerasFormatError` of kind `invalidArgument` for a layer that Keras does not have.
  public init(_ layer: any NeuralNetwork.Layer) throws {
    let kind: Kind? =
      switch layer {
      case let layer as Conv2D:
        .conv2D(
          filters: layer.filters, kernelSize: Size(layer.kernelSize),
          strides: Size(layer.strides), padding: Padding(layer.padding),
          useBias: layer.bias != nil, activation: Activation(layer.activation))
      case let layer as MaxPooling2D:
        .maxPooling2D(
          poolSize: Size(layer.size), strides: Size(layer.strides),
          padding: Padding(layer.padding))
      case let layer as AveragePooling2D:
        .averagePooling2D(
          poolSize: Size(layer.size), strides: Size(layer.strides),
          padding: Padding(layer.padding))
      case let layer as ZeroPadding2D:
        .zeroPadding2D(
          top: layer.top, bottom: layer.bottom, left: layer.left, right: layer.right)
      case let layer as Dense:
        .dense(
          units: layer.units, useBias: layer.bias != nil, activation: Activation(layer.activation))
      case let layer as ActivationLayer: .activation(Activation(layer.activation))
      case let layer as LeakyReLU: .leakyReLU(negativeSlope: decimal(layer.negativeSlope))
      case let layer as ELU: .elu(alpha: decimal(layer.alpha))
      case let layer as Dropout: .dropout(rate: decimal(layer.rate))
      case let layer as BatchNormalization:
        .batchNormalization(
          momentum: layer.momentum, epsilon: decimal(layer.epsilon),
          center: layer.beta != nil, scale: layer.gamma != nil)
      case let layer as LayerNormalization:
        .layerNormalization(
          epsilon: decimal(layer.epsilon), center: layer.beta != nil, scale: layer.gamma != nil)
      case let layer as Reshape: .reshape(layer.targetShape)
      case let layer as Rescaling:
        .rescaling(scale: layer.scale.map(decimal), offset: layer.offset.map(decimal))
      case let layer as Normalization:
        .normalization(
          mean: layer.mean.map(decimal), variance: layer.variance.map(decimal))
      case is Flatten: .flatten
      case is GlobalAveragePooling2D: .globalAveragePooling2D
      case is GlobalMaxPooling2D: .globalMaxPooling2D
      case is UnitNormalization: .unitNormalization
      default: nil
      }
    guard let kind else {
      throw KerasFormatError(
        .invalidArgument, file: layer.name, expected: "a layer that Keras has",
        found: layer.className)
    }
    self.init(
      name: layer.name, kind: kind, trainable: layer.parameters.isEmpty || layer.isTrainable,
      weights: layer.parameters.map {
        NamedTensor(name: $0.name, shape: $0.value.shape, values: $0.value.values)
      })
  }

  /// The layer to compute with, frozen if the file says so.
  ///
  /// - Parameters:
  ///   - file: What messages call the file.
  ///   - seed: Of a layer that draws random numbers.
  /// - Throws: `KerasFormatError` for a layer that cannot be computed, or lacks a weight.
  public func networkLayer(
    file: String, seed: UInt64 = 0
  ) throws -> any NeuralNetwork.Layer {
    do {
      var layer = try makeLayer(file: file, seed: seed)
      if !layer.parameters.isEmpty { layer.setTrainable(trainable) }
      return layer
    } catch NeuralNetworkError.setting(let name, let expected, let found) {
      throw self.error(.unexpected, file, "\(name): \(expected)", found)
    } catch let error as NeuralNetworkError {
      throw self.error(.unexpected, file, "a layer whose numbers fit together", "\(error)")
    }
  }

  private func makeLayer(file: String, seed: UInt64) throws -> any NeuralNetwork.Layer {
    func tensor(_ name: String) throws -> Tensor {
      guard let weight = weight(name), weight.values.count == weight.shape.reduce(1, *) else {
        throw error(.unexpected, file, "the weight \(name)", "none, or one that is not whole")
      }
      return Tensor(shape: weight.shape, values: weight.values)
    }
    switch kind {
    case .conv2D(_, _, let strides, let padding, let useBias, let activation):
      return try Conv2D(
        name: name, kernel: try tensor("kernel"), bias: useBias ? try tensor("bias") : nil,
        strides: strides.extent, padding: padding.computed, activation: activation.computed)
    case .maxPooling2D(let size, let strides, let padding):
      return try MaxPooling2D(
        size: size.extent, strides: strides.extent, padding: padding.computed, name: name)
    case .averagePooling2D(let size, let strides, let padding):
      return try AveragePooling2D(
        size: size.extent, strides: strides.extent, padding: padding.computed, name: name)
    case .zeroPadding2D(let top, let bottom, let left, let right):
      return try ZeroPadding2D(top: top, bottom: bottom, left: left, right: right, name: name)
    case .dense(_, let useBias, let activation):
      return try Dense(
        name: name, kernel: try tensor("kernel"), bias: useBias ? try tensor("bias") : nil,
        activation: activation.computed)
    case .activation(let activation): return ActivationLayer(activation.computed, name: name)
    case .softmax: return ActivationLayer(.softmax, name: name)
    case .leakyReLU(let slope): return try LeakyReLU(negativeSlope: Float(slope), name: name)
    case .elu(let alpha): return try ELU(alpha: Float(alpha), name: name)
    case .dropout(let rate): return try Dropout(Float(rate), seed: seed, name: name)
    case .batchNormalization(let momentum, let epsilon, let center, let scale):
      return try BatchNormalization(
        gamma: scale ? try tensor("gamma").values : nil,
        beta: center ? try tensor("beta").values : nil,
        movingMean: try tensor("moving_mean").values,
        movingVariance: try tensor("moving_variance").values, momentum: momentum,
        epsilon: Float(epsilon), name: name)
    case .rescaling(let scale, let offset):
      return try Rescaling(
        scale: scale.map { Float($0) }, offset: offset.map { Float($0) }, name: name)
    case .normalization(let mean, let variance):
      return try Normalization(
        mean: mean.map { Float($0) }, variance: variance.map { Float($0) }, name: name)
    case .flatten: return Flatten(name: name)
    case .globalAveragePooling2D: return GlobalAveragePooling2D(name: name)
    case .globalMaxPooling2D: return GlobalMaxPooling2D(name: name)
    case .unitNormalization: return UnitNormalization(name: name)
    case .layerNormalization(let epsilon, let center, let scale):
      return try LayerNormalization(
        gamma: scale ? try tensor("gamma").values : nil,
        beta: center ? try tensor("beta").values : nil, epsilon: Float(epsilon), name: name)
    case .reshape(let shape): return try Reshape(shape, name: name)
    }
  }

  private func error(
    _ kind: KerasFormatError.Kind, _ file: String, _ expected: String, _ found: String
  ) -> KerasFormatError {
    KerasFormatError(
      kind, file: file, object: "layer \(name) (\(self.kind.className))", expected: expected,
      found: found)
  }
}

extension KerasLayer.Size {
  fileprivate init(_ extent: Extent2D) {
    self.init(height: extent.height, width: extent.width)
  }

  fileprivate var extent: Extent2D { Extent2D(height: height, width: width) }
}

extension KerasLayer.Padding {
  fileprivate init(_ padding: NeuralNetwork.Padding) {
    self = padding == .same ? .same : .valid
  }

  fileprivate var computed: NeuralNetwork.Padding { self == .same ? .same : .valid }
}

extension KerasLayer.Activation {
  fileprivate init(_ activation: NeuralNetwork.Activation) {
    self =
      switch activation {
      case .linear: .linear
      case .relu: .relu
      case .sigmoid: .sigmoid
      case .softmax: .softmax
      case .tanh: .tanh
      case .elu: .elu
      case .softsign: .softsign
      case .leakyReLU: .leakyReLU
      }
  }

  fileprivate var computed: NeuralNetwork.Activation {
    switch self {
    case .linear: .linear
    case .relu: .relu
    case .sigmoid: .sigmoid
    case .softmax: .softmax
    case .tanh: .tanh
    case .elu: .elu
    case .softsign: .softsign
    case .leakyReLU: .leakyReLU
    }
  }
}

/// The number with the same decimal digits: 0.1 for 0.1, as Keras would write it, and not
/// 0.10000000149011612.
func decimal(_ value: Float) -> Double { Double(value.description) ?? Double(value) }
