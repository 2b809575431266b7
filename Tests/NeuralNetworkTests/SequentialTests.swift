import Kernels
import NeuralNetwork
import Testing

@Suite struct SequentialTests {
  static func head() throws -> Sequential {
    var generator = Generator(seed: 0)
    return try Sequential(
      inputShape: [4, 4, 512],
      layers: [
        Flatten(), Dense(inputs: 8192, units: 256, activation: .relu, generator: &generator),
        Dropout(0.5, seed: 1),
        Dense(inputs: 256, units: 1, activation: .sigmoid, generator: &generator),
      ])
  }

  @Test func namesShapesAndCountsAreThoseOfKeras() throws {
    let model = try Self.head()
    #expect(model.layers.map(\.name) == ["flatten", "dense", "dropout", "dense_1"])
    #expect(try model.outputShapes() == [[8192], [256], [256], [1]])
    #expect(model.parameterCount == 2_097_665)
    let pooled = try Sequential(
      inputShape: [2, 2, 3],
      layers: [
        GlobalAveragePooling2D(), UnitNormalization(), UnitNormalization(name: "unit"),
        ActivationLayer(.softsign),
      ])
    #expect(
      pooled.layers.map(\.name) == [
        "global_average_pooling2d", "unit_normalization", "unit", "activation",
      ])
  }

  @Test func twoLayersOfOneNameAreRefused() throws {
    let expected = NeuralNetworkError.setting(
      name: "layer name", expected: "one that no other layer has", found: "unit")
    #expect(throws: expected) {
      try Sequential(
        inputShape: [3],
        layers: [UnitNormalization(name: "unit"), Flatten(), UnitNormalization(name: "unit")])
    }
  }

  @Test func theOutputsActivationComesOffAndOn() throws {
    var model = try Self.head()
    var generator = Generator(seed: 4)
    let input = randomTensor([3, 4, 4, 512], &generator)
    let probabilities = try model(input, pool: pool)
    #expect(model.outputActivation == .sigmoid)
    model.outputActivation = .linear
    var logits = try model(input, pool: pool)
    #expect(logits != probabilities)
    Activation.sigmoid.apply(to: &logits, pool: pool)
    #expect(logits == probabilities)
  }

  @Test func predictionOfASourceIsThatOfABatch() throws {
    let source = try clouds(rows: 21, shape: [2, 2, 8], classes: 2, spread: 1, seed: 1)
    var generator = Generator(seed: 0)
    let model = try Sequential(
      inputShape: [2, 2, 8],
      layers: [
        GlobalMaxPooling2D(),
        Dense(inputs: 8, units: 3, activation: .softmax, generator: &generator),
      ])
    let whole = try model(Tensor(shape: [21, 2, 2, 8], values: source.features), pool: pool)
    let batches = try model.predict(source, batchSize: 4, pool: pool)
    #expect(batches.shape == [21, 3])
    #expect(largestRelativeError(batches.values, whole.values) < 1e-6)
  }

  @Test func wrongShapesAreRefused() throws {
    var generator = Generator(seed: 0)
    #expect(throws: NeuralNetworkError.self) {
      try Sequential(
        inputShape: [3], layers: [Dense(inputs: 4, units: 1, generator: &generator)])
    }
    let model = try Self.head()
    #expect(throws: NeuralNetworkError.self) { try model(Tensor(zeros: [2, 8192]), pool: pool) }
    let source = try MemoryFeatures(features: [1, 2], shape: [2], labels: [0])
    #expect(throws: NeuralNetworkError.self) { try model.predict(source, pool: pool) }
    #expect(throws: NeuralNetworkError.self) {
      try MemoryFeatures(features: [1, 2, 3], shape: [2], labels: [0])
    }
  }
}
