import Foundation
import Kernels
import NeuralNetwork
import Synchronization
import Testing

@Suite struct TrainerTests {
  /// Pictures of two or three kinds of stripes under noise; each epoch sees other noise.
  struct Stripes: BatchSource {
    let count: Int
    var classes = 2
    var shape = [8, 7, 2]
    var failsAt: Int?
    let served = Counter()

    func label(_ row: Int) -> Int { row % classes }

    func batch(_ indices: [Int], epoch: Int) throws -> Batch {
      served.add(indices.count)
      if let failsAt, indices.contains(failsAt) { throw Failure() }
      var values: [Float] = []
      for row in indices {
        var generator = Generator(seed: UInt64(row * 1000 + epoch))
        for index in 0..<shape.product {
          let (line, column) = (index / 14, index / 2 % 7)
          let phase = [line, column, line + column][label(row)]
          values.append((phase % 2 == 0 ? 1 : -1) + Float(generator.normal()))
        }
      }
      return Batch(
        inputs: Tensor(shape: [indices.count] + shape, values: values),
        labels: indices.map(label))
    }
  }

  struct Failure: Error, Equatable {}

  final class Counter: Sendable {
    private let value = Mutex(0)
    var count: Int { value.withLock { $0 } }
    func add(_ number: Int) { value.withLock { $0 += number } }
  }

  /// A convolutional network with batch statistics and dropout: everything that has a state.
  static func network(
    outputs: Int = 1, activation: Activation = .sigmoid
  ) throws -> Sequential {
    var generator = Generator(seed: 3)
    return try Sequential(
      inputShape: [8, 7, 2],
      layers: [
        Conv2D(
          inputChannels: 2, filters: 4, kernelSize: 3, padding: .same, generator: &generator),
        BatchNormalization(channels: 4, momentum: 0.8), ActivationLayer(.relu), MaxPooling2D(),
        Dropout(0.25, seed: 5), Flatten(),
        Dense(inputs: 48, units: outputs, activation: activation, generator: &generator),
      ])
  }

  static func configuration(epochs: Int = 4) -> TrainingConfiguration {
    var configuration = TrainingConfiguration(.adam())
    configuration.batchSize = 9
    configuration.epochs = epochs
    configuration.schedule = LearningRateSchedule(.cosine(), warmUp: 0.2)
    configuration.learningRate = 0.01
    configuration.seed = 7
    return configuration
  }

  @Test func aConvolutionalNetworkLearns() throws {
    var configuration = Self.configuration(epochs: 6)
    configuration.restoresBest = true
    for outputs in [1, 3] {
      let classes = max(outputs, 2)
      let validation = Stripes(count: 60, classes: classes)
      let trainer = try Trainer(configuration, pool: pool)
      let trained = try trainer.train(
        Self.network(outputs: outputs, activation: outputs == 1 ? .sigmoid : .softmax),
        on: Stripes(count: 80, classes: classes), validation: validation)
      #expect(trained.history.map(\.epoch) == Array(1...6))
      #expect(trained.history[5].loss < trained.history[0].loss)
      let best = try #require(trained.history.compactMap(\.validationLoss).min())
      #expect(trained.history[trained.bestEpoch - 1].validationLoss == best)
      #expect(trained.model.outputActivation == (outputs == 1 ? .sigmoid : .softmax))
      let last = trained.history[trained.bestEpoch - 1]
      #expect(try #require(last.validationAccuracy) > 0.85)
      // The fixed validation pictures of that epoch, measured again on the model that came back.
      let again = try trainer.measure(trained.model, on: Fixed(validation, last.epoch))
      #expect(abs(again.loss - best) < 1e-12)
      #expect(again.accuracy == last.validationAccuracy)
    }
  }

