import NeuralNetwork

extension KerasModel {
  /// Describes a network, weights included, for ``write(to:format:)``.
  ///
  /// - Throws: `KerasFormatError` of kind `invalidArgument` for a layer that Keras does not have.
  public init(
    _ network: Sequential, name: String = "sequential", metadata: String? = nil
  ) throws {
    self.init(
      name: name, inputShape: network.inputShape, layers: try network.layers.map(KerasLayer.init),
      metadata: metadata)
  }

  /// The network to compute with and to train on.
  ///
  /// - Parameters:
  ///   - inputShape: (height, width, channels); nil for that of the file.
  ///   - seed: Determines the random numbers of dropout.
  ///   - file: What messages call the file.
  /// - Throws: `KerasFormatError` for a layer that cannot be computed, or an input whose extents
  ///   neither the file nor the caller fixes.
  public func network(
    inputShape: [Int]? = nil, seed: UInt64 = 0, file: String = "the model"
  ) throws -> Sequential {
    let fixed = inputShape ?? self.inputShape.compactMap { $0 }
    guard fixed.count == self.inputShape.count,
      zip(fixed, self.inputShape).allSatisfy({ $0 > 0 && ($1 == nil || $0 == $1) })
    else {
      throw KerasFormatError(
        .unexpected, file: file, object: "input",
        expected: inputShape.map { "a shape that takes \($0)" } ?? "a shape of fixed extents",
        found: self.inputShape.map { $0.map(String.init) ?? "any" }.joined(separator: " × "))
    }
    var seeds = Generator(seed: seed)
    let layers = try layers.map { try $0.networkLayer(file: file, seed: seeds.next()) }
    do {
      let network = try Sequential(inputShape: fixed, layers: layers)
      try Self.checkSizes(of: network, file: file)
      return network
    } catch let error as NeuralNetworkError {
      throw KerasFormatError(
        .unexpected, file: file, expected: "layers that fit one another", found: "\(error)")
    }
  }

  /// Refuses a network with a layer that fills the memory.
  ///
  /// - Parameters:
  ///   - file: What messages call the file.
  ///   - batch: How many pictures go through it together; for more than one the limit is that of
  ///     four pictures in all.
  /// - Throws: `KerasFormatError` of kind `tooLarge` naming the layer.
  package static func checkSizes(of network: Sequential, file: String, batch: Int = 1) throws {
    for (layer, shape) in zip(network.layers, try network.outputShapes()) {
      let label = "layer \(layer.name) (\(layer.className))"
      try checkSize(of: shape, label, file)
      if batch > 4 { try checkSize(of: [batch / 4] + shape, label, file) }
    }
  }
}
