import KerasFormat
import Kernels
import NeuralNetwork

/// How long a fine-tuning step takes: VGG's block 5 and a head of one unit, forward, backward and
/// SGD with momentum, from features of `block4_pool` in memory.
public struct FineTuneBenchmark: Encodable, Sendable {
  /// Of one size of picture and batch.
  public struct Result: Encodable, Sendable {
    /// Pixels square of the pictures that the features are of.
    public let size: Int
    /// Pictures in a step.
    public let batch: Int
    /// Of the fastest step.
    public let msPerPicture: Double
  }

  /// The processor's name.
  public let cpu: String
  /// Threads that computed.
  public let threads: Int
  /// In the order in which they were asked for.
  public private(set) var fineTuning: [Result] = []

  /// - Parameter repetitions: steps at each size and batch, of which the fastest counts.
  public init(
    sizes: [Int], batches: [Int], repetitions: Int, pool: ThreadPool, cancellation: Cancellation
  ) throws {
    let machine = Manifest.Machine(threads: pool.threads)
    cpu = machine.cpu
    threads = machine.threads
    for size in sizes {
      for batch in batches {
        try cancellation.check()
        let seconds = try Self.step(
          side: size / 16, batch: batch, repetitions: repetitions, pool: pool)
        fineTuning.append(
          Result(size: size, batch: batch, msPerPicture: 1e3 * seconds / Double(batch)))
      }
    }
  }

  private static func step(
    side: Int, batch: Int, repetitions: Int, pool: ThreadPool
  ) throws -> Double {
    var generator = Generator(seed: 0)
    var layers: [any Layer] = try (1...3).map {
      try Conv2D(
        name: "block5_conv\($0)", inputChannels: 512, filters: 512, kernelSize: 3, padding: .same,
        activation: .relu, generator: &generator)
    }
    layers += [
      try MaxPooling2D(name: "block5_pool"), GlobalMaxPooling2D(), UnitNormalization(),
      Dense(inputs: 512, units: 1, generator: &generator),
    ]
    var model = try Sequential(inputShape: [side, side, 512], layers: layers)
    var optimizer = Optimizer(.sgd(momentum: 0.9), learningRate: 1e-4)
    let input = Tensor(
      shape: [batch, side, side, 512],
      values: (0..<batch * side * side * 512).map { _ in
        Float(max(0, generator.uniform() * 2 - 1))
      })
    let labels = (0..<batch).map { $0 % 2 }
    let loss = CrossEntropy()
    let clock = ContinuousClock()
    var best = Double.infinity
    for _ in 0...repetitions {
      let start = clock.now
      let result = try loss(logits: try model.forward(input, pool: pool), labels: labels)
      try model.backward(result.gradient, pool: pool)
      try optimizer.step(&model, pool: pool)
      best = min(best, (clock.now - start).seconds)
    }
    return best
  }
}
