/// A layer of a Sequential model as Keras describes it, with its weights.
public struct KerasLayer: Sendable, Equatable {
  /// Unique within its model.
  public var name: String
  /// What it computes, with its settings.
  public var kind: Kind
  /// Whether training changes the layer; kept in files, of no effect on predictions.
  public var trainable: Bool
  /// As `get_weights` orders them: `kernel`, `bias`, or `gamma`, `beta`, `moving_mean`,
  /// `moving_variance`. Kernels are (height, width, in, out) and (in, out).
  public var weights: [NamedTensor]

  public init(name: String, kind: Kind, trainable: Bool = true, weights: [NamedTensor] = []) {
    self.name = name
    self.kind = kind
    self.trainable = trainable
    self.weights = weights
  }

  /// The weight of that name.
  public func weight(_ name: String) -> NamedTensor? {
    weights.first { $0.name == name }
  }

  /// The number of all parameters, moving statistics included, as Keras counts them.
  public var parameterCount: Int {
    weights.reduce(0) { $0 + $1.shape.reduce(1, *) }
  }

  /// The number of parameters that training changes.
  public var trainableParameterCount: Int {
    guard trainable else { return 0 }
    return weights.filter { !$0.name.hasPrefix("moving_") }
      .reduce(0) { $0 + $1.shape.reduce(1, *) }
  }

  /// The activations that are supported.
  public enum Activation: String, Sendable, CaseIterable {
    case linear, relu, sigmoid, softmax, tanh, elu, softsign
    /// Of slope 0.2; Keras 2 knows it as a layer only.
    case leakyReLU = "leaky_relu"
  }

  /// How a window that leaves the picture is treated: dropped, or filled up with zeros.
  public enum Padding: String, Sendable, CaseIterable {
    case valid, same
  }

  /// An extent over rows and columns.
  public struct Size: Sendable, Equatable {
    public var height: Int
    public var width: Int

    public init(height: Int, width: Int) {
      self.height = height
      self.width = width
    }

    /// The same extent over rows and columns.
    public init(_ extent: Int) { self.init(height: extent, width: extent) }
  }

  /// What a layer computes. Pictures are (height, width, channels); normalisations work along the
  /// last axis.
  public enum Kind: Sendable, Equatable {
    case conv2D(
      filters: Int, kernelSize: Size, strides: Size = Size(1), padding: Padding = .valid,
      useBias: Bool = true, activation: Activation = .linear)
    case maxPooling2D(poolSize: Size = Size(2), strides: Size = Size(2), padding: Padding = .valid)
    case averagePooling2D(
      poolSize: Size = Size(2), strides: Size = Size(2), padding: Padding = .valid)
    case globalAveragePooling2D
    case globalMaxPooling2D
    case flatten
    case dense(units: Int, useBias: Bool = true, activation: Activation = .linear)
    case dropout(rate: Double)
    case activation(Activation)
    case batchNormalization(
      momentum: Double = 0.99, epsilon: Double = 1e-3, center: Bool = true, scale: Bool = true)
    case layerNormalization(epsilon: Double = 1e-3, center: Bool = true, scale: Bool = true)
    /// x where positive, slope · x elsewhere.
    case leakyReLU(negativeSlope: Double = 0.3)
    /// x where positive, alpha · (eˣ − 1) elsewhere.
    case elu(alpha: Double = 1)
    /// (x − mean) / √variance, each of one value or one for each channel.
    case normalization(mean: [Double], variance: [Double])
    /// Divides by the L2 norm.
    case unitNormalization
    /// x · scale + offset, each of one value or one for each channel.
    case rescaling(scale: [Double], offset: [Double])
    case zeroPadding2D(top: Int, bottom: Int, left: Int, right: Int)
    case reshape([Int])
    case softmax

    /// Keras' name of the class.
    public var className: String {
      switch self {
      case .conv2D: "Conv2D"
      case .maxPooling2D: "MaxPooling2D"
      case .averagePooling2D: "AveragePooling2D"
      case .globalAveragePooling2D: "GlobalAveragePooling2D"
      case .globalMaxPooling2D: "GlobalMaxPooling2D"
      case .flatten: "Flatten"
      case .dense: "Dense"
      case .dropout: "Dropout"
      case .activation: "Activation"
      case .batchNormalization: "BatchNormalization"
      case .layerNormalization: "LayerNormalization"
      case .leakyReLU: "LeakyReLU"
      case .elu: "ELU"
      case .normalization: "Normalization"
      case .unitNormalization: "UnitNormalization"
      case .rescaling: "Rescaling"
      case .zeroPadding2D: "ZeroPadding2D"
      case .reshape: "Reshape"
      case .softmax: "Softmax"
      }
    }
  }
}
