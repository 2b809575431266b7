import Foundation
import KerasFormat
import Kernels
import NeuralNetwork
import Testing

/// Models that Keras was training when it saved them.
@Suite("Models in the midst of training") struct TrainingFileTests {
  static let files = [
    "keras3_adam.h5", "keras3_adam.keras", "keras3_rmsprop.h5", "keras3_adamw.h5",
    "keras3_bare.h5", "keras2_adam.h5", "keras2_adam.keras", "keras2_sgd.h5",
  ]

  let pool = ThreadPool(threads: 2)

  struct Golden {
    let file: HDF5File
    init() throws { file = try HDF5File(opening: Fixture.path("training/golden.h5")) }

    func batch(_ step: Int) throws -> (pictures: Tensor, labels: [Int]) {
      let pictures = try file.root.dataset("pictures")
      let shape = Array(pictures.shape.dropFirst())
      let labels = try file.root.dataset("labels").read(Int32.self, rows: step..<step + 1)
      return (
        Tensor(shape: shape, values: try pictures.read(Float.self, rows: step..<step + 1)),
        labels.map { Int($0) }
      )
    }

    func values(_ name: String) throws -> [Float] { try file.root.dataset(name).read() }
  }

  private func difference(_ found: Tensor, _ expected: [Float]) -> Float {
    zip(found.values, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

  private func step(
    _ network: inout Sequential, _ optimizer: inout Optimizer,
    _ batch: (pictures: Tensor, labels: [Int])
  ) throws -> Double {
    let activation = network.outputActivation
    network.outputActivation = .linear
    let result = try CrossEntropy()(
      logits: try network.forward(batch.pictures, pool: pool), labels: batch.labels)
    try network.backward(result.gradient, pool: pool)
    try optimizer.step(&network, pool: pool)
    network.outputActivation = activation
    return result.loss
  }

  @Test("Training goes on here as it does there", arguments: files)
  func goesOn(file: String) throws {
    let golden = try Golden()
    let name = try #require(file.split(separator: ".").first)
    let model = try KerasModel(path: Fixture.path("training/\(file)"))
    var network = try model.network(file: file)
    var optimizer = try #require(try model.optimizer(file: file))
    #expect(optimizer.iterations == 2)
    let last = try golden.batch(3)
    #expect(
      difference(try network(last.pictures, pool: pool), try golden.values("\(name)_saved")) < 1e-5)
    let losses = try golden.values("\(name)_losses")
    for (index, number) in [2, 3].enumerated() {
      let loss = try step(&network, &optimizer, try golden.batch(number))
      #expect(abs(loss - Double(losses[index])) < 1e-4)
    }
    #expect(
      difference(try network(last.pictures, pool: pool), try golden.values("\(name)_trained"))
        < 2e-5)
  }

  @Test("A network and its optimizer, written and read back, are the same", arguments: files)
  func roundTrip(file: String) throws {
    let original = try KerasModel(path: Fixture.path("training/\(file)"))
    let network = try original.network()
    let optimizer = try #require(try original.optimizer())
    var model = try KerasModel(network, name: "net", metadata: "{}")
    try model.setTraining(by: optimizer)
    #expect(model.layers.map(\.kind.className) == original.layers.map(\.kind.className))
    // Keras 2 writes some numbers as they are in f32, with digits that mean nothing.
    if file.hasPrefix("keras3") {
      #expect(model.layers.map(\.kind) == original.layers.map(\.kind))
    }
    try Fixture.withFolder { folder in
      try model.write(to: folder + "/model.h5")
      let again = try KerasModel(path: folder + "/model.h5")
      #expect(again == model)
      #expect(try again.optimizer() == optimizer)
      #expect(try again.network().weights == network.weights)
    }
  }

