import CKernels

/// The gradient by the kernel of a 3×3 convolution, in Winograd's domain:
///
///     dU[f] = Σ over tiles of V[f]ᵀ · D[f],  dw = Gᵀ dU G,  with D = A dy Aᵀ
///
/// Work goes in one of two orders, by the size of dU:
/// - private: the tiles are cut into a fixed number of parts with a sum of their own each; a
///   worker transforms some tiles of its part and adds all frequencies' products, in L2.
/// - shared: all workers transform a block of tiles together, then share out the frequencies.
///
/// The order, and so the bits, depend on shape and number of pictures alone.
final class WinogradKernelGradient: @unchecked Sendable {
  private let shape: ConvolutionShape
  private let plan: LayerPlan
  private let pool: ThreadPool
  private let kernels: UnsafePointer<ck_kernels>
  private var operands: [(v: Memory, d: Memory)] = []
  private var sums: Memory?

  /// Most bytes of a dU that every part has for itself.
  private static let privateBytes = 1 << 20
  private static let parts = 16
  private static let privateTiles = 48
  /// Bytes of V and D of a block that workers share.
  private static let sharedBytes = 48 << 20

  init(
    shape: ConvolutionShape, plan: LayerPlan, pool: ThreadPool,
    kernels: UnsafePointer<ck_kernels>
  ) {
    self.shape = shape
    self.plan = plan
    self.pool = pool
    self.kernels = kernels
  }

  private var frequencySums: Int { oddLines(shape.inputChannels * plan.outputChannels) }
  private var allSums: Int { plan.frequencies * frequencySums }
  private var isPrivate: Bool { allSums * 4 <= Self.privateBytes }
  private var inputTile: Int { oddLines(plan.inputChannels) }
  private var outputTile: Int { oddLines(plan.outputChannels) }

  /// Most tiles that are transformed at a time.
  private func blockTiles(of tiles: Int) -> Int {
    if isPrivate { return min(tiles, Self.privateTiles) }
    let bytes = plan.frequencies * (inputTile + outputTile) * 4
    return min(tiles, max(64, Self.sharedBytes / bytes))
  }

  func prepare(count: Int, scratch blocks: inout ScratchMemory.Blocks) throws(KernelsError) {
    sums = try blocks.take(floats: (isPrivate ? Self.parts : 1) * allSums)
    let tiles = blockTiles(of: count * plan.tiles)
    operands = []
    for _ in 0..<(isPrivate ? pool.threads : 1) {
      operands.append(
        (
          try blocks.take(floats: plan.frequencies * oddLines(tiles * inputTile)),
          try blocks.take(floats: plan.frequencies * oddLines(tiles * outputTile))
        ))
    }
  }

  func run(
    input: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>, count: Int,
    kernel: UnsafeMutablePointer<Float>
  ) {
    let window = shape.window
    let layer = ck_winograd(
      plan, from: Pictures(input, window.height, window.width, shape.inputChannels),
      to: Pictures(
        outputGradient, shape.outputHeight, shape.outputWidth, shape.outputChannels),
      weights: nil, bias: nil, pads: (window.padTop, window.padLeft), least: 0)
    if isPrivate {
      runPrivate(layer, tiles: count * plan.tiles)
    } else {
      runShared(layer, tiles: count * plan.tiles)
    }
    gather(into: kernel)
  }

  private func block(_ range: Range<Int>) -> ck_gradient {
    ck_gradient(
      count: Int32(range.count), input_tile: inputTile,
      input_frequency: oddLines(range.count * inputTile), output_tile: outputTile,
      output_frequency: oddLines(range.count * outputTile))
  }

  /// Blocks of at most `most` tiles, of equal size.
  private func blocks(of tiles: Range<Int>, most: Int) -> [Range<Int>] {
    let count = ceilingDivide(tiles.count, most)
    return (0..<count).map {
      tiles.lowerBound + tiles.count * $0 / count..<tiles.lowerBound + tiles.count * ($0 + 1)
        / count
    }
  }

  private func runPrivate(_ layer: ck_winograd, tiles: Int) {
    let most = blockTiles(of: tiles)
    nonisolated(unsafe) let (layer, sums) = (layer, sums!.floats)
    pool.parallelFor(Self.parts) { [self] part, worker in
      let own = sums + part * allSums
      own.update(repeating: 0, count: allSums)
      let range = tiles * part / Self.parts..<tiles * (part + 1) / Self.parts
      let (v, d) = (operands[worker].v.floats, operands[worker].d.floats)
      for range in blocks(of: range, most: most) {
        let block = block(range)
        transform(layer, block, first: range.lowerBound, 0..<range.count, v: v, d: d)
        for f in 0..<plan.frequencies {
          multiply(
            block, frequency: f, channels: 0..<shape.inputChannels, v: v, d: d, into: own)
        }
      }
    }
    let size = allSums
    pool.parallelFor(ceilingDivide(size, 1 << 12)) { index in
      for part in 1..<Self.parts {
        let from = sums + part * size
        for i in index << 12..<min((index + 1) << 12, size) { sums[i] += from[i] }
      }
    }
  }

