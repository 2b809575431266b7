import Kernels

/// A chain of layers, each taking the output of the one before.
///
/// A value: a copy is a checkpoint. Inference does not change it.
public struct Sequential: Sendable {
  /// The shape of one input, without the batch.
  public let inputShape: [Int]
  public var layers: [any Layer]

  /// Checks the shapes through the net, and names the layers that have no name as Keras would:
  /// `dense`, `dense_1`, ….
  ///
  /// - Throws: ``NeuralNetworkError``.
  public init(inputShape: [Int], layers: [any Layer]) throws {
    self.inputShape = inputShape
    self.layers = layers
    _ = try outputShapes()
    var taken = Set(layers.map(\.name))
    for index in self.layers.indices where self.layers[index].name.isEmpty {
      let base = Self.snakeCase(self.layers[index].className)
      var (name, number) = (base, 0)
      while taken.contains(name) {
        number += 1
        name = "\(base)_\(number)"
      }
      taken.insert(name)
      self.layers[index].name = name
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
  public func callAsFunction(_ input: Tensor, pool: ThreadPool) throws -> Tensor {
    try checkInput(input)
    var tensor = input
    for layer in layers { tensor = try layer(tensor, pool: pool) }
    return tensor
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

  /// A training pass over a batch, in which every layer keeps what its gradient needs.
  public mutating func forward(_ input: Tensor, pool: ThreadPool) throws -> Tensor {
    try checkInput(input)
    var tensor = input
    for index in layers.indices { tensor = try layers[index].forward(tensor, pool: pool) }
    return tensor
  }

  /// Sets the gradients of all trainable parameters from the gradient by the output.
  ///
  /// Stops at the lowest trainable layer: what lies below costs nothing.
  public mutating func backward(_ gradient: Tensor, pool: ThreadPool) throws {
    guard let lowest = layers.firstIndex(where: \.isTrainable) else { return }
    var gradient = gradient
    for index in stride(from: layers.count - 1, through: lowest, by: -1) {
      let next = try layers[index].backward(
        gradient, needsInputGradient: index > lowest, pool: pool)
      if let next { gradient = next }
    }
  }

  /// Lets go of what backward passes need, and of gradients.
  public mutating func forget() {
    for index in layers.indices {
      layers[index].forget()
      layers[index].updateParameters { $0.gradient = [] }
    }
  }

  private func checkInput(_ input: Tensor) throws {
    guard input.shape.dropFirst().elementsEqual(inputShape) else {
      throw NeuralNetworkError.shape(
        layer: "the model", expected: "batches of shape \(inputShape)", found: input.shape)
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
