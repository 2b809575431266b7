/// A Sequential model with its weights, as one file holds it.
///
///     let model = KerasModel(
///       inputShape: [150, 150, 3],
///       layers: [
///         KerasLayer(name: "pool", kind: .globalAveragePooling2D),
///         KerasLayer(
///           name: "predictions", kind: .dense(units: 1, activation: .sigmoid),
///           weights: [kernel, bias]),
///       ])
///     try model.write(to: "model.h5")  // keras.models.load_model("model.h5") opens it
public struct KerasModel: Sendable, Equatable {
  public var name: String
  /// (height, width, channels) without the batch axis; nil for an extent that is not fixed.
  public var inputShape: [Int?]
  /// The layers in order; the input is not one of them.
  public var layers: [KerasLayer]
  /// JSON of our own, kept in the attribute `headstart` at the root of the HDF5 file, an archive's
  /// `model.weights.h5` included; Keras ignores it.
  public var metadata: String?
  /// Loss, metrics and optimizer as JSON, as HDF5 files have it (`training_config`); archives are
  /// read into and written from the same.
  public var trainingConfiguration: String?
  /// The state of Keras' optimizer in the file's order: the number of steps done, in Keras 3 the
  /// learning rate, and the slots. Empty if the file has none.
  public var optimizerWeights: [NamedTensor]

  public init(
    name: String = "sequential", inputShape: [Int?], layers: [KerasLayer],
    metadata: String? = nil, trainingConfiguration: String? = nil,
    optimizerWeights: [NamedTensor] = []
  ) {
    self.name = name
    self.inputShape = inputShape
    self.layers = layers
    self.metadata = metadata
    self.trainingConfiguration = trainingConfiguration
    self.optimizerWeights = optimizerWeights
  }

  /// The number of all parameters.
  public var parameterCount: Int { layers.reduce(0) { $0 + $1.parameterCount } }

  /// The shape of every layer's output, without the batch axis.
  ///
  /// - Throws: `KerasFormatError` of kind `invalidArgument` naming the first layer that does not
  ///   fit the one before it, or whose weights are not of the shapes it needs.
  public func outputShapes() throws -> [[Int?]] {
    try outputShapes(file: name, kind: .invalidArgument)
  }

  /// As ``outputShapes()``.
  ///
  /// - Parameters:
  ///   - file: What messages call the model.
  ///   - kind: Of the error that is thrown.
  package func outputShapes(file: String, kind: KerasFormatError.Kind) throws -> [[Int?]] {
    var shape = inputShape
    return try layers.map { layer in
      do {
        let expected = try layer.weightShapes(for: shape)
        let fits =
          expected.count == layer.weights.count
          && zip(expected, layer.weights).allSatisfy {
            $0.name == $1.name && $0.shape == $1.shape && $1.values.count == $0.shape.reduce(1, *)
          }
        guard fits else {
          throw KerasLayer.Misfit(
            expected: "weights "
              + expected.map { "\($0.name) \($0.shape)" }.joined(separator: ", "),
            found: layer.weights.isEmpty
              ? "none" : layer.weights.map { "\($0.name) \($0.shape)" }.joined(separator: ", "))
        }
        shape = try layer.outputShape(for: shape)
        return shape
      } catch let misfit as KerasLayer.Misfit {
        throw KerasFormatError(
          kind, file: file, object: "layer \(layer.name) (\(layer.kind.className))",
          expected: misfit.expected, found: misfit.found)
      }
    }
  }
}
