import KerasFormat
import Kernels
import NeuralNetwork

/// How long VGG's convolutional base takes on this machine.
public struct Benchmark: Encodable, Sendable {
  /// Of one size of picture, batch and arithmetic.
  public struct Result: Encodable, Sendable {
    /// Pixels square.
    public let size: Int
    /// Pictures that went through the network together.
    public let batch: Int
    /// The arithmetic's name, as `--arithmetic` has it.
    public let arithmetic: String
    /// Of the fastest run.
    public let msPerPicture: Double
    /// Each convolution, in the network's order.
    public let layers: [Layer]
  }

  /// One convolution's share, with its pool.
  public struct Layer: Encodable, Sendable {
    public let name: String
    /// Of the input, in pixels.
    public let height, width: Int
    /// Channels in and out.
    public let inputChannels, outputChannels: Int
    /// The m of Winograd's F(m×m, 3×3), 1 for direct convolution.
    public let tile: Int
    public let msPerPicture: Double
    /// The operations of direct convolution by the time taken.
    public let directGFLOPS: Double
  }

  /// The processor's name.
  public let cpu: String
  /// What the kernels were chosen for, ``InstructionSet/current``.
  public let instructionSet: String
  /// Threads that computed.
  public let threads: Int
  /// `vgg16` or `vgg19`.
  public let backbone: String
  /// In the order in which they were asked for.
  public private(set) var results: [Result]

  /// Times every combination of the sizes, batches and arithmetics.
  ///
  /// The weights are random, of the size of trained ones: the time does not depend on them.
  ///
  /// - Parameters:
  ///   - repetitions: runs of each combination, of which the fastest counts.
  ///   - report: is given each result as soon as it is there.
  /// - Throws: `KernelsError`, as for an arithmetic that the CPU does not have; ``Cancelled``.
  public init(
    architecture: VGGWeights.Architecture, sizes: [Int], batches: [Int], arithmetics: [Arithmetic],
    repetitions: Int, pool: ThreadPool, cancellation: Cancellation, report: (Result) -> Void
  ) throws {
    let machine = Manifest.Machine(threads: pool.threads)
    cpu = machine.cpu
    instructionSet = machine.instructionSet
    threads = machine.threads
    backbone = architecture.rawValue
    results = []
    let layers = Self.layers(of: architecture)
    for arithmetic in arithmetics {
      let stack = try ConvolutionStack(layers: layers, arithmetic: arithmetic, pool: pool)
      for size in sizes {
        for batch in batches {
          try cancellation.check()
          let timing = try stack.timing(
            count: batch, height: size, width: size, repetitions: repetitions)
          let result = Result(timing, size: size, arithmetic: arithmetic)
          results.append(result)
          report(result)
        }
      }
    }
  }

  private static func layers(of architecture: VGGWeights.Architecture) -> [ConvolutionLayer] {
    var random = Generator(seed: 0)
    let convolutions = architecture.convolutions
    return convolutions.indices.map { index in
      let (name, inputs, outputs) = convolutions[index]
      // Uniform with the variance that keeps activations at their size (He).
      let bound = (6 / Double(9 * inputs)).squareRoot()
      let isLast = index + 1 == convolutions.count
      return ConvolutionLayer(
        name: name, inputChannels: inputs, outputChannels: outputs,
        kernel: (0..<(9 * inputs * outputs)).map { _ in
          Float((2 * random.uniform() - 1) * bound)
        },
        bias: Array(repeating: 0, count: outputs),
        poolAfter: isLast || convolutions[index + 1].name.hasSuffix("conv1"))
    }
  }
}

extension Benchmark.Result {
  init(_ timing: StackTiming, size: Int, arithmetic: Arithmetic) {
    self.size = size
    self.arithmetic = arithmetic.rawValue
    batch = timing.count
    msPerPicture = timing.millisecondsPerPicture
    layers = timing.layers.map { layer in
      Benchmark.Layer(
        name: layer.name, height: layer.height, width: layer.width,
        inputChannels: layer.inputChannels, outputChannels: layer.outputChannels,
        tile: layer.tile, msPerPicture: 1e3 * layer.seconds / Double(timing.count),
        directGFLOPS: 1e-9 * Double(layer.directOperations * timing.count) / layer.seconds)
    }
  }
}