  private func runShared(_ layer: ck_winograd, tiles: Int) {
    nonisolated(unsafe) let (layer, sums) = (layer, sums!.floats)
    let (v, d) = (operands[0].v, operands[0].d)
    // Pieces of work enough for every worker.
    let slices = min(ceilingDivide(16 * pool.threads, plan.frequencies), shape.inputChannels)
    for range in blocks(of: 0..<tiles, most: blockTiles(of: tiles)) {
      let block = block(range)
      let pieces = min(range.count, 8 * pool.threads)
      pool.parallelFor(pieces) { [self] piece in
        transform(
          layer, block, first: range.lowerBound,
          range.count * piece / pieces..<range.count * (piece + 1) / pieces, v: v.floats,
          d: d.floats)
      }
      pool.parallelFor(plan.frequencies * slices) { [self] index in
        let (f, slice) = index.quotientAndRemainder(dividingBy: slices)
        let channels =
          shape.inputChannels * slice / slices..<shape.inputChannels * (slice + 1) / slices
        if range.lowerBound == 0 {
          (sums + f * frequencySums + channels.lowerBound * plan.outputChannels).update(
            repeating: 0, count: channels.count * plan.outputChannels)
        }
        multiply(
          block, frequency: f, channels: channels, v: v.floats, d: d.floats, into: sums)
      }
    }
  }

  /// V and D of some of a block's tiles.
  private func transform(
    _ layer: ck_winograd, _ block: ck_gradient, first: Int, _ tiles: Range<Int>,
    v: UnsafeMutablePointer<Float>, d: UnsafeMutablePointer<Float>
  ) {
    withUnsafePointer(to: layer) { layer in
      withUnsafePointer(to: block) { block in
        kernels.pointee.gradient_input(
          layer, block, Int32(first), Int32(tiles.lowerBound), Int32(tiles.upperBound), v)
        kernels.pointee.gradient_output(
          layer, block, Int32(first), Int32(tiles.lowerBound), Int32(tiles.upperBound), d)
      }
    }
  }

  /// Adds a block's products of one frequency and some input channels to dU.
  private func multiply(
    _ block: ck_gradient, frequency f: Int, channels: Range<Int>,
    v: UnsafeMutablePointer<Float>, d: UnsafeMutablePointer<Float>,
    into sums: UnsafeMutablePointer<Float>
  ) {
    let most = 192  // V of so many tiles stays in L2
    for tile in stride(from: 0, to: Int(block.count), by: most) {
      let count = min(most, Int(block.count) - tile)
      let inputs = v + f * block.input_frequency + tile * inputTile + channels.lowerBound
      let outputs = d + f * block.output_frequency + tile * outputTile
      let target = sums + f * frequencySums + channels.lowerBound * plan.outputChannels
      for column in stride(
        from: 0, to: plan.outputChannels, by: Int(kernels.pointee.channel_block))
      {
        kernels.pointee.add_outer(
          Int32(count), Int32(channels.count), inputs, inputTile, outputs + column, outputTile,
          target + column, plan.outputChannels)
      }
    }
  }

  /// dw = Gᵀ dU G.
  private func gather(into kernel: UnsafeMutablePointer<Float>) {
    nonisolated(unsafe) let job = ck_weights(
      m: Int32(plan.m), flipped: 0, input_channels: Int32(shape.inputChannels),
      output_channels: Int32(shape.outputChannels), padded_input: Int32(shape.inputChannels),
      padded_output: Int32(plan.outputChannels), kernel: nil, transformed: nil)
    nonisolated(unsafe) let (kernels, sums, kernel) = (kernels, sums!.floats, kernel)
    let frequency = frequencySums
    let pieces = ceilingDivide(shape.inputChannels, 8)
    pool.parallelFor(pieces) { [channels = shape.inputChannels] piece in
      withUnsafePointer(to: job) {
        kernels.pointee.gather_weights(
          $0, frequency, Int32(piece * 8), Int32(min(piece * 8 + 8, channels)), sums, kernel)
      }
    }
  }
}
