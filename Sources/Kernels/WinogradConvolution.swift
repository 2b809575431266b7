import CKernels

/// A 3×3 convolution of stride 1 by Winograd's F(m×m, 3×3), with weights that change from call
/// to call.
///
/// Forward: P[f] = V[f]·U[f]. The gradient by the input is the forward pass of the output's
/// gradient with the weights turned by half a turn and their channels exchanged, padded by 2 − p.
/// That by the kernel is the adjoint: see `WinogradKernelGradient`.
final class WinogradConvolution: ConvolutionMethod, @unchecked Sendable {
  private let shape: ConvolutionShape
  private let m: Int
  private let pool: ThreadPool
  private let kernels: UnsafePointer<ck_kernels>
  /// The two passes as layers of a stack; channels padded.
  private let forward, backward: LayerPlan
  /// U of the pass under way, and zeros in the place of a bias.
  private var weights, bias: Memory?
  private var scratch: Scratch?
  private let gradient: WinogradKernelGradient

  init(
    shape: ConvolutionShape, m: Int, pool: ThreadPool, kernels: UnsafePointer<ck_kernels>
  ) {
    self.shape = shape
    self.m = m
    self.pool = pool
    self.kernels = kernels
    let vector = Int(kernels.pointee.vector_width)
    let block = Int(kernels.pointee.channel_block)
    func plan(_ height: Int, _ width: Int, _ input: Int, _ output: Int) -> LayerPlan {
      LayerPlan(
        method: .winograd(m: m), height: height, width: width,
        inputChannels: roundUp(input, to: vector), outputChannels: roundUp(output, to: block),
        pools: false, group: .max)
    }
    forward = plan(
      shape.outputHeight, shape.outputWidth, shape.inputChannels, shape.outputChannels)
    backward = plan(
      shape.window.height, shape.window.width, shape.outputChannels, shape.inputChannels)
    gradient = WinogradKernelGradient(shape: shape, plan: forward, pool: pool, kernels: kernels)
  }

  func prepare(count: Int, scratch blocks: inout ScratchMemory.Blocks) throws(KernelsError) {
    // Tiles are counted in 32 bits.
    guard count <= Int(Int32.max) / max(forward.tiles, backward.tiles) else {
      throw .invalidPictures(
        count: count, height: shape.window.height, width: shape.window.width)
    }
    let sizes = [forward, backward].map { $0.frequencies * $0.inputChannels * $0.outputChannels }
    weights = try blocks.take(floats: sizes.max()!)
    try gradient.prepare(count: count, scratch: &blocks)
    bias = try blocks.take(floats: max(forward.outputChannels, backward.outputChannels))
    scratch = try Scratch(
      layers: [forward, backward], capacity: count, threads: pool.threads,
      kernels: kernels.pointee
    ) { floats throws(KernelsError) in try blocks.take(floats: floats) }
  }

  func forward(
    _ input: UnsafePointer<Float>, count: Int, kernel: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, relu: Bool, output: UnsafeMutablePointer<Float>
  ) {
    let padded = self.bias!.floats
    if let bias {
      padded.update(from: bias, count: shape.outputChannels)
    } else {
      padded.update(repeating: 0, count: shape.outputChannels)
    }
    (padded + shape.outputChannels).update(
      repeating: 0, count: forward.outputChannels - shape.outputChannels)
    transform(kernel, for: forward, flipped: false)
    let window = shape.window
    run(
      forward, count: count,
      from: Pictures(input, window.height, window.width, shape.inputChannels),
      to: Pictures(output, shape.outputHeight, shape.outputWidth, shape.outputChannels),
      pads: (window.padTop, window.padLeft), least: relu ? 0 : -.infinity)
  }

