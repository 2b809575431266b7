import Kernels
import NeuralNetwork
import TestSupport
import Testing

/// The first steps of published networks at their full size, without dropout and augmentation,
/// against Keras from the same weights: `Scripts/fixtures/first_steps.py`.
@Suite struct FirstStepsTests {
  struct Expected: Decodable {
    let name: String
    let parameters: Int
    let losses: [Double]
  }

  struct Network {
    let side: Int
    let rows: Int
    let filters: [Int]
    var padding = Padding.valid
    let units: Int
    let optimizer: Optimizer
    var numbers: SeededNumbers
    private var pictures = 0

    init(
      seed: UInt64, side: Int, rows: Int, filters: [Int], padding: Padding = .valid, units: Int,
      _ optimizer: Optimizer
    ) {
      (self.side, self.rows, self.filters) = (side, rows, filters)
      (self.padding, self.units, self.optimizer) = (padding, units, optimizer)
      numbers = SeededNumbers(seed: seed)
    }

    /// Glorot-uniform kernels and biases of zeros.
    private mutating func weights(_ shape: [Int]) -> (kernel: Tensor, bias: Tensor) {
      let taps = shape.dropLast(2).reduce(1, *)
      let fans = taps * shape.suffix(2).reduce(0, +)
      let values = numbers.uniform(shape.reduce(1, *), bound: (6 / Float(fans)).squareRoot())
      return (Tensor(shape: shape, values: values), Tensor(zeros: [shape[shape.count - 1]]))
    }

    /// The network, with a logit for output.
    mutating func model() throws -> Sequential {
      var layers: [any Layer] = []
      var (channels, extent) = (3, side)
      for filters in filters {
        let (kernel, bias) = weights([3, 3, channels, filters])
        layers += [
          try Conv2D(kernel: kernel, bias: bias, padding: padding, activation: .relu),
          try MaxPooling2D(),
        ]
        (channels, extent) = (filters, (padding == .same ? extent : extent - 2) / 2)
      }
      layers.append(Flatten())
      var width = extent * extent * channels
      for (units, activation) in [(units, Activation.relu), (1, .linear)] {
        let (kernel, bias) = weights([width, units])
        layers.append(try Dense(kernel: kernel, bias: bias, activation: activation))
        width = units
      }
      return try Sequential(inputShape: [side, side, 3], layers: layers)
    }

    mutating func batch() -> (input: Tensor, labels: [Int]) {
      var (values, labels): ([Float], [Int]) = ([], [])
      values.reserveCapacity(rows * side * side * 3)
      for _ in 0..<rows {
        let label = Int(numbers.next() >> 63)
        labels.append(label)
        for y in 0..<side {
          for x in 0..<side {
            for channel in 0..<3 {
              let slopes = (5 + pictures % 3) * x + 3 * y + 40 * channel
              let level = (slopes + Int(numbers.next() >> 58)) % 256
              values.append(Float(Double(level) / Double(255 * (1 + label))))
            }
          }
        }
        pictures += 1
      }
      return (Tensor(shape: [rows, side, side, 3], values: values), labels)
    }
  }

  static let networks = [
    "small-convnet": Network(
      seed: 1, side: 150, rows: 16, filters: [32, 32, 64], units: 64,
      Optimizer(.rmsprop(epsilon: 1e-7))),
    "dsouza-a": Network(
      seed: 2, side: 150, rows: 16, filters: [16, 32, 64], padding: .same, units: 512,
      Optimizer(.adam())),
    "moazeni": Network(
      seed: 3, side: 64, rows: 32, filters: [32, 32], units: 128, Optimizer(.adam())),
    "vgg19-comparison-1": Network(
      seed: 4, side: 150, rows: 20, filters: [32, 64, 128, 128], units: 512,
      Optimizer(.rmsprop(), learningRate: 1e-4)),
  ]

  @Test("Five losses are those of Keras", arguments: networks.keys.sorted())
  func losses(name: String) throws {
    let all = try fixture("first-steps.json", as: [Expected].self)
    #expect(all.count == Self.networks.count)
    let expected = try #require(all.first { $0.name == name })
    var network = try #require(Self.networks[name])
    var (model, optimizer) = (try network.model(), network.optimizer)
    #expect(
      model.weights.reduce(0) { $0 + $1.reduce(0) { $0 + $1.values.count } } == expected.parameters)
    for (step, loss) in expected.losses.enumerated() {
      let (input, labels) = network.batch()
      let result = try CrossEntropy()(
        logits: try model.forward(input, pool: pool), labels: labels)
      #expect(abs(result.loss - loss) < 1e-4, "step \(step): \(result.loss), Keras \(loss)")
      try model.backward(result.gradient, pool: pool)
      try optimizer.step(&model, pool: pool)
    }
  }
}
