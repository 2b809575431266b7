import Kernels
import NeuralNetwork
import Testing

/// Layers on pictures, against what Keras computes.
@Suite struct PictureLayerTests {
  struct Fixture: Decodable {
    struct Case: Decodable {
      let name: String
      let weights: [StoredTensor]
      let input: StoredTensor
      let output: StoredTensor
      let weighting: StoredTensor
      let inputGradient: StoredTensor
      let gradients: [StoredTensor]
      let after: [StoredTensor]
    }
    let cases: [Case]
  }

  static func layer(_ item: Fixture.Case) throws -> any Layer {
    let weights = item.weights.map(\.tensor)
    func convolution(
      _ strides: Extent2D = 1, _ padding: Padding = .valid, _ activation: Activation = .linear
    ) throws -> Conv2D {
      try Conv2D(
        kernel: weights[0], bias: weights.count > 1 ? weights[1] : nil, strides: strides,
        padding: padding, activation: activation)
    }
    func normalization(momentum: Double = 0.99, epsilon: Float = 1e-3) throws -> BatchNormalization
    {
      var layer = try BatchNormalization(
        gamma: weights[0].values, beta: weights[1].values, movingMean: weights[2].values,
        movingVariance: weights[3].values, momentum: momentum, epsilon: epsilon)
      layer.setTrainable(true)
      layer.usesBatchStatistics = item.name != "batch-frozen"
      return layer
    }
    switch item.name {
    case "conv-valid": return try convolution(1, .valid, .relu)
    case "conv-same": return try convolution(1, .same, .tanh)
    case "conv-strides": return try convolution(2, .same)
    case "conv-wide":
      return try convolution(Extent2D(height: 2, width: 3), .valid, .leakyReLU)
    case "conv-pointwise": return try convolution(1, .valid, .elu)
    case "max": return try MaxPooling2D()
    case "max-same": return try MaxPooling2D(size: 3, strides: 2, padding: .same)
    case "average": return try AveragePooling2D()
    case "average-same":
      return try AveragePooling2D(
        size: Extent2D(height: 2, width: 3), strides: 2, padding: .same)
    case "padding": return try ZeroPadding2D(top: 1, bottom: 2, left: 0, right: 3)
    case "leaky": return try LeakyReLU()
    case "elu": return try ELU(alpha: 0.7)
    case "rescaling": return try Rescaling(scale: [1, 0.5, 2], offset: [-1, 0.25, 0])
    case "normalization": return try Normalization(mean: [0.5, -1], variance: [4, 0.25])
    case "batch-training", "batch-frozen": return try normalization()
    case "batch-options": return try normalization(momentum: 0.9, epsilon: 1e-5)
    default: throw NeuralNetworkError.setting(name: "case", expected: "known", found: item.name)
    }
  }

