import Foundation
import Kernels
import NeuralNetwork
import Pictures

/// Smith's learning-rate range test (arXiv:1506.01186): the rate rises geometrically from step to
/// step, and the loss says from where on it is too high.
public struct LearningRateFinder: Sendable {
  /// One step of the test.
  public struct Point: Sendable, Equatable {
    /// The step's learning rate.
    public let rate: Float
    /// Of this step's batch.
    public let loss: Double
    /// Exponential mean of the losses so far (.95), corrected for its start.
    public let smoothed: Double

    package init(rate: Float, loss: Double, smoothed: Double) {
      self.rate = rate
      self.loss = loss
      self.smoothed = smoothed
    }
  }

  /// What the test found.
  public struct Result: Sendable {
    /// A point a step.
    public let points: [Point]
    /// A tenth of the rate at which the smoothed loss was lowest; nil if it never fell.
    public let suggestion: Float?
  }

  /// The first step's rate.
  public var from: Float = 1e-6
  /// The last step's rate.
  public var to: Float = 1
  /// Steps at the most.
  public var steps = 100
  /// The test ends where the smoothed loss is so many times its lowest value.
  public var divergence = 4.0

  public init() {}

  /// - Parameters:
  ///   - model: not changed.
  ///   - configuration: optimizer, batch size, loss, seed; its own rate and schedule are left aside.
  func run(
    _ model: Sequential, on source: any BatchSource, configuration: TrainingConfiguration,
    pool: ThreadPool, progress: (_ done: Int, _ total: Int) throws -> Void
  ) throws -> Result {
    var model = model
    model.outputActivation = .linear
    var optimizer = Optimizer(
      configuration.rule, learningRate: from, weightDecay: configuration.weightDecay,
      clipping: configuration.clipping, rateMultipliers: configuration.rateMultipliers)
    let loss = CrossEntropy(
      labelSmoothing: configuration.labelSmoothing, classWeights: configuration.classWeights)
    var generator = Generator.derived(seed: configuration.seed, purpose: 5)
    var order: [Int] = []
    var epoch = 0
    var points: [Point] = []
    var mean = 0.0
    for step in 0..<steps {
      if order.isEmpty {
        order = generator.permutation(source.count)
        epoch += 1
      }
      let rows = Array(order.prefix(configuration.batchSize))
      order.removeFirst(rows.count)
      let batch = try source.batch(rows, epoch: epoch)
      let result = try loss(
        logits: try model.forward(batch.inputs, pool: pool), labels: batch.labels)
      mean = 0.95 * mean + 0.05 * result.loss
      let rate = from * pow(to / from, Float(step) / Float(max(steps - 1, 1)))
      points.append(
        Point(
          rate: rate, loss: result.loss, smoothed: mean / (1 - pow(0.95, Double(step + 1)))))
      try progress(step + 1, steps)
      if isDiverging(points) { break }
      try model.backward(result.gradient, pool: pool)
      optimizer.learningRate = rate
      try optimizer.step(&model, pool: pool)
    }
    return Result(points: points, suggestion: Self.suggestion(points))
  }

  private func isDiverging(_ points: [Point]) -> Bool {
    guard let last = points.last else { return false }
    guard last.loss.isFinite else { return true }
    // The first steps are too few to judge by.
    return points.count > 10
      && last.smoothed > divergence * (points.map(\.smoothed).min() ?? .infinity)
  }

  package static func suggestion(_ points: [Point]) -> Float? {
    guard let first = points.first,
      let lowest = points.min(by: { $0.smoothed < $1.smoothed }), lowest.rate > first.rate
    else { return nil }
    return lowest.rate / 10
  }
}

extension FineTuneStage {
  /// The range test on the network as it is before the first epoch.
  public func findLearningRate(
    _ data: DataSet, classifier: Classifier, finder: LearningRateFinder,
    cancellation: Cancellation = Cancellation(), event: (Event) -> Void = { _ in }
  ) throws -> LearningRateFinder.Result {
    var work = try Work(self, data, classifier)
    let rows = try work.extract(cancellation: cancellation) { event(.extraction($0)) }
    try work.refitHead(rows.train, cancellation: cancellation) {
      try cancellation.check()
      event(.head($0))
    }
    return try finder.run(
      work.network.trained, on: work.batches(rows.train, schedule: work.schedule),
      configuration: work.configuration(rows.train), pool: pool
    ) {
      try cancellation.check()
      event(.search(done: $0, total: $1))
    }
  }
}
