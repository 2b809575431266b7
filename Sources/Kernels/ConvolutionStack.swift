import CKernels
import Synchronization

/// A stack of 3×3 convolutions with prepared weights, such as VGG's convolutional base.
///
/// The features of a picture are the same bits at any number of threads and in any batch: they
/// depend on the picture, its size, the weights, the arithmetic and the instruction set only.
public final class ConvolutionStack: Sendable {
  /// In the order in which they are computed.
  public let layers: [ConvolutionLayer]
  /// How they are computed.
  public let arithmetic: Arithmetic
  /// The instruction set in use.
  public let instructionSet: InstructionSet

  private let engine: Mutex<Engine>

  /// Prepares to run `layers`, each on the output of the one before it.
  ///
  /// - Throws: `KernelsError` for layers that do not fit together, for bf16 on a CPU without it
  ///   and for a `HEADSTART_CPU` that cannot be honoured.
  public convenience init(
    layers: [ConvolutionLayer], arithmetic: Arithmetic = .f32, pool: ThreadPool
  ) throws(KernelsError) {
    try self.init(
      layers: layers, arithmetic: arithmetic, pool: pool,
      instructionSet: try InstructionSet.selected.get(), tiles: nil)
  }

  /// - Parameter tiles: the tile size m of F(m×m, 3×3) of each layer, 1 for a direct first
  ///   layer; nil for the best ones.
  package init(
    layers: [ConvolutionLayer], arithmetic: Arithmetic, pool: ThreadPool,
    instructionSet: InstructionSet, tiles: [Int]?
  ) throws(KernelsError) {
    guard !layers.isEmpty else { throw .noLayers }
    for (index, layer) in layers.enumerated() {
      try layer.check()
      if index > 0, layers[index - 1].outputChannels != layer.inputChannels {
        throw .mismatchedChannels(
          layer: layer.name, expected: layers[index - 1].outputChannels,
          found: layer.inputChannels)
      }
    }
    guard instructionSet.isSupported else { throw .missingInstructionSet(instructionSet) }
    guard let kernels = instructionSet.kernels(bf16: arithmetic == .bf16) else {
      throw .unsupportedArithmetic(arithmetic, instructionSet)
    }
    self.layers = layers
    self.arithmetic = arithmetic
    self.instructionSet = instructionSet
    engine = Mutex(
      Engine(layers: layers, arithmetic: arithmetic, pool: pool, kernels: kernels, tiles: tiles))
  }

  /// The shape of one picture's features.
  public func outputShape(height: Int, width: Int) -> (height: Int, width: Int, channels: Int) {
    let pools = layers.count { $0.poolAfter }
    return (height >> pools, width >> pools, layers.last!.outputChannels)
  }

  /// The features of some pictures of one size.
  ///
  /// Calls from several threads take turns. Must not be called from a body that runs on the
  /// stack's own pool.
  ///
  /// - Parameter images: NHWC, `[count][height][width][inputChannels of the first layer]`.
  /// - Returns: NHWC, `[count]` times `outputShape`.
  /// - Throws: `KernelsError` for sizes that do not fit or leave nothing, or lack of memory.
  public func forward(_ images: [Float], count: Int, height: Int, width: Int)
    throws(KernelsError) -> [Float]
  {
    try checkSizes(count: count, height: height, width: width)
    let expected = count * height * width * layers[0].inputChannels
    guard images.count == expected else {
      throw .wrongPictureSize(expected: expected, found: images.count)
    }
    return try engine.withLock { engine throws(KernelsError) in
      try engine.forward(images, count: count, height: height, width: width)
    }
  }

  /// How long each layer takes on pictures of one size.
  ///
  /// Runs once to warm up, then `repetitions` times, and reports the fastest run.
  ///
  /// - Precondition: count ≥ 1, repetitions ≥ 1.
  /// - Throws: `KernelsError`, as `forward` does.
  public func timing(count: Int, height: Int, width: Int, repetitions: Int)
    throws(KernelsError) -> StackTiming
  {
    precondition(count >= 1 && repetitions >= 1, "\(count) pictures, \(repetitions) times")
    try checkSizes(count: count, height: height, width: width)
    // The values do not matter to the time; these are of the size of preprocessed pixels.
    let images = (0..<(count * height * width * layers[0].inputChannels)).map {
      Float(($0 &* 40503) & 0xff) - 110
    }
    return try engine.withLock { engine throws(KernelsError) in
      var best: StackTiming?
      for repetition in 0...repetitions {
        let start = now()
        _ = try engine.forward(images, count: count, height: height, width: width)
        let timing = engine.timing(seconds: now() - start, count: count)
        if repetition > 0, timing.seconds < best?.seconds ?? .infinity { best = timing }
      }
      return best!
    }
  }

  private func checkSizes(count: Int, height: Int, width: Int) throws(KernelsError) {
    // Far below what could overflow, far above what memory could hold.
    let side = 1 << 20
    guard (1...side).contains(height), (1...side).contains(width), count >= 0,
      height * width <= 1 << 30, count <= (1 << 44) / (height * width)
    else {
      throw .invalidPictures(count: count, height: height, width: width)
    }
    var (h, w) = (height, width)
    for layer in layers where layer.poolAfter {
      (h, w) = (h / 2, w / 2)
      guard h > 0, w > 0 else { throw .vanished(layer: layer.name, height: height, width: width) }
    }
  }
}