  @Test("Frozen layers stay frozen") func frozen() throws {
    var generator = Generator(seed: 1)
    var network = try Sequential(
      inputShape: [6, 6, 2],
      layers: [
        Conv2D(
          inputChannels: 2, filters: 3, kernelSize: 3, activation: .leakyReLU,
          generator: &generator),
        BatchNormalization(channels: 3), Flatten(), Dropout(0.5, seed: 3),
        Dense(inputs: 48, units: 3, activation: .softmax, generator: &generator),
      ])
    network.layers[0].setTrainable(false)
    network.layers[1].setTrainable(false)
    var model = try KerasModel(network)
    #expect(model.layers.map(\.trainable) == [false, false, true, true, true])
    var optimizer = Optimizer(.sgd(momentum: 0.9), clipping: .value(1))
    let pictures = Tensor(
      shape: [3, 6, 6, 2], values: (0..<216).map { _ in Float(generator.normal()) })
    _ = try step(&network, &optimizer, (pictures, [0, 1, 2]))
    model = try KerasModel(network)
    try model.setTraining(by: optimizer, labelSmoothing: 0.1)
    #expect(model.optimizerWeights.count == 4)
    let read = try model.network(seed: 9)
    #expect(read.layers.map(\.isTrainable) == [false, false, false, false, true])
    #expect((read.layers[1] as? BatchNormalization)?.usesBatchStatistics == false)
    #expect(try read(pictures, pool: pool) == network(pictures, pool: pool))
    #expect(try model.optimizer() == optimizer)
  }

  @Test("What Keras does not have is refused") func refusals() throws {
    var generator = Generator(seed: 1)
    var model = try KerasModel(
      Sequential(inputShape: [4], layers: [Dense(inputs: 4, units: 1, generator: &generator)]))
    for optimizer in [
      Optimizer(.sgd(), weightDecay: WeightDecay(0.1, kind: .l2)),
      Optimizer(.sgd(), weightDecay: WeightDecay(0.1, kernelsOnly: true)),
      Optimizer(.sgd(), rateMultipliers: ["dense": 0.1]),
      Optimizer(.adam(), iterations: 3, slots: [[[1], [1]]]),
    ] {
      #expect(try failure { try model.setTraining(by: optimizer) }.kind == .invalidArgument)
    }
    #expect(try model.optimizer() == nil)
    for config in [
      #"{"optimizer_config": {"class_name": "Nadam", "config": {}}}"#,
      #"{"optimizer_config": {"class_name": ">", "config": {}}}"#,
      #"{"optimizer_config": {"class_name": "Adam", "config": {"learning_rate": 1e308}}}"#,
      #"{"optimizer_config": {"class_name": "Adam", "config": {"learning_rate": -1}}}"#,
      #"{"optimizer_config": {"class_name": "Adam", "config": {"clipnorm": -3}}}"#,
      #"{"optimizer_config": {"class_name": "Adam", "config": {"beta_1": 1}}}"#,
      #"{"optimizer_config": {"class_name": "Adam", "config": {"epsilon": -1e-7}}}"#,
      #"{"optimizer_config": {"class_name": "Adam", "config": {"amsgrad": true}}}"#,
      #"{"optimizer_config": {"class_name": "SGD", "config": {"learning_rate": {"a": 1}}}}"#,
    ] {
      model.trainingConfiguration = config
      #expect(try failure { try model.optimizer() }.kind == .unsupported)
    }
    model.trainingConfiguration = #"{"optimizer_config": {"class_name": "Adam", "config": {}}}"#
    model.optimizerWeights = [
      NamedTensor(name: "iteration", shape: [], values: [3]),
      NamedTensor(name: "2", shape: [4, 1], values: [1, 2, 3, 4]),
    ]
    #expect(try failure { try model.optimizer() }.kind == .unexpected)
    model.inputShape = [nil]
    #expect(try failure { try model.network() }.kind == .unexpected)
    #expect(try model.network(inputShape: [4]).inputShape == [4])
    model.layers[0].kind = .reshape([3, 2])
    #expect(try failure { try model.network(inputShape: [4]) }.kind == .unexpected)
  }
}
