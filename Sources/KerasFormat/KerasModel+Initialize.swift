import NeuralNetwork

extension KerasModel {
  /// Parameters that a network made here may have: as many floats take four gibibytes.
  private static let parameterLimit = 1 << 30

  /// Gives every layer fresh weights, as Keras does by default: kernels Glorot-uniform, γ and
  /// moving variances one, all others zero.
  ///
  /// - Parameter file: What messages call the model.
  /// - Throws: `KerasFormatError` naming the first layer that does not fit the one before it, or
  ///   of kind `tooLarge`.
  package mutating func initializeWeights(seed: UInt64, file: String) throws {
    var generator = Generator.derived(seed: seed, purpose: 1)
    for (index, shapes) in try weightShapes(file: file).enumerated() {
      layers[index].weights = shapes.map { name, shape in
        Self.fresh(name, shape: shape, count: shape.reduce(1, *), by: &generator)
      }
    }
  }

  /// The weights that each layer needs, behind the one before it.
  ///
  /// - Throws: as ``initializeWeights(seed:file:)``.
  package func weightShapes(file: String) throws -> [[(name: String, shape: [Int])]] {
    var shape = inputShape
    var left = Self.parameterLimit
    return try layers.map { layer in
      let label = "layer \(layer.name) (\(layer.kind.className))"
      do {
        let weights = try layer.weightShapes(for: shape)
        for (name, shape) in weights {
          guard let count = Self.count(shape, limit: left) else {
            throw KerasFormatError(
              .tooLarge, file: file, object: label,
              expected: "a network of at most \(Self.parameterLimit) parameters",
              found: "\(name) of shape \(shape)")
          }
          left -= count
        }
        shape = try layer.outputShape(for: shape)
        try Self.checkSize(of: shape, label, file)
        return weights
      } catch let misfit as KerasLayer.Misfit {
        throw KerasFormatError(
          .unexpected, file: file, object: label, expected: misfit.expected, found: misfit.found)
      }
    }
  }

  /// The most numbers that a layer may give for one picture: as floats one gibibyte. VGG19's widest
  /// layer takes as many for pictures of 2048 × 2048.
  private static let outputLimit = 1 << 28

  /// Refuses a layer that fills the memory: a few bytes of a file can describe it.
  ///
  /// - Parameters:
  ///   - shape: Of its output; one whose extents are not fixed is not refused.
  ///   - layer: What messages call it.
  static func checkSize(of shape: [Int?], _ layer: String, _ file: String) throws {
    let fixed = shape.compactMap { $0 }
    guard fixed.count == shape.count, count(fixed, limit: outputLimit) == nil else { return }
    throw KerasFormatError(
      .tooLarge, file: file, object: layer, expected: "an output of at most \(outputLimit) numbers",
      found: "one of shape \(fixed)")
  }

  /// The product of extents; nil if it exceeds a limit.
  private static func count(_ shape: [Int], limit: Int) -> Int? {
    var count = 1
    for extent in shape {
      let (product, overflows) = count.multipliedReportingOverflow(by: extent)
      guard !overflows, product <= limit else { return nil }
      count = product
    }
    return count
  }

  private static func fresh(
    _ name: String, shape: [Int], count: Int, by generator: inout Generator
  ) -> NamedTensor {
    guard name == "kernel", shape.count >= 2 else {
      let value: Float = name == "gamma" || name == "moving_variance" ? 1 : 0
      return NamedTensor(
        name: name, shape: shape, values: [Float](repeating: value, count: count))
    }
    let taps = shape.dropLast(2).reduce(1, *)
    let kernel = generator.glorotUniform(
      shape: shape, inputs: taps * shape[shape.count - 2], outputs: taps * shape[shape.count - 1])
    return NamedTensor(name: name, shape: shape, values: kernel.values)
  }
}
