import Kernels

/// A chain of layers, each taking the output of the one before.
///
/// A value: a copy is a checkpoint. Inference does not change it.
public struct Sequential: Sendable {
  /// The shape of one input, without the batch.
  public let inputShape: [Int]

  /// The layers in their order.
  ///
  /// They can be changed, as to freeze one. Shapes and names are not checked again: others that
  /// do not fit are noticed when they compute.
  public var layers: [any Layer]

  /// Checks the shapes through the net, and names the layers that have no name as Keras would:
  /// `dense`, `dense_1`, ….
  ///
  /// - Throws: ``NeuralNetworkError`` for shapes that do not fit, and for two layers of one name.
  public init(inputShape: [Int], layers: [any Layer]) throws {
    self.inputShape = inputShape
    self.layers = layers
    _ = try outputShapes()
    var taken: Set<String> = []
    for layer in layers where !layer.name.isEmpty && !taken.insert(layer.name).inserted {
      throw NeuralNetworkError.setting(
        name: "layer name", expected: "one that no other layer has", found: layer.name)
    }
    let names = Self.names(layers.map { ($0.name, $0.className) })
    for index in self.layers.indices { self.layers[index].name = names[index] }
  }

  /// The names of layers, those that have none named by their class as Keras would.
  package static func names(_ layers: [(name: String, className: String)]) -> [String] {
    var taken = Set(layers.map(\.name))
    return layers.map { layer in
      guard layer.name.isEmpty else { return layer.name }
      let base = snakeCase(layer.className)
      var (name, number) = (base, 0)
      while taken.contains(name) {
        number += 1
        name = "\(base)_\(number)"
      }
      taken.insert(name)
      return name
    }
  }

  /// The shape after each layer, without the batch.
  public func outputShapes() throws -> [[Int]] {
    var shape = inputShape
    return try layers.map { layer in
      shape = try layer.outputShape(shape)
      return shape
    }
  }

  /// The shape after the last layer, without the batch.
  public func outputShape() throws -> [Int] { try outputShapes().last ?? inputShape }

  /// The number of weights, trainable or not.
  public var parameterCount: Int {
    layers.reduce(0) { $0 + $1.parameters.reduce(0) { $0 + $1.value.values.count } }
  }

  /// The activation of the last layer; setting it to linear makes the outputs logits.
  ///
  /// Linear, and not to be set otherwise, if the last layer has none.
  public var outputActivation: Activation {
    get { (layers.last as? any ActivatedLayer)?.activation ?? .linear }
    set {
      guard var last = layers.last as? any ActivatedLayer else {
        precondition(newValue == .linear, "the last layer has no activation")
        return
      }
      last.activation = newValue
      layers[layers.count - 1] = last
    }
  }

  /// Inference on a batch.
  public func callAsFunction(_ input: consuming Tensor, pool: ThreadPool) throws -> Tensor {
    try checkInput(input)
    for layer in layers { input = try layer(consume input, pool: pool) }
    return input
  }

  /// The values of all weights, by layer and then in the order of ``Layer/parameters``.
  public var weights: [[Tensor]] { layers.map { $0.parameters.map(\.value) } }

  /// Replaces the values of all weights by others of the same shapes.
  ///
  /// - Throws: ``NeuralNetworkError`` if they do not fit, and then nothing is changed.
  public mutating func setWeights(_ weights: [[Tensor]]) throws {
    guard weights.count == layers.count else {
      throw NeuralNetworkError.count(
        what: "layers with weights", expected: layers.count, found: weights.count)
    }
    for (layer, values) in zip(layers, weights) {
      let shapes = layer.parameters.map(\.value.shape)
      guard shapes == values.map(\.shape) else {
        throw NeuralNetworkError.shape(
          layer: layer.label, expected: "weights of shapes \(shapes)",
          found: values.flatMap(\.shape))
      }
    }
    for (index, values) in weights.enumerated() {
      var number = 0
      layers[index].updateParameters {
        $0.value = values[number]
        number += 1
      }
    }
  }

  /// Inference on all rows of a source, in batches; (count, outputs).
  public func predict(
    _ source: some FeatureSource, batchSize: Int = 256, pool: ThreadPool
  ) throws -> Tensor {
    guard source.shape == inputShape else {
      throw NeuralNetworkError.shape(
        layer: "the model", expected: "features of shape \(inputShape)", found: source.shape)
    }
    guard batchSize > 0 else {
      throw NeuralNetworkError.setting(
        name: "batch size", expected: "at least 1", found: "\(batchSize)")
    }
    var values: [Float] = []
    for start in stride(from: 0, to: source.count, by: batchSize) {
      let rows = Array(start..<min(start + batchSize, source.count))
      values += try self(source.batch(rows), pool: pool).values
    }
    return Tensor(shape: [source.count] + (try outputShape()), values: values)
  }

  /// A training pass over a batch, in which every layer from the lowest trainable one on keeps
  /// what its gradient needs.
  public mutating func forward(_ input: consuming Tensor, pool: ThreadPool) throws -> Tensor {
    try checkInput(input)
    let lowest = layers.firstIndex(where: \.isTrainable) ?? layers.count
    for index in layers.indices {
      input = try layers[index].forward(consume input, pool: pool)
      if index < lowest { layers[index].forget() }
    }
    return input
  }

  /// Sets the gradients of all trainable parameters from the gradient by the output.
  ///
  /// Stops at the lowest trainable layer: what lies below costs nothing. Each layer lets go of what
  /// it kept as soon as it is done with it.
  public mutating func backward(_ gradient: consuming Tensor, pool: ThreadPool) throws {
    guard let lowest = layers.firstIndex(where: \.isTrainable) else { return }
    for index in stride(from: layers.count - 1, through: lowest, by: -1) {
      let next = try layers[index].backward(
        consume gradient, needsInputGradient: index > lowest, pool: pool)
      layers[index].forget()
      gradient = next ?? Tensor(zeros: [0])
    }
  }

  /// Lets go of what backward passes need, and of gradients.
  public mutating func forget() {
    for index in layers.indices {
      layers[index].forget()
      layers[index].updateParameters { $0.gradient = [] }
    }
  }

  func checkInput(_ input: borrowing Tensor) throws {
    let shape = input.shape
    guard shape.dropFirst().elementsEqual(inputShape) else {
      throw NeuralNetworkError.shape(
        layer: "the model", expected: "batches of shape \(inputShape)", found: shape)
    }
  }

  /// `GlobalAveragePooling2D` → `global_average_pooling2d`, as Keras names layers.
  static func snakeCase(_ className: String) -> String {
    var (result, previous): (String, Character?) = ("", nil)
    for character in className {
      if character.isUppercase, previous?.isLowercase == true { result += "_" }
      result += character.lowercased()
      previous = character
    }
    return result
  }
}
