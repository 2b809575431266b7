import KerasFormat
import NeuralNetwork

/// The layers of a network, from its input to its output; coded as the plain list of them.
public struct NetworkArchitecture: Codable, Sendable, Equatable {
  /// From the input to the output.
  public var layers: [LayerSpecification]

  public init(layers: [LayerSpecification]) { self.layers = layers }

  public init(from decoder: any Decoder) throws {
    layers = try decoder.singleValueContainer().decode([LayerSpecification].self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(layers)
  }

  /// The network with fresh weights: Glorot-uniform kernels, zero biases, as Keras makes it.
  ///
  /// Layers without a name are called as in Keras: `conv2d`, `conv2d_1`, ….
  ///
  /// - Parameters:
  ///   - inputShape: (height, width, channels) of the pixels or of a backbone's features.
  ///   - classes: at least two.
  ///   - seed: determines the weights, and what dropout draws.
  /// - Throws: `KerasFormatError` naming the layer: an unknown class or argument, a value that
  ///   cannot be, a layer that does not fit the one before it, an output that does not fit the
  ///   classes.
  public func network(inputShape: [Int], classes: Int, seed: UInt64) throws -> Sequential {
    precondition(classes >= 2, "a classifier tells two classes apart, or more")
    var model = try model(inputShape: inputShape, outputs: classes == 2 ? 1 : classes)
    try model.initializeWeights(seed: seed, file: Self.place)
    let network = try model.network(seed: seed, file: Self.place)
    try Self.checkOutput(of: network, classes: classes)
    return network
  }

  /// Refuses what no data can make a network of, without making one.
  ///
  /// - Parameter inputShape: nil if it is not known yet.
  /// - Throws: `KerasFormatError` naming the layer.
  func check(inputShape: [Int]?) throws {
    let model = try model(inputShape: inputShape ?? [1], outputs: 1)
    for layer in model.layers where !layer.kind.hasWeights {
      _ = try layer.networkLayer(file: Self.place)
    }
    if inputShape != nil { _ = try model.weightShapes(file: Self.place) }
  }

  /// Refuses classes and arguments that do not exist, naming those that probably were meant.
  ///
  /// - Throws: ``RecipeError``.
  func checkNames(place: String) throws {
    for (index, layer) in layers.enumerated() {
      let place = "\(place).\(index)"
      if layer.isOutput { continue }
      guard let known = KerasLayer.arguments[layer.className] else {
        throw RecipeError(
          place, oneOf: KerasLayer.arguments.keys.sorted() + [LayerSpecification.output],
          found: layer.className)
      }
      let names = known.required + known.optional
      for name in layer.arguments.keys.sorted() where !names.contains(name) {
        throw RecipeError(
          "\(place).\(layer.className)", "the arguments", oneOf: names, found: name)
      }
    }
  }

  /// The layers, without weights.
  private func model(inputShape: [Int], outputs: Int) throws -> KerasModel {
    let names = Sequential.names(
      layers.map { ($0.givenName, $0.isOutput ? "Dense" : $0.className) })
    func refuse(_ object: String, _ expected: String, _ found: String) -> KerasFormatError {
      KerasFormatError(
        .unexpected, file: Self.place, object: object, expected: expected, found: found)
    }
    guard let last = layers.indices.last else { throw refuse("layers", "at least one", "none") }
    for index in layers.indices where layers[index].isOutput && index != last {
      throw refuse("layer \(names[index]) (Output)", "it at the end", "layers behind it")
    }
    for (index, name) in names.enumerated() where names[..<index].contains(name) {
      throw refuse("layer \(name)", "names that differ", "this one twice")
    }
    return KerasModel(
      name: Self.place, inputShape: inputShape,
      layers: try zip(layers, names).map {
        try $0.layer(named: $1, outputs: outputs, file: Self.place)
      })
  }

  /// Refuses a network whose last layer cannot tell so many classes apart.
  static func checkOutput(of network: Sequential, classes: Int) throws {
    let (shape, activation) = (try network.outputShape(), network.outputActivation)
    let isFit =
      shape == [1] && classes == 2
      ? activation == .sigmoid : shape == [classes] && activation == .softmax
    guard !isFit else { return }
    throw KerasFormatError(
      .unexpected, file: Self.place, object: "layer \(network.layers.last?.name ?? "")",
      expected: "Output, a softmax over \(classes) classes"
        + (classes == 2 ? " or one sigmoid" : ""),
      found: "\(activation.rawValue) of shape \(shape)")
  }

  /// What messages call an architecture.
  private static let place = "the network's architecture"
}

extension KerasLayer.Kind {
  fileprivate var hasWeights: Bool {
    switch self {
    case .conv2D, .dense, .batchNormalization, .layerNormalization: true
    default: false
    }
  }
}
