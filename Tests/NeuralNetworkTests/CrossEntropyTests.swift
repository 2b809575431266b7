import NeuralNetwork
import Testing

@Suite struct CrossEntropyTests {
  struct Fixture: Decodable {
    struct Case: Decodable {
      let outputs: Int
      let smoothing: Float
      let classWeights: [Float]?
      let labels: [Int]
      let logits: StoredTensor
      let loss: Double
      let gradient: [Float]
    }
    let cases: [Case]
  }

  @Test func lossAndGradientAreThoseOfKeras() throws {
    let fixture = try fixture("losses.json", as: Fixture.self)
    #expect(fixture.cases.count == 8)
    for item in fixture.cases {
      let loss = CrossEntropy(labelSmoothing: item.smoothing, classWeights: item.classWeights)
      let result = try loss(logits: item.logits.tensor, labels: item.labels)
      #expect(largestRelativeError([result.loss], [item.loss]) < 2e-6)
      #expect(largestRelativeError(result.gradient.values, item.gradient) < 2e-5)
    }
  }

  @Test func extremeLogitsHaveFiniteLosses() throws {
    let binary = try CrossEntropy()(
      logits: Tensor(shape: [2, 1], values: [1e4, -1e4]), labels: [0, 0])
    #expect(binary.loss == 5e3)
    #expect(binary.gradient.values == [0.5, 0])
    #expect(binary.correct == 1)
    let categorical = try CrossEntropy()(
      logits: Tensor(shape: [1, 3], values: [1e4, 0, -1e4]), labels: [2])
    #expect(categorical.loss == 2e4)
  }

  @Test func badLabelsAndShapesAreRefused() {
    let logits = Tensor(zeros: [2, 3])
    #expect(throws: NeuralNetworkError.label(row: 1, found: 3, classes: 3)) {
      try CrossEntropy()(logits: logits, labels: [0, 3])
    }
    #expect(throws: NeuralNetworkError.self) { try CrossEntropy()(logits: logits, labels: [0]) }
    #expect(throws: NeuralNetworkError.self) {
      try CrossEntropy(classWeights: [1, 2])(logits: logits, labels: [0, 1])
    }
  }
}
