import CKernels

/// A layer's weights as the kernels read them.
///
/// Transformed weights depend on the tile size, and that on the size of the pictures: those of the
/// latest size are kept.
final class PreparedWeights {
  private struct Key: Hashable {
    var layer, m: Int
  }

  private let layers: [ConvolutionLayer]
  private let kernels: UnsafePointer<ck_kernels>
  private let pool: ThreadPool
  private var prepared: [Key: Memory] = [:]
  private var biases: [Int: Memory] = [:]

  init(layers: [ConvolutionLayer], kernels: UnsafePointer<ck_kernels>, pool: ThreadPool) {
    self.layers = layers
    self.kernels = kernels
    self.pool = pool
  }

  /// Makes what `plan` needs and is not there, in parallel, and drops what it does not need.
  func prepare(for plan: StackPlan) throws(KernelsError) {
    let needed = Set(plan.layers.enumerated().map { Key(layer: $0, m: $1.m) })
    prepared = prepared.filter { needed.contains($0.key) }
    var jobs: [TransformJob] = []
    for (index, layer) in plan.layers.enumerated() {
      if biases[index] == nil { biases[index] = try paddedBias(index, layer) }
      let key = Key(layer: index, m: layer.m)
      guard prepared[key] == nil else { continue }
      switch layer.method {
      case .direct:
        prepared[key] = try packedDirectly(index, layer)
      case .winograd:
        let words = layer.inputChannels / Int(kernels.pointee.channels_per_word)
        let memory = try Memory(floats: layer.frequencies * words * layer.outputChannels)
        prepared[key] = memory
        jobs += transformJobs(index, layer, into: memory)
      }
    }
    let kernels = SendableKernels(pointer: kernels)
    let all = jobs
    pool.parallelFor(all.count) { all[$0].run(kernels.pointer) }
  }

  func weights(ofLayer layer: Int, m: Int) -> UnsafePointer<Float> {
    UnsafePointer(prepared[Key(layer: layer, m: m)]!.floats)
  }

  func bias(ofLayer layer: Int) -> UnsafePointer<Float> { UnsafePointer(biases[layer]!.floats) }

  private func paddedBias(_ index: Int, _ plan: LayerPlan) throws(KernelsError) -> Memory {
    let memory = try Memory(floats: plan.outputChannels)
    for (channel, value) in layers[index].bias.enumerated() { memory.floats[channel] = value }
    return memory
  }

  /// `[cout / N][9 cin][N]`.
  private func packedDirectly(_ index: Int, _ plan: LayerPlan) throws(KernelsError) -> Memory {
    let layer = layers[index]
    let taps = 9 * layer.inputChannels
    let block = Int(kernels.pointee.channel_block)
    let memory = try Memory(floats: taps * plan.outputChannels)
    for tap in 0..<taps {
      for channel in 0..<layer.outputChannels {
        memory.floats[(channel / block * taps + tap) * block + channel % block] =
          layer.kernel[tap * layer.outputChannels + channel]
      }
    }
    return memory
  }

  /// Pieces of equal size: a block of output channels, up to 64 input channels.
  private func transformJobs(_ index: Int, _ plan: LayerPlan, into memory: Memory)
    -> [TransformJob]
  {
    let blocks = plan.outputChannels / Int(kernels.pointee.channel_block)
    return (0..<blocks).flatMap { block in
      stride(from: 0, to: plan.inputChannels, by: 64).map { from in
        TransformJob(
          layer: layers[index], plan: plan, memory: memory, block: block, from: from,
          to: min(from + 64, plan.inputChannels))
      }
    }
  }
}

private struct SendableKernels: @unchecked Sendable {
  let pointer: UnsafePointer<ck_kernels>
}

private struct TransformJob: Sendable {
  let layer: ConvolutionLayer
  let plan: LayerPlan
  let memory: Memory
  let block, from, to: Int

  func run(_ kernels: UnsafePointer<ck_kernels>) {
    layer.kernel.withUnsafeBufferPointer { kernel in
      var weights = ck_weights(
        m: Int32(plan.m), flipped: 0, input_channels: Int32(layer.inputChannels),
        output_channels: Int32(layer.outputChannels), padded_input: Int32(plan.inputChannels),
        padded_output: Int32(plan.outputChannels), kernel: kernel.baseAddress,
        transformed: memory.floats)
      kernels.pointee.transform_weights(&weights, Int32(block), Int32(from), Int32(to))
    }
  }
}
