import Kernels
import NeuralNetwork
import Synchronization
import Testing

@Suite struct HeadTrainerTests {
  static let shape = [2, 3, 6]

  static func training(classes: Int = 2) throws -> MemoryFeatures {
    try clouds(rows: 150, shape: shape, classes: classes, spread: 2, seed: 1)
  }

  static func validation(classes: Int = 2) throws -> MemoryFeatures {
    try clouds(rows: 90, shape: shape, classes: classes, spread: 2, seed: 2)
  }

  static func metrics(
    _ head: TrainedHead, _ source: MemoryFeatures, classes: Int
  ) throws -> ClassificationMetrics {
    try ClassificationMetrics(
      probabilities: head.model.predict(source, pool: pool), labels: source.labels,
      classes: classes)
  }

  @Test(arguments: HeadSolver.allCases, [2, 3])
  func everySolverLearns(solver: HeadSolver, classes: Int) throws {
    for pooling in HeadPooling.allCases {
      var configuration = HeadConfiguration()
      configuration.pooling = pooling
      configuration.solver = solver
      configuration.epochs = 30
      if solver != .newton {
        configuration.learningRate = solver == .sgd ? 0.1 : 0.01
        configuration.hidden = 8
        configuration.dropout = 0.2
      }
      let trainer = try HeadTrainer(configuration, classes: classes, pool: pool)
      let head = try trainer.train(on: Self.training(classes: classes))
      let metrics = try Self.metrics(head, Self.validation(classes: classes), classes: classes)
      #expect(metrics.accuracy > 0.9, "\(solver) \(pooling)")
      #expect(head.model.outputActivation == (classes == 2 ? .sigmoid : .softmax))
      #expect(head.history.count == (solver == .newton ? 0 : 30))
      #expect((head.regression != nil) == (solver == .newton))
      #expect(head.model.inputShape == Self.shape)
    }
  }

