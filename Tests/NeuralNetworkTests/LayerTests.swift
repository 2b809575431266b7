import Kernels
import NeuralNetwork
import Testing

@Suite struct LayerTests {
  struct Fixture: Decodable {
    struct Case: Decodable {
      let name: String
      let input: StoredTensor
      let output: StoredTensor
    }
    let cases: [Case]
    let batchNormalization: [[Float]]
    let epsilon: Float
  }

  static func layers(_ fixture: Fixture) throws -> [String: any Layer] {
    let statistics = fixture.batchNormalization
    var layers: [String: any Layer] = [
      "unit": UnitNormalization(), "unit-maps": UnitNormalization(),
      "rescaling": Rescaling(scale: 0.25, offset: -1.5), "average": GlobalAveragePooling2D(),
      "max": GlobalMaxPooling2D(), "flatten": Flatten(),
      "batch-normalization": try BatchNormalization(
        gamma: statistics[0], beta: statistics[1], movingMean: statistics[2],
        movingVariance: statistics[3]),
    ]
    // The leaky one is in the fixture of PictureLayerTests.
    for activation in Activation.allCases where activation != .leakyReLU {
      layers[activation.rawValue] = ActivationLayer(activation)
    }
    return layers
  }

  @Test func outputsAreThoseOfKeras() throws {
    let fixture = try fixture("layers.json", as: Fixture.self)
    let layers = try Self.layers(fixture)
    #expect(Set(fixture.cases.map(\.name)) == Set(layers.keys))
    #expect(fixture.epsilon == 1e-3)
    for item in fixture.cases {
      var layer = try #require(layers[item.name])
      let input = item.input.tensor
      let output = try layer(input, pool: pool)
      #expect(output.shape == item.output.shape, "\(item.name)")
      #expect(
        largestRelativeError(output.values, item.output.values) < 2e-6, "\(item.name)")
      #expect(try [input.batch] + layer.outputShape(Array(input.shape.dropFirst())) == output.shape)
      // Training's pass gives the same, none of these layers being different in training.
      #expect(try layer.forward(input, pool: pool) == output, "\(item.name)")
    }
  }

  @Test func activationsStayFiniteAtTheEnds() throws {
    let input = Tensor(shape: [2, 3], values: [-1e30, 0, 1e30, 500, -500, 1e4])
    for activation in Activation.allCases where activation != .linear && activation != .relu {
      var output = input
      activation.apply(to: &output, pool: pool)
      #expect(output.values.allSatisfy { $0.isFinite }, "\(activation)")
    }
    var output = Tensor(shape: [1, 1], values: [.nan])
    Activation.relu.apply(to: &output, pool: pool)
    #expect(output.values[0].isNaN, "relu must not hide that a value is not a number")
  }

  /// A maximum is not a number if one of its values is not, wherever that is, and its gradient
  /// goes there.
  @Test func globalMaxPoolingShowsWhatIsNotANumber() throws {
    for place in 0..<4 {
      var values: [Float] = [1, 3, 2, 3]
      values[place] = .nan
      var layer = GlobalMaxPooling2D()
      let output = try layer.forward(Tensor(shape: [1, 2, 2, 1], values: values), pool: pool)
      #expect(output.values[0].isNaN, "place \(place)")
      let gradient = try layer.backward(
        Tensor(shape: [1, 1], values: [5]), needsInputGradient: true, pool: pool)
      #expect(gradient?.values == (0..<4).map { $0 == place ? 5 : 0 })
    }
  }

  @Test func denseMultipliesAddsAndActivates() throws {
    let layer = try Dense(
      kernel: Tensor(shape: [2, 3], values: [1, 2, 3, 4, 5, 6]),
      bias: Tensor(shape: [3], values: [-10, 0, 10]), activation: .relu)
    let output = try layer(Tensor(shape: [2, 2], values: [1, 1, -1, 2]), pool: pool)
    #expect(output == Tensor(shape: [2, 3], values: [0, 7, 19, 0, 8, 19]))
  }

  @Test func dropoutZeroesTheRateAndKeepsTheMean() throws {
    var layer = try Dropout(0.3, seed: 4)
    let input = Tensor(shape: [100, 200], values: [Float](repeating: 2, count: 20_000))
    #expect(layer(input, pool: pool) == input)
    let first = layer.forward(input, pool: pool)
    let zeros = first.values.count { $0 == 0 }
    // 6000 ± 5 standard deviations of 65.
    #expect((5675...6325).contains(zeros))
    #expect(first.values.allSatisfy { $0 == 0 || $0 == 2 / 0.7 })
    let gradient = try #require(
      try layer.backward(input, needsInputGradient: true, pool: pool))
    #expect(gradient == first)
    #expect(layer.forward(input, pool: pool) != first)
    var again = try Dropout(0.3, seed: 4)
    #expect(again.forward(input, pool: pool) == first)
    #expect(throws: NeuralNetworkError.self) { try Dropout(1, seed: 0) }
  }

  @Test func layersRefuseShapesTheyCannotTake() throws {
    var generator = Generator(seed: 1)
    let dense = Dense(inputs: 4, units: 2, generator: &generator)
    #expect(throws: NeuralNetworkError.self) { try dense(Tensor(zeros: [3, 5]), pool: pool) }
    #expect(throws: NeuralNetworkError.self) { try dense.outputShape([]) }
    #expect(throws: NeuralNetworkError.self) { try GlobalAveragePooling2D().outputShape([4]) }
    #expect(throws: NeuralNetworkError.self) { try GlobalMaxPooling2D().outputShape([0, 2, 4]) }
    #expect(throws: NeuralNetworkError.self) {
      try Dense(kernel: Tensor(zeros: [2, 3]), bias: Tensor(zeros: [2]))
    }
    #expect(throws: NeuralNetworkError.self) {
      try BatchNormalization(gamma: [1], beta: [1, 2], movingMean: [0], movingVariance: [1])
    }
  }

  @Test func backwardNeedsForward() throws {
    var generator = Generator(seed: 1)
    var layer = Dense(inputs: 2, units: 2, generator: &generator)
    #expect(throws: NeuralNetworkError.backwardBeforeForward(layer: "Dense")) {
      try layer.backward(Tensor(zeros: [1, 2]), needsInputGradient: true, pool: pool)
    }
  }
}