  func inputGradient(
    _ outputGradient: UnsafePointer<Float>, count: Int, kernel: UnsafePointer<Float>,
    inputGradient: UnsafeMutablePointer<Float>
  ) {
    bias!.floats.update(repeating: 0, count: backward.outputChannels)
    transform(kernel, for: backward, flipped: true)
    let window = shape.window
    run(
      backward, count: count,
      from: Pictures(
        outputGradient, shape.outputHeight, shape.outputWidth, shape.outputChannels),
      to: Pictures(inputGradient, window.height, window.width, shape.inputChannels),
      pads: (2 - window.padTop, 2 - window.padLeft), least: -.infinity)
  }

  func kernelGradient(
    input: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>, count: Int,
    kernel: UnsafeMutablePointer<Float>
  ) {
    gradient.run(
      input: input, outputGradient: outputGradient, count: count, kernel: kernel)
  }

  /// U of weights as they are now.
  private func transform(_ kernel: UnsafePointer<Float>, for plan: LayerPlan, flipped: Bool) {
    let channels = [shape.inputChannels, shape.outputChannels]
    let blocks = plan.outputChannels / Int(kernels.pointee.channel_block)
    let pieces = ceilingDivide(plan.inputChannels, 64)
    nonisolated(unsafe) let job = ck_weights(
      m: Int32(m), flipped: flipped ? 1 : 0, input_channels: Int32(channels[flipped ? 1 : 0]),
      output_channels: Int32(channels[flipped ? 0 : 1]), padded_input: Int32(plan.inputChannels),
      padded_output: Int32(plan.outputChannels), kernel: kernel, transformed: weights!.floats)
    nonisolated(unsafe) let kernels = kernels
    pool.parallelFor(blocks * pieces) { index in
      let (block, piece) = index.quotientAndRemainder(dividingBy: pieces)
      withUnsafePointer(to: job) {
        kernels.pointee.transform_training(
          $0, Int32(block), Int32(piece * 64), Int32(min(piece * 64 + 64, plan.inputChannels)))
      }
    }
  }

  private func run(
    _ plan: LayerPlan, count: Int, from input: Pictures, to output: Pictures,
    pads: (Int, Int), least: Float
  ) {
    WinogradStep(
      kernels: kernels,
      layer: ck_winograd(
        plan, from: input, to: output, weights: weights!.floats, bias: bias!.floats, pads: pads,
        least: least),
      plan: plan, pictures: count, scratch: scratch!, pool: pool
    ).run()
  }
}

/// Pictures as they are in a caller's array.
struct Pictures {
  let origin: UnsafeMutablePointer<Float>
  let height, width, channels: Int

  init(_ origin: UnsafeMutablePointer<Float>, _ height: Int, _ width: Int, _ channels: Int) {
    self.origin = origin
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// Pictures that are only read.
  init(_ origin: UnsafePointer<Float>, _ height: Int, _ width: Int, _ channels: Int) {
    self.init(UnsafeMutablePointer(mutating: origin), height, width, channels)
  }

  var activations: ck_activations {
    ck_activations(
      origin: origin, pixel: channels, row: width * channels,
      picture: height * width * channels)
  }
}

extension ck_winograd {
  /// A layer on pictures without border.
  init(
    _ plan: LayerPlan, from input: Pictures, to output: Pictures,
    weights: UnsafePointer<Float>?, bias: UnsafePointer<Float>?, pads: (Int, Int), least: Float
  ) {
    self.init(
      m: Int32(plan.m), tiles_y: Int32(plan.tilesY), tiles_x: Int32(plan.tilesX),
      input_channels: Int32(plan.inputChannels), output_channels: Int32(plan.outputChannels),
      output_height: Int32(output.height), output_width: Int32(output.width), pool: 0,
      input: input.activations, output: output.activations, weights: weights, bias: bias,
      pad_y: Int32(pads.0), pad_x: Int32(pads.1), least: least, exact: 1,
      input_height: Int32(input.height), input_width: Int32(input.width),
      exact_input_channels: Int32(input.channels), exact_output_channels: Int32(output.channels))
  }
}
