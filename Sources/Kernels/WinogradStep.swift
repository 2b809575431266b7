import CKernels

/// One Winograd layer on one group of pictures.
///
/// Work goes in blocks of consecutive tiles, in one of two orders:
/// - private: each worker takes whole blocks of some 56 tiles: input transform, then for each
///   block of output channels all frequencies' products, which stay in L2, and at once their
///   inverse transform. The weights stream from L3 once per block.
/// - shared: all workers transform one block of up to 224 tiles together, then share out the
///   frequencies, so that V[f] stays in L2 while U[f] streams past it exactly once from memory,
///   then share out the tiles for the inverse transform. For weights that L3 cannot hold and for
///   groups of too few tiles.
///
/// Either gives the same bits.
struct WinogradStep: @unchecked Sendable {
  let kernels: UnsafePointer<ck_kernels>
  let layer: ck_winograd
  let plan: LayerPlan
  let pictures: Int
  let scratch: Scratch
  let pool: ThreadPool

  static func privateTiles(_ kernels: ck_kernels) -> Int {
    roundUp(50, to: Int(kernels.panel_rows))
  }
  static let sharedTiles = 224
  /// Weights that stay in L3 beside the activations.
  static let cachedWeightBytes = 16 << 20

  private var tiles: Int { pictures * plan.tiles }
  private var channelBlock: Int { Int(kernels.pointee.channel_block) }
  private var words: Int { plan.inputChannels / Int(kernels.pointee.channels_per_word) }
  /// Floats of U of one frequency and one block of output channels.
  private var panelWeights: Int { words * channelBlock }

  func run() {
    let weightBytes = plan.frequencies * words * plan.outputChannels * 4
    if weightBytes > Self.cachedWeightBytes || tiles < 28 * pool.threads {
      runShared()
    } else {
      runPrivate()
    }
  }

  private func block(_ index: Int, of count: Int, productTile: Int) -> ck_block {
    let first = tiles * index / count
    let here = tiles * (index + 1) / count - first
    let panels = ceilingDivide(here, Int(kernels.pointee.panel_rows))
    let rows = ceilingDivide(here, panels)
    return ck_block(
      first: Int32(first), tiles: Int32(here), panel_rows: Int32(rows),
      panels: Int32(ceilingDivide(here, rows)), input_frequency: oddLines(here * words),
      product_tile: productTile, product_frequency: oddLines(here * productTile))
  }

  // MARK: Private blocks

  private func runPrivate() {
    // As many blocks of equal size for each worker.
    let least = ceilingDivide(tiles, Self.privateTiles(kernels.pointee))
    let blocks = min(tiles, roundUp(least, to: pool.threads))
    pool.parallelFor(blocks) { index, worker in
      runPrivate(
        block(index, of: blocks, productTile: channelBlock),
        v: scratch.inputs[worker].floats, p: scratch.products[worker].floats)
    }
  }

  private func runPrivate(
    _ block: ck_block, v: UnsafeMutablePointer<Float>, p: UnsafeMutablePointer<Float>
  ) {
    let blocks = plan.outputChannels / channelBlock
    withPointers(to: block) { layer, block in
      kernels.pointee.transform_input(layer, block, 0, block.pointee.tiles, v)
      for channels in 0..<blocks {
        for f in 0..<plan.frequencies {
          let isLast = f == plan.frequencies - 1
          kernels.pointee.multiply(
            layer, block, v + f * block.pointee.input_frequency,
            weights(frequency: f, channels), p + f * block.pointee.product_frequency,
            isLast ? weights(frequency: 0, channels + 1) : weights(frequency: f + 1, channels))
        }
        kernels.pointee.transform_output(
          layer, block, 0, block.pointee.tiles, Int32(channels * channelBlock),
          Int32(channelBlock), p)
      }
    }
  }

  /// U of one frequency and one block of output channels.
  private func weights(frequency: Int, _ channels: Int) -> UnsafePointer<Float> {
    let blocks = plan.outputChannels / channelBlock
    return layer.weights + (frequency * blocks + channels) * panelWeights
  }

  // MARK: Shared blocks

  private func runShared() {
    let blocks = ceilingDivide(tiles, Self.sharedTiles)
    for index in 0..<blocks {
      runShared(block(index, of: blocks, productTile: plan.outputChannels))
    }
  }

  private func runShared(_ block: ck_block) {
    let v = scratch.sharedInputs
    let p = scratch.sharedProducts
    let tiles = Int(block.tiles)
    // Pieces small enough to keep all workers busy to the end.
    let pieces = min(tiles, pool.threads == 1 ? 1 : 4 * pool.threads)
    pool.parallelFor(pieces) { piece in
      withPointers(to: block) {
        kernels.pointee.transform_input(
          $0, $1, Int32(tiles * piece / pieces), Int32(tiles * (piece + 1) / pieces), v.floats)
      }
    }
    let parts = channelParts
    pool.parallelFor(plan.frequencies * parts) { index in
      multiplyShared(block, frequency: index / parts, part: index % parts, of: parts)
    }
    pool.parallelFor(pieces) { piece in
      withPointers(to: block) {
        kernels.pointee.transform_output(
          $0, $1, Int32(tiles * piece / pieces), Int32(tiles * (piece + 1) / pieces), 0,
          Int32(plan.outputChannels), p.floats)
      }
    }
  }

  /// Parts that the output channels of a frequency are cut into, so that there are pieces of
  /// work enough for every worker.
  private var channelParts: Int {
    let blocks = plan.outputChannels / channelBlock
    var parts = 1
    while parts * 2 <= blocks, plan.frequencies * parts < 16 * pool.threads { parts *= 2 }
    return parts
  }

  private func multiplyShared(_ block: ck_block, frequency f: Int, part: Int, of parts: Int) {
    let blocks = plan.outputChannels / channelBlock
    let v = scratch.sharedInputs.floats + f * block.input_frequency
    let p = scratch.sharedProducts.floats + f * block.product_frequency
    withPointers(to: block) {
      for channels in (blocks * part / parts)..<(blocks * (part + 1) / parts) {
        let u = weights(frequency: f, channels)
        kernels.pointee.multiply($0, $1, v, u, p + channels * channelBlock, u + panelWeights)
      }
    }
  }

  private func withPointers(
    to block: ck_block, _ body: (UnsafePointer<ck_winograd>, UnsafePointer<ck_block>) -> Void
  ) {
    withUnsafePointer(to: layer) { layer in
      withUnsafePointer(to: block) { body(layer, $0) }
    }
  }
}
