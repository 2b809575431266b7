import Kernels
import NeuralNetwork
import Testing

/// The first steps of training of small versions of published networks, against Keras.
@Suite struct ConvnetTests {
  struct Fixture: Decodable {
    struct Run: Decodable {
      let rule: String
      let losses: [Double]
      let weights: [[Float]]
    }
    struct Network: Decodable {
      let name: String
      let start: [StoredTensor]
      let runs: [Run]
    }
    let shape: [Int]
    let pictures: [[Int]]
    let labels: [[Int]]
    let networks: [Network]
  }

  static let optimizers: [String: Optimizer] = [
    "sgd": Optimizer(.sgd(momentum: 0.9), learningRate: 1e-2),
    "rmsprop": Optimizer(.rmsprop()),
    "adam": Optimizer(.adam()),
    "adamw": Optimizer(.adamW()),
    "adagrad": Optimizer(.adagrad(), learningRate: 1e-2),
    "sgd-clipped": Optimizer(
      .sgd(momentum: 0.9, nesterov: true), learningRate: 1e-2, weightDecay: WeightDecay(0.1),
      clipping: .globalNorm(0.5)),
    "sgd-clipped-each": Optimizer(.sgd(), learningRate: 1e-2, clipping: .norm(0.1)),
    "sgd-clipped-values": Optimizer(.sgd(), learningRate: 1e-2, clipping: .value(0.01)),
  ]

  /// The layers of a network, with logits for outputs.
  static func layers(_ name: String, _ start: [Tensor]) throws -> [any Layer] {
    var weights = start[...]
    func convolution(_ padding: Padding = .valid) throws -> [any Layer] {
      try [
        Conv2D(
          kernel: weights.removeFirst(), bias: weights.removeFirst(), padding: padding,
          activation: .relu),
        MaxPooling2D(),
      ]
    }
    func dense(_ activation: Activation = .linear) throws -> any Layer {
      try Dense(
        kernel: weights.removeFirst(), bias: weights.removeFirst(), activation: activation)
    }
    switch name {
    case "small-convnet":
      return try convolution() + convolution(.same) + convolution()
        + [Flatten(), dense(.relu), dense()]
    case "dsouza":
      return try convolution(.same) + convolution(.same) + convolution(.same)
        + [Flatten(), dense(.relu), dense()]
    case "moazeni":
      return try convolution() + convolution() + [Flatten(), dense(.relu), dense()]
    default:
      let kernel = weights.removeFirst()
      let statistics = (0..<4).map { _ in weights.removeFirst().values }
      var normalization = try BatchNormalization(
        gamma: statistics[0], beta: statistics[1], movingMean: statistics[2],
        movingVariance: statistics[3])
      normalization.setTrainable(true)
      return try [
        ZeroPadding2D(), Conv2D(kernel: kernel, bias: nil, strides: 2), normalization,
        ActivationLayer(.elu), AveragePooling2D(),
        Conv2D(kernel: weights.removeFirst(), bias: weights.removeFirst(), padding: .same),
        LeakyReLU(), GlobalAveragePooling2D(), dense(),
      ]
    }
  }

  @Test(arguments: ["small-convnet", "dsouza", "moazeni", "normalized"])
  func stepsAreThoseOfKeras(name: String) throws {
    let fixture = try fixture("convnets.json", as: Fixture.self)
    let network = try #require(fixture.networks.first { $0.name == name })
    #expect(Set(network.runs.map(\.rule)) == Set(Self.optimizers.keys))
    for run in network.runs {
      var optimizer = try #require(Self.optimizers[run.rule])
      var model = try Sequential(
        inputShape: fixture.shape, layers: Self.layers(name, network.start.map(\.tensor)))
      let outputs = try model.outputShape()[0]
      for (step, expected) in run.losses.enumerated() {
        let labels = fixture.labels[step].map { outputs == 1 ? min($0, 1) : $0 }
        let input = Tensor(
          shape: [labels.count] + fixture.shape,
          values: fixture.pictures[step].map { Float(Double($0) / 255) })
        let result = try CrossEntropy()(
          logits: try model.forward(input, pool: pool), labels: labels)
        #expect(abs(result.loss - expected) < 1e-4 * max(expected, 1), "\(run.rule), step \(step)")
        try model.backward(result.gradient, pool: pool)
        try optimizer.step(&model, pool: pool)
        guard step == 0 else { continue }
        // Adam divides gradients by their own size, so those near ε lose digits.
        let tolerance = run.rule.hasPrefix("adam") ? 3e-5 : 1e-5
        let weights = model.weights.flatMap { $0.map(\.values) }
        #expect(weights.count == run.weights.count)
        for (number, (found, expected)) in zip(weights, run.weights).enumerated() {
          #expect(
            largestRelativeError(found, expected, floor: 1e-2) < tolerance,
            "\(run.rule), weight \(number)")
        }
      }
    }
  }
}