  @Test func fixedLayersComeBeforeAndAfterPooling() throws {
    var configuration = HeadConfiguration()
    configuration.beforePooling = [Rescaling(scale: 0.5), ActivationLayer(.softsign)]
    configuration.afterPooling = [UnitNormalization()]
    for solver in [HeadSolver.newton, .adam] {
      configuration.solver = solver
      let head = try HeadTrainer(configuration, classes: 2, pool: pool).train(on: Self.training())
      #expect(
        head.model.layers.map(\.name) == [
          "rescaling", "activation", "global_average_pooling2d", "unit_normalization", "dense",
        ])
      #expect(try Self.metrics(head, Self.validation(), classes: 2).accuracy > 0.9)
    }
  }

  @Test func bitsAreTheSameForAnyNumberOfThreads() throws {
    var configuration = HeadConfiguration()
    configuration.pooling = .flatten
    configuration.hidden = 70
    configuration.dropout = 0.5
    configuration.solver = .rmsprop
    configuration.epochs = 2
    let source = try clouds(rows: 100, shape: [4, 4, 128], classes: 2, spread: 0.1, seed: 3)
    func weights(_ threads: Int) throws -> [[Float]] {
      let head = try HeadTrainer(
        configuration, classes: 2, pool: ThreadPool(threads: threads)
      ).train(on: source)
      return head.model.layers.flatMap { $0.parameters.map(\.value.values) }
    }
    let one = try weights(1)
    #expect(try weights(2) == one)
    #expect(try weights(3) == one)
    configuration.seed = 1
    #expect(try weights(1) != one)
  }

  @Test func theLastPartialBatchCounts() throws {
    var configuration = HeadConfiguration()
    configuration.solver = .sgd
    configuration.epochs = 1
    configuration.batchSize = 64
    var done: [Int] = []
    _ = try HeadTrainer(configuration, classes: 2, pool: pool).train(on: Self.training()) {
      if case .batch(_, let rows, 150, _, _) = $0 { done.append(rows) }
    }
    #expect(done == [64, 128, 150])
  }

  /// A source that refuses to be read whole, as one larger than memory would have to.
  struct Stream: FeatureSource {
    let features: MemoryFeatures
    let limit: Int
    var count: Int { features.count }
    var shape: [Int] { features.shape }
    func label(_ row: Int) -> Int { features.label(row) }
    func read(_ rows: [Int]) throws -> [Float] {
      guard rows.count <= limit, rows == rows.sorted() else {
        throw NeuralNetworkError.count(what: "rows at once", expected: limit, found: rows.count)
      }
      return features.read(rows)
    }
  }

  @Test func featuresLargerThanMemoryAreStreamed() throws {
    let features = try clouds(rows: 1000, shape: [2, 2, 16], classes: 2, spread: 0.5, seed: 4)
    var configuration = HeadConfiguration()
    configuration.pooling = .flatten
    configuration.solver = .adam
    configuration.learningRate = 0.01
    configuration.epochs = 3
    configuration.batchSize = 48
    configuration.memoryBudget = 4 * 300 * 64 * 4 / 4
    let source = Stream(features: features, limit: 300)
    var seen = 0
    let trainer = try HeadTrainer(configuration, classes: 2, pool: pool)
    let head = try trainer.train(on: source, validation: source) {
      if case .batch(3, let done, 1000, _, _) = $0 { seen = done }
    }
    #expect(seen == 1000)
    let metrics = try Self.metrics(head, features, classes: 2)
    #expect(metrics.accuracy > 0.95)
    let last = try #require(head.history.last)
    // The metrics clip no probability here; both are means of the same losses.
    #expect(abs((last.validationLoss ?? 0) - metrics.logLoss) < 1e-5)
    #expect(last.validationAccuracy == metrics.accuracy)

    configuration.standardize = true
    #expect(throws: NeuralNetworkError.self) {
      try HeadTrainer(configuration, classes: 2, pool: pool).train(on: source)
    }
  }

  /// The training rows fill the budget, so those of validation are read anew in every epoch, and
  /// standardised whenever they are.
  @Test func validationRowsGetTheMemoryThatRemains() throws {
    let features = try clouds(rows: 300, shape: [16], classes: 2, spread: 0.5, seed: 4)
    let held = Counted(features: try clouds(rows: 90, shape: [16], classes: 2, spread: 2, seed: 5))
    var configuration = HeadConfiguration()
    configuration.solver = .adam
    configuration.epochs = 3
    configuration.standardize = true
    func train(_ budget: Int) throws -> (TrainedHead, reads: Int) {
      configuration.memoryBudget = budget
      let before = held.reads
      let head = try HeadTrainer(configuration, classes: 2, pool: pool)
        .train(on: features, validation: held)
      return (head, held.reads - before)
    }
    let roomy = try train(4 * 16 * 390)
    let tight = try train(4 * 16 * 389)
    #expect(roomy.reads == 1)
    #expect(tight.reads >= 3)
    #expect(roomy.0.history.map(\.validationLoss) == tight.0.history.map(\.validationLoss))
    #expect(
      roomy.0.model.layers.flatMap { $0.parameters.map(\.value) }
        == tight.0.model.layers.flatMap { $0.parameters.map(\.value) })
  }

  /// A source that counts how often it is read.
  final class Counted: FeatureSource {
    let features: MemoryFeatures
    private let number = Atomic(0)
    init(features: MemoryFeatures) { self.features = features }
    var reads: Int { number.load(ordering: .relaxed) }
    var count: Int { features.count }
    var shape: [Int] { features.shape }
    func label(_ row: Int) -> Int { features.label(row) }
    func read(_ rows: [Int]) -> [Float] {
      number.add(1, ordering: .relaxed)
      return features.read(rows)
    }
  }

  @Test func fixedLayersMayHaveTheNamesOfTrainedOnes() throws {
    var generator = Generator(seed: 9)
    var configuration = HeadConfiguration()
    configuration.afterPooling = [
      Dense(inputs: 6, units: 6, activation: .relu, generator: &generator)
    ]
    configuration.solver = .adam
    configuration.epochs = 1
    let head = try HeadTrainer(configuration, classes: 2, pool: pool).train(on: Self.training())
    #expect(
      head.model.layers.map(\.name) == ["global_average_pooling2d", "dense", "dense_1"])
  }

  @Test func withoutShufflingStreamedRowsTrainAsRowsInMemory() throws {
    let features = try clouds(rows: 333, shape: [2, 2, 16], classes: 2, spread: 0.5, seed: 4)
    var configuration = HeadConfiguration()
    configuration.pooling = .flatten
    configuration.solver = .sgd
    configuration.epochs = 2
    configuration.shuffle = false
    let first = try HeadTrainer(configuration, classes: 2, pool: pool).train(on: features)
    configuration.memoryBudget = 1000
    let second = try HeadTrainer(configuration, classes: 2, pool: pool).train(on: features)
    #expect(
      first.model.layers.last?.parameters[0].value
        == second.model.layers.last?.parameters[0].value)
  }

  @Test func earlyStoppingRestoresTheBestWeights() throws {
    var configuration = HeadConfiguration()
    configuration.solver = .adam
    configuration.pooling = .flatten
    configuration.learningRate = 0.05
    configuration.hidden = 30
    configuration.epochs = 200
    configuration.patience = 4
    let (training, validation) = (
      try clouds(rows: 40, shape: [20], classes: 2, spread: 0.2, seed: 1),
      try clouds(rows: 200, shape: [20], classes: 2, spread: 0.2, seed: 2)
    )
    let trainer = try HeadTrainer(configuration, classes: 2, pool: pool)
    let head = try trainer.train(on: training, validation: validation)
    let losses = head.history.map { $0.validationLoss ?? .nan }
    let best = try #require(head.bestEpoch)
    #expect(head.history.count == best + 4)
    #expect(losses[best - 1] == losses.min())
    #expect(losses.last ?? 0 > losses[best - 1])
    let metrics = try Self.metrics(head, validation, classes: 2)
    #expect(abs(metrics.logLoss - losses[best - 1]) < 1e-5)
    #expect(throws: NeuralNetworkError.self) { try trainer.train(on: training) }
  }

  @Test func standardisationIsFoldedAway() throws {
    // One column a thousand times the others and far from 0: hopeless without standardisation.
    let source = try Self.training()
    let scaled = try MemoryFeatures(
      features: source.features.enumerated().map {
        $0.offset % 6 == 0 ? $0.element * 1e3 + 5e3 : $0.element
      },
      shape: Self.shape, labels: source.labels)
    var configuration = HeadConfiguration()
    configuration.standardize = true
    configuration.solver = .adam
    configuration.hidden = 8
    configuration.epochs = 40
    configuration.learningRate = 0.01
    let trainer = try HeadTrainer(configuration, classes: 2, pool: pool)
    let head = try trainer.train(on: scaled, validation: scaled)
    #expect(head.model.layers.map(\.className) == ["GlobalAveragePooling2D", "Dense", "Dense"])
    let metrics = try Self.metrics(head, scaled, classes: 2)
    #expect(metrics.accuracy > 0.95)
    #expect(abs(metrics.logLoss - (head.history.last?.validationLoss ?? 0)) < 1e-3)
  }

  @Test func classWeightsMoveTheBalance() throws {
    let source = try clouds(rows: 200, shape: [3], classes: 2, spread: 0.3, seed: 6)
    func positives(_ weights: [Float]?, _ solver: HeadSolver) throws -> Int {
      var configuration = HeadConfiguration()
      configuration.solver = solver
      configuration.classWeights = weights
      configuration.learningRate = solver == .newton ? nil : 0.05
      configuration.epochs = 20
      let head = try HeadTrainer(configuration, classes: 2, pool: pool).train(on: source)
      return try head.model.predict(source, pool: pool).values.count { $0 > 0.5 }
    }
    for solver in [HeadSolver.newton, .adam] {
      let (plain, heavy) = (try positives(nil, solver), try positives([1, 5], solver))
      #expect(heavy > plain + 20)
    }
  }

  /// 25,000 maps of 7 × 7 × 512, that must not be read.
  struct Enormous: FeatureSource {
    let count = 25_000
    let shape = [7, 7, 512]
    func label(_ row: Int) -> Int { row % 2 }
    func read(_ rows: [Int]) throws -> [Float] { throw CancellationError() }
  }

  @Test func newtonRefusesMoreThanMemoryHoldsBeforeReading() throws {
    var configuration = HeadConfiguration()
    configuration.pooling = .flatten
    let trainer = try HeadTrainer(configuration, classes: 2, pool: pool)
    #expect(throws: NeuralNetworkError.self) { try trainer.train(on: Enormous()) }
  }

  @Test func progressCanStopTheTraining() throws {
    struct Stop: Error {}
    for solver in HeadSolver.allCases {
      var configuration = HeadConfiguration()
      configuration.solver = solver
      let trainer = try HeadTrainer(configuration, classes: 2, pool: pool)
      #expect(throws: Stop.self) {
        try trainer.train(on: Self.training()) {
          switch $0 {
          case .batch, .fold: throw Stop()
          default: break
          }
        }
      }
    }
  }

  @Test func settingsWithoutMeaningAreRefused() throws {
    func refuses(_ change: (inout HeadConfiguration) -> Void) -> Bool {
      var configuration = HeadConfiguration()
      configuration.solver = .rmsprop
      change(&configuration)
      return (try? HeadTrainer(configuration, classes: 2, pool: pool)) == nil
    }
    #expect(!refuses { _ in })
    #expect(refuses { $0.hidden = -1 })
    #expect(refuses { $0.dropout = 1 })
    #expect(refuses { $0.batchSize = 0 })
    #expect(refuses { $0.epochs = 0 })
    #expect(refuses { $0.batchSize = .max })
    #expect(refuses { $0.epochs = (1 << 20) + 1 })
    #expect(refuses { $0.learningRate = 0 })
    #expect(refuses { $0.learningRate = .nan })
    #expect(refuses { $0.labelSmoothing = 1 })
    #expect(refuses { $0.momentum = 1 })
    #expect(refuses { $0.patience = -1 })
    #expect(refuses { $0.classWeights = [1, 2, 3] })
    #expect(refuses { $0.classWeights = [1, 0] })
    #expect(refuses { ($0.solver, $0.hidden) = (.newton, 5) })
    #expect(refuses { ($0.solver, $0.dropout) = (.newton, 0.5) })
    #expect(refuses { ($0.solver, $0.folds) = (.newton, 1) })
    // What the solver would not look at.
    #expect(refuses { ($0.solver, $0.learningRate) = (.newton, 0.01) })
    #expect(refuses { ($0.solver, $0.patience) = (.newton, 3) })
    #expect(refuses { ($0.solver, $0.momentum) = (.newton, 0.9) })
    #expect(refuses { $0.momentum = 0.9 })
    #expect(!refuses { ($0.solver, $0.momentum) = (.sgd, 0.9) })
    #expect(refuses { $0.strengths = [1] })
    #expect(!refuses { ($0.solver, $0.strengths) = (.newton, [1]) })
    #expect((try? HeadTrainer(HeadConfiguration(), classes: 1, pool: pool)) == nil)
  }

  @Test func rowsThatCannotBeTrainedOnAreRefused() throws {
    var configuration = HeadConfiguration()
    configuration.solver = .adam
    let trainer = try HeadTrainer(configuration, classes: 2, pool: pool)
    let one = try MemoryFeatures(features: [1, 2, 3, 4], shape: [2], labels: [0, 0])
    #expect(throws: NeuralNetworkError.tooFewRows(class: 1, expected: 1, found: 0)) {
      try trainer.train(on: one)
    }
    let infinite = try MemoryFeatures(features: [1, 2, .infinity, 4], shape: [2], labels: [0, 1])
    for budget in [1 << 20, 1] {  // in memory, and streamed
      configuration.memoryBudget = budget
      #expect(throws: NeuralNetworkError.notFinite(what: "features", row: 1)) {
        try HeadTrainer(configuration, classes: 2, pool: pool).train(on: infinite)
      }
    }
    let bad = try MemoryFeatures(features: [1, 2, 3, 4], shape: [2], labels: [0, 2])
    #expect(throws: NeuralNetworkError.label(row: 1, found: 2, classes: 2)) {
      try trainer.train(on: bad)
    }
    let other = try MemoryFeatures(features: [1, 2], shape: [1], labels: [0, 1])
    let fine = try MemoryFeatures(features: [1, 2, 3, 4], shape: [2], labels: [0, 1])
    #expect(throws: NeuralNetworkError.self) { try trainer.train(on: fine, validation: other) }
    var wild = configuration
    (wild.solver, wild.learningRate, wild.hidden) = (.sgd, 1e30, 4)
    var batches = 0
    #expect(throws: NeuralNetworkError.diverged(epoch: 1)) {
      try HeadTrainer(wild, classes: 2, pool: pool).train(on: Self.training()) {
        if case .batch = $0 { batches += 1 }
      }
    }
    #expect(batches < 5, "it ends with the first batch whose loss is not finite")
  }
}