  /// One epoch's view of a source.
  struct Fixed: BatchSource {
    let source: Stripes
    let epoch: Int
    init(_ source: Stripes, _ epoch: Int) { (self.source, self.epoch) = (source, epoch) }
    var count: Int { source.count }
    var shape: [Int] { source.shape }
    func batch(_ indices: [Int], epoch: Int) throws -> Batch {
      try source.batch(indices, epoch: self.epoch)
    }
  }

  @Test func aResumedTrainingHasTheSameBits() throws {
    var configuration = Self.configuration()
    configuration.patience = 10
    configuration.restoresBest = true
    configuration.clipping = .globalNorm(1)
    configuration.weightDecay = WeightDecay(0.01)
    let trainer = try Trainer(configuration, pool: pool)
    let (source, validation) = (Stripes(count: 50), Fixed(Stripes(count: 30), 99))
    var checkpoints: [TrainingCheckpoint] = []
    let whole = try trainer.train(Self.network(), on: source, validation: validation) {
      if case .epoch(let record, let checkpoint) = $0 {
        #expect(checkpoint.epoch == record.epoch)
        checkpoints.append(checkpoint)
      }
    }
    #expect(checkpoints.count == 4)
    for checkpoint in checkpoints {
      #expect(checkpoint.randomStates.compactMap { $0 }.count == 1, "the dropout's")
      var count = checkpoint.epoch
      // From a network with other weights: all that matters is in the checkpoint.
      var model = try Self.network()
      try model.setWeights(model.weights.map { $0.map { Tensor(zeros: $0.shape) } })
      let resumed = try trainer.train(
        model, on: source, validation: validation, from: checkpoint
      ) {
        if case .epoch(_, let later) = $0 {
          count += 1
          #expect(Self.state(later) == Self.state(checkpoints[count - 1]))
        }
      }
      #expect(count == 4)
      #expect(resumed.model.weights == whole.model.weights)
      #expect(resumed.bestEpoch == whole.bestEpoch)
      #expect(resumed.history.map(\.loss) == whole.history.map(\.loss))
    }
    var foreign = checkpoints[0]
    foreign.weights[0][0] = Tensor(zeros: [1])
    #expect(throws: NeuralNetworkError.self) {
      try trainer.train(Self.network(), on: source, validation: validation, from: foreign)
    }
  }

  /// A checkpoint without the seconds that its epochs took.
  static func state(_ checkpoint: TrainingCheckpoint) -> TrainingCheckpoint {
    var checkpoint = checkpoint
    for index in checkpoint.history.indices {
      checkpoint.history[index].seconds = 0
      checkpoint.history[index].rowsPerSecond = 0
    }
    return checkpoint
  }

  @Test func anyNumberOfThreadsGivesTheSameBits() throws {
    let models = try [1, 2, 3].map { threads in
      try Trainer(Self.configuration(epochs: 2), pool: ThreadPool(threads: threads))
        .train(Self.network(), on: Stripes(count: 40)).model.weights
    }
    #expect(models[0] == models[1])
    #expect(models[0] == models[2])
  }

  @Test func trainingStopsWhenPatienceEnds() throws {
    var configuration = Self.configuration(epochs: 60)
    configuration.learningRate = 1e-9
    configuration.patience = 2
    configuration.schedule = LearningRateSchedule()
    // Labels that contradict the pictures: the validation loss rises.
    struct Contrary: BatchSource {
      let source: Stripes
      var count: Int { source.count }
      var shape: [Int] { source.shape }
      func batch(_ indices: [Int], epoch: Int) throws -> Batch {
        var batch = try source.batch(indices, epoch: 1)
        batch.labels = batch.labels.map { 1 - $0 }
        return batch
      }
    }
    configuration.learningRate = 0.01
    let trained = try Trainer(configuration, pool: pool).train(
      Self.network(), on: Stripes(count: 60), validation: Contrary(source: Stripes(count: 30)))
    let losses = trained.history.compactMap(\.validationLoss)
    let best = try #require(losses.indices.min { losses[$0] < losses[$1] })
    #expect(trained.history.count == best + 3)
    #expect(trained.bestEpoch == trained.history.count, "the last weights stay")
  }

  @Test func divergenceEndsTrainingAtItsBatch() throws {
    var configuration = Self.configuration()
    configuration.rule = .sgd()
    configuration.schedule = LearningRateSchedule()
    configuration.learningRate = 1e38
    // The validation pictures cannot be read: they must not be asked for.
    let validation = Stripes(count: 9, failsAt: 0)
    var done: [Int] = []
    #expect(throws: NeuralNetworkError.diverged(epoch: 1)) {
      try Trainer(configuration, pool: pool).train(
        Self.network(), on: Stripes(count: 90), validation: validation
      ) {
        if case .batch(_, let rows, _, let loss, _) = $0 {
          #expect(loss.isFinite)
          done.append(rows)
        }
      }
    }
    #expect(!done.isEmpty && done.count < 5)
  }

  @Test func errorsOfSourcesAndOfProgressEndTraining() throws {
    let trainer = try Trainer(Self.configuration(), pool: pool)
    #expect(throws: Failure()) {
      try trainer.train(Self.network(), on: Stripes(count: 30, failsAt: 21))
    }
    let source = Stripes(count: 90)
    #expect(throws: Failure()) {
      try trainer.train(Self.network(), on: source) {
        if case .batch(_, let done, _, _, _) = $0, done >= 18 { throw Failure() }
      }
    }
    // Two batches used, at most two more made or under way.
    #expect(source.served.count <= 4 * 9)
    let served = source.served.count
    Thread.sleep(forTimeInterval: 0.05)
    #expect(source.served.count == served, "nothing runs on")
  }

  @Test func senselessRequestsAreRefused() throws {
    let trainer = try Trainer(Self.configuration(), pool: pool)
    let source = Stripes(count: 10)
    #expect(throws: NeuralNetworkError.self) {
      try trainer.train(Self.network(), on: Stripes(count: 0))
    }
    #expect(throws: NeuralNetworkError.self) {
      try trainer.train(Self.network(activation: .relu), on: source)
    }
    #expect(throws: NeuralNetworkError.self) {
      try trainer.train(Self.network(), on: Stripes(count: 10, shape: [8, 7, 4]))
    }
    #expect(throws: NeuralNetworkError.self) {
      try trainer.train(Self.network(), on: source, validation: Stripes(count: 0))
    }
    var best = Self.configuration()
    best.restoresBest = true
    #expect(throws: NeuralNetworkError.self) {
      try Trainer(best, pool: pool).train(Self.network(), on: source)
    }
    let changes: [(inout TrainingConfiguration) -> Void] = [
      { $0.epochs = 0 }, { $0.batchSize = 0 }, { $0.learningRate = 0 }, { $0.patience = -1 },
      { $0.labelSmoothing = 1 }, { $0.classWeights = [1, 0] }, { $0.validationBatchSize = 0 },
      { $0.epochs = .max }, { $0.batchSize = .max }, { $0.validationBatchSize = .max },
      { $0.weightDecay = WeightDecay(-1) }, { $0.clipping = .value(0) },
      { $0.rateMultipliers = ["dense": -1] }, { $0.rule = .sgd(momentum: 1) },
      { $0.schedule = LearningRateSchedule(.constant, warmUp: 1) },
      { $0.schedule = LearningRateSchedule(.step(drops: -1, factor: 0.1)) },
      { $0.schedule = LearningRateSchedule(.step(drops: 1, factor: 0)) },
      { $0.schedule = LearningRateSchedule(.cosine(final: 2)) },
      { $0.schedule = LearningRateSchedule(.inverseTime(decay: -1)) },
    ]
    for change in changes {
      var configuration = Self.configuration()
      change(&configuration)
      #expect(throws: NeuralNetworkError.self) { try Trainer(configuration, pool: pool) }
    }
  }
}