  @Test func outputsAndGradientsAreThoseOfKeras() throws {
    let fixture = try fixture("picture-layers.json", as: Fixture.self)
    #expect(fixture.cases.count == 17)
    for item in fixture.cases {
      var layer = try Self.layer(item)
      let output = try layer.forward(item.input.tensor, pool: pool)
      #expect(output.shape == item.output.shape, "\(item.name)")
      #expect(
        largestRelativeError(output.values, item.output.values, floor: 1e-1) < 1e-5, "\(item.name)")
      let gradient = try #require(
        try layer.backward(item.weighting.tensor, needsInputGradient: true, pool: pool))
      #expect(gradient.shape == item.inputGradient.shape)
      #expect(
        largestRelativeError(gradient.values, item.inputGradient.values, floor: 1e-1) < 2e-5,
        "\(item.name)")
      let trained = layer.parameters.filter(\.isTrainable)
      #expect(trained.count == item.gradients.count, "\(item.name)")
      for (parameter, expected) in zip(trained, item.gradients) {
        #expect(
          largestRelativeError(parameter.gradient, expected.values, floor: 1e-1) < 2e-5,
          "\(item.name) \(parameter.name)")
      }
      for (parameter, expected) in zip(layer.parameters, item.after) {
        #expect(
          largestRelativeError(parameter.value.values, expected.values) < 2e-6,
          "\(item.name) \(parameter.name)")
      }
      #expect(
        try layer.outputShape(Array(item.input.shape.dropFirst()))
          == Array(item.output.shape.dropFirst()))
    }
  }

  /// What is frozen gets no gradient, and what lies below the lowest trainable layer keeps nothing.
  @Test func frozenConvolutionsPassGradientsOn() throws {
    var generator = Generator(seed: 1)
    var layer = try Conv2D(
      inputChannels: 2, filters: 3, kernelSize: 3, padding: .same, activation: .relu,
      generator: &generator)
    var frozen = layer
    frozen.setTrainable(false)
    let input = randomTensor([2, 4, 5, 2], &generator)
    let weights = randomTensor([2, 4, 5, 3], &generator)
    #expect(try layer.forward(input, pool: pool) == frozen.forward(input, pool: pool))
    let expected = try layer.backward(weights, needsInputGradient: true, pool: pool)
    #expect(try frozen.backward(weights, needsInputGradient: true, pool: pool) == expected)
    #expect(frozen.parameters.allSatisfy { $0.gradient.isEmpty })
    #expect(layer.parameters.allSatisfy { $0.gradient.count == $0.value.values.count })
    _ = try layer.forward(input, pool: pool)
    #expect(try layer.backward(weights, needsInputGradient: false, pool: pool) == nil)
    #expect(throws: NeuralNetworkError.backwardBeforeForward(layer: "Conv2D")) {
      layer.forget()
      _ = try layer.backward(weights, needsInputGradient: true, pool: pool)
    }
  }

  /// A layer that keeps its output shares it with the next one, which may keep it as its input or
  /// compute in its place: the gradients of both must be those of layers that share nothing.
  @Test func layersThatShareATensorDoNotDisturbEachOther() throws {
    var generator = Generator(seed: 2)
    let layers: [any Layer] = [
      try Conv2D(
        inputChannels: 2, filters: 2, kernelSize: 1, activation: .tanh, generator: &generator),
      ActivationLayer(.sigmoid), try LeakyReLU(), try ELU(),
      try Conv2D(inputChannels: 2, filters: 2, kernelSize: 1, generator: &generator),
      ActivationLayer(.tanh),
    ]
    func copy(_ tensor: Tensor) -> Tensor {
      Tensor(shape: tensor.shape, values: tensor.values.map { $0 })
    }
    let input = randomTensor([1, 3, 3, 2], &generator)
    let weighting = randomTensor([1, 3, 3, 2], &generator)
    func gradients(sharing: Bool) throws -> [[Float]] {
      var (layers, tensor) = (layers, input)
      for index in layers.indices {
        tensor = try layers[index].forward(sharing ? tensor : copy(tensor), pool: pool)
        if !sharing { tensor = copy(tensor) }
      }
      var gradient = weighting
      for index in layers.indices.reversed() {
        gradient = try #require(
          try layers[index].backward(
            sharing ? gradient : copy(gradient), needsInputGradient: true, pool: pool))
      }
      return [gradient.values] + layers.flatMap { $0.parameters.map(\.gradient) }
    }
    #expect(try gradients(sharing: true) == gradients(sharing: false))
  }

  /// 1 − momentum is rounded once, as Keras does: 0.01, not 0.0099999905.
  @Test func movingStatisticsAreThoseOfKerasToTheLastBit() throws {
    var layer = BatchNormalization(channels: 1)
    _ = try layer.forward(Tensor(shape: [2, 1], values: [0, 2]), pool: pool)
    #expect(layer.movingMean.value.values == [0.01])
    #expect(layer.movingVariance.value.values == [Float(0.99) + Float(0.01)])
  }

  @Test func layersRefuseWhatTheyCannotTake() throws {
    var generator = Generator(seed: 1)
    let convolution = try Conv2D(
      inputChannels: 3, filters: 2, kernelSize: 5, generator: &generator)
    for shape in [[5, 5, 2], [4, 9, 3], [9, 4, 3], [5, 5], []] {
      #expect(throws: NeuralNetworkError.self) { try convolution.outputShape(shape) }
    }
    #expect(try convolution.outputShape([5, 6, 3]) == [1, 2, 2])
    #expect(throws: NeuralNetworkError.self) {
      try Conv2D(kernel: Tensor(zeros: [3, 3, 2]), bias: nil)
    }
    #expect(throws: NeuralNetworkError.self) {
      try Conv2D(kernel: Tensor(zeros: [3, 3, 2, 4]), bias: Tensor(zeros: [3]))
    }
    #expect(throws: NeuralNetworkError.self) {
      try Conv2D(kernel: Tensor(zeros: [3, 3, 2, 4]), bias: nil, strides: 0)
    }
    #expect(throws: NeuralNetworkError.self) { try MaxPooling2D(size: 0) }
    #expect(throws: NeuralNetworkError.self) { try AveragePooling2D(size: 2, strides: 0) }
    #expect(throws: NeuralNetworkError.self) { try MaxPooling2D().outputShape([1, 4, 3]) }
    #expect(throws: NeuralNetworkError.self) { try ZeroPadding2D(-1) }
    #expect(throws: NeuralNetworkError.self) { try Rescaling(scale: [1, 2], offset: [1, 2, 3]) }
    #expect(throws: NeuralNetworkError.self) { try Rescaling(scale: [], offset: [1]) }
    #expect(throws: NeuralNetworkError.self) {
      try Rescaling(scale: [1, 2], offset: [0]).outputShape([4, 4, 3])
    }
    #expect(throws: NeuralNetworkError.self) { try Normalization(mean: [1], variance: [-1]) }
    #expect(throws: NeuralNetworkError.self) { try LeakyReLU(negativeSlope: -1) }
  }

  @Test func defaultsAreThoseOfKeras() throws {
    #expect(try LeakyReLU().negativeSlope == 0.3)
    #expect(try ELU().alpha == 1)
    let pool = try MaxPooling2D(size: 3)
    #expect(pool.strides == 3 && pool.padding == .valid)
    let normalization = BatchNormalization(channels: 2)
    #expect(normalization.momentum == 0.99 && normalization.epsilon == 1e-3)
    #expect(normalization.usesBatchStatistics && normalization.isTrainable)
    #expect(normalization.movingVariance.value.values == [1, 1])
    var generator = Generator(seed: 4)
    let layer = try Conv2D(inputChannels: 3, filters: 5, kernelSize: 3, generator: &generator)
    // Glorot: ±√(6 / (9·3 + 9·5)).
    let limit = Float((6.0 / 72).squareRoot())
    let largest = layer.kernel.value.values.reduce(0) { max($0, abs($1)) }
    #expect(largest <= limit && largest > 0.9 * limit)
    #expect(layer.bias?.value.values == [0, 0, 0, 0, 0])
  }
}
