import Kernels
import NeuralNetwork
import Testing

@Suite struct OptimizerTests {
  struct Fixture: Decodable {
    struct Case: Decodable {
      let rule: String
      let outputs: Int
      let inputs: Int
      let hidden: Int
      let start: [[Float]]
      let x: [[Float]]
      let labels: [[Int]]
      let after: [[[Float]]]
    }
    let cases: [Case]
  }

  static let optimizers: [String: Optimizer] = [
    "sgd": Optimizer(.sgd()),
    "sgd-momentum": Optimizer(.sgd(momentum: 0.9), learningRate: 1e-2),
    "sgd-nesterov": Optimizer(.sgd(momentum: 0.9, nesterov: true), learningRate: 1e-2),
    "rmsprop": Optimizer(.rmsprop()),
    "rmsprop-momentum": Optimizer(.rmsprop(rho: 0.8, momentum: 0.5), learningRate: 1e-4),
    "adam": Optimizer(.adam()),
  ]

  @Test func stepsAreThoseOfKeras() throws {
    let fixture = try fixture("optimizers.json", as: Fixture.self)
    #expect(fixture.cases.count == 12)
    for item in fixture.cases {
      var optimizer = try #require(Self.optimizers[item.rule])
      func dense(_ first: Int, _ inputs: Int, _ units: Int, _ activation: Activation) throws
        -> Dense
      {
        try Dense(
          kernel: Tensor(shape: [inputs, units], values: item.start[first]),
          bias: Tensor(shape: [units], values: item.start[first + 1]), activation: activation)
      }
      var model = try Sequential(
        inputShape: [item.inputs],
        layers: [
          dense(0, item.inputs, item.hidden, .relu),
          dense(2, item.hidden, item.outputs, .linear),
        ])
      for step in item.x.indices {
        let rows = item.labels[step].count
        let logits = try model.forward(
          Tensor(shape: [rows, item.inputs], values: item.x[step]), pool: pool)
        let result = try CrossEntropy()(logits: logits, labels: item.labels[step])
        try model.backward(result.gradient, pool: pool)
        try optimizer.step(&model, pool: pool)
        let weights = model.layers.flatMap { $0.parameters.map(\.value.values) }
        for (found, expected) in zip(weights, item.after[step]) {
          #expect(
            largestRelativeError(found, expected, floor: 1e-2) < 1e-5,
            "\(item.rule), \(item.outputs) outputs, step \(step + 1)")
        }
      }
      #expect(optimizer.iterations == 3)
    }
  }

  @Test func frozenParametersStayAsTheyAre() throws {
    var generator = Generator(seed: 2)
    var model = try Sequential(
      inputShape: [4],
      layers: [
        Dense(inputs: 4, units: 3, activation: .relu, generator: &generator),
        Dense(inputs: 3, units: 2, generator: &generator),
      ])
    model.layers[0].setTrainable(false)
    let before = model
    var optimizer = Optimizer(.adam())
    let logits = try model.forward(randomTensor([6, 4], &generator), pool: pool)
    let result = try CrossEntropy()(logits: logits, labels: [0, 1, 0, 1, 1, 0])
    try model.backward(result.gradient, pool: pool)
    try optimizer.step(&model, pool: pool)
    #expect(model.layers[0].parameters.map(\.value) == before.layers[0].parameters.map(\.value))
    #expect(model.layers[0].parameters.allSatisfy { $0.gradient.isEmpty })
    #expect(model.layers[1].parameters[0].value != before.layers[1].parameters[0].value)
    #expect(optimizer.slots.count == 2, "slots for trainable parameters only")
  }

  @Test func aRestoredOptimizerGoesOnWithTheSameBits() throws {
    var generator = Generator(seed: 2)
    var model = try Sequential(
      inputShape: [4], layers: [Dense(inputs: 4, units: 2, generator: &generator)])
    let (x, labels) = (randomTensor([6, 4], &generator), [0, 1, 0, 1, 1, 0])
    func step(_ model: inout Sequential, _ optimizer: inout Optimizer) throws {
      let result = try CrossEntropy()(
        logits: try model.forward(x, pool: pool), labels: labels)
      try model.backward(result.gradient, pool: pool)
      try optimizer.step(&model, pool: pool)
    }
    var optimizer = Optimizer(.adam())
    try step(&model, &optimizer)
    var (copy, restored) = (
      model,
      Optimizer(.adam(), iterations: optimizer.iterations, slots: optimizer.slots)
    )
    try step(&model, &optimizer)
    try step(&copy, &restored)
    #expect(copy.layers[0].parameters[0].value == model.layers[0].parameters[0].value)
    #expect(restored == optimizer)

    let slots = optimizer.slots
    for foreign in [[[[1], [2]]], Array(slots.dropLast()), slots + [slots[0]]] {
      var optimizer = Optimizer(.adam(), iterations: 1, slots: foreign)
      let before = copy.weights
      #expect(throws: NeuralNetworkError.self) { try step(&copy, &optimizer) }
      #expect(copy.weights == before, "nothing is changed")
    }
  }

  @Test func aStepWithoutGradientsIsRefused() throws {
    var generator = Generator(seed: 2)
    var model = try Sequential(
      inputShape: [4], layers: [Dense(inputs: 4, units: 2, generator: &generator)])
    var optimizer = Optimizer(.sgd())
    #expect(throws: NeuralNetworkError.self) { try optimizer.step(&model, pool: pool) }
  }

  @Test func defaultsAreThoseOfKeras() {
    #expect(Optimizer(.sgd()).learningRate == 0.01)
    #expect(Optimizer(.rmsprop()).learningRate == 0.001)
    #expect(Optimizer(.adam()).learningRate == 0.001)
    #expect(Optimizer.Rule.rmsprop() == .rmsprop(rho: 0.9, momentum: 0, epsilon: 1e-7))
    #expect(Optimizer.Rule.adam() == .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-7))
    #expect(Optimizer.Rule.sgd() == .sgd(momentum: 0, nesterov: false))
  }
}
