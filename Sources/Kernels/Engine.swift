import CKernels

/// What a stack keeps between calls, and the order in which it computes.
///
/// A layer runs when the one before it has finished a whole group of pictures (or the rest of
/// them). Early layers have small groups, so that activations stay in L3, late ones large, so
/// that weights are read once for many tiles.
struct Engine: ~Copyable, @unchecked Sendable {
  /// Seconds that each layer took in the last run.
  private var seconds: [Double]

  private let layers: [ConvolutionLayer]
  private let arithmetic: Arithmetic
  private let pool: ThreadPool
  private let kernels: UnsafePointer<ck_kernels>
  private let tiles: [Int]?
  private let weights: PreparedWeights
  private var workspace: Workspace?

  init(
    layers: [ConvolutionLayer], arithmetic: Arithmetic, pool: ThreadPool,
    kernels: UnsafePointer<ck_kernels>, tiles: [Int]?
  ) {
    self.layers = layers
    self.arithmetic = arithmetic
    self.pool = pool
    self.kernels = kernels
    self.tiles = tiles
    weights = PreparedWeights(layers: layers, kernels: kernels, pool: pool)
    seconds = Array(repeating: 0, count: layers.count)
  }

  /// Memory for `count` pictures of one size, with all weights ready.
  private mutating func workspace(count: Int, height: Int, width: Int) throws(KernelsError)
    -> Workspace
  {
    if let workspace, workspace.height == height, workspace.width == width,
      workspace.fits(count: count)
    {
      return workspace
    }
    workspace = nil  // give its memory back first
    let plan = StackPlan(
      layers: layers, height: height, width: width, arithmetic: arithmetic,
      channelBlock: Int(kernels.pointee.channel_block), tiles: tiles)
    try weights.prepare(for: plan)
    let made = try Workspace(
      height: height, width: width, plan: plan, capacity: max(count, 1), threads: pool.threads,
      kernels: kernels.pointee)
    workspace = made
    return made
  }

  mutating func forward(_ images: [Float], count: Int, height: Int, width: Int)
    throws(KernelsError) -> [Float]
  {
    let workspace = try workspace(count: count, height: height, width: width)
    let plan = workspace.plan.layers
    let last = plan.last!
    let size = last.outputHeight * last.outputWidth * layers.last!.outputChannels
    var times = Array(repeating: 0.0, count: layers.count)
    let features = [Float](unsafeUninitializedCapacity: count * size) { buffer, initialized in
      images.withUnsafeBufferPointer { images in
        // A call of no pictures has no addresses.
        if count > 0 {
          compute(
            images.baseAddress!, into: buffer.baseAddress!, count: count, in: workspace,
            times: &times)
        }
      }
      initialized = count * size
    }
    seconds = times
    return features
  }

  /// The last run, which took `seconds` in all.
  func timing(seconds total: Double, count: Int) -> StackTiming {
    let layers = zip(layers, zip(workspace!.plan.layers, seconds)).map { layer, measured in
      StackTiming.Layer(
        name: layer.name, height: measured.0.height, width: measured.0.width,
        inputChannels: layer.inputChannels, outputChannels: layer.outputChannels,
        tile: measured.0.m, seconds: measured.1)
    }
    return StackTiming(count: count, seconds: total, layers: layers)
  }

  private func compute(
    _ images: UnsafePointer<Float>, into features: UnsafeMutablePointer<Float>, count: Int,
    in workspace: Workspace, times: inout [Double]
  ) {
    let plan = workspace.plan.layers
    var done = Array(repeating: 0, count: plan.count)  // pictures that each layer has finished
    while done.last! < count {
      for index in plan.indices {
        let group = min(plan[index].group, count)
        let ready = index > 0 ? done[index - 1] : min(count, done[0] + group)
        let pictures = ready - done[index]
        if pictures == 0 || (pictures < group && ready < count) { break }
        let start = now()
        let next = index + 1 < plan.count ? plan[index + 1].group : group
        let place = done[index] % min(next, count)
        if index == 0 {
          load(images, from: done[0], pictures: pictures, in: workspace)
        }
        run(index, pictures: pictures, outputFrom: place, in: workspace)
        if index == plan.count - 1 {
          unload(into: features, from: done[index], place: place, pictures: pictures, in: workspace)
        }
        done[index] = ready
        times[index] += now() - start
      }
    }
  }

  private func run(_ index: Int, pictures: Int, outputFrom place: Int, in workspace: Workspace) {
    let plan = workspace.plan.layers[index]
    let input = workspace.activations[index].view(from: 0)
    let pooled = workspace.activations[index + 1].view(from: place)
    let output = workspace.unpooled[index]?.view(from: 0) ?? pooled
    let layerWeights = weights.weights(ofLayer: index, m: plan.m)
    let bias = weights.bias(ofLayer: index)
    switch plan.method {
    case .direct:
      DirectStep(
        kernels: kernels,
        layer: ck_direct(
          input_channels: Int32(plan.inputChannels), output_channels: Int32(plan.outputChannels),
          width: Int32(plan.width), input: input, output: output, weights: layerWeights,
          bias: bias),
        plan: plan, pictures: pictures, pool: pool
      ).run()
    case .winograd(let m):
      let fused = plan.fusesPool
      WinogradStep(
        kernels: kernels,
        layer: ck_winograd(
          m: Int32(m), tiles_y: Int32(plan.tilesY), tiles_x: Int32(plan.tilesX),
          input_channels: Int32(plan.inputChannels), output_channels: Int32(plan.outputChannels),
          output_height: Int32(fused ? plan.outputHeight : plan.height),
          output_width: Int32(fused ? plan.outputWidth : plan.width), pool: fused ? 1 : 0,
          input: input, output: output, weights: layerWeights, bias: bias, pad_y: 1, pad_x: 1,
          least: 0, exact: 0, input_height: Int32(plan.height), input_width: Int32(plan.width),
          exact_input_channels: Int32(plan.inputChannels),
          exact_output_channels: Int32(plan.outputChannels)),
        plan: plan, pictures: pictures, scratch: workspace.scratch, pool: pool
      ).run()
    }
    if plan.pools && !plan.fusesPool {
      PoolStep(
        kernels: kernels, plan: plan, input: output, output: pooled, pictures: pictures, pool: pool
      ).run()
    }
  }

  /// Copies pictures into the first layer's input.
  private func load(
    _ images: UnsafePointer<Float>, from first: Int, pictures: Int, in workspace: Workspace
  ) {
    let plan = workspace.plan.layers[0]
    let rows = RowCopy(
      tight: UnsafeMutablePointer(mutating: images)
        + first * plan.height * plan.width * layers[0].inputChannels,
      padded: workspace.activations[0].view(from: 0), height: plan.height, width: plan.width,
      channels: layers[0].inputChannels)
    pool.parallelFor(pictures * plan.height) { rows.load($0) }
  }

  /// Copies features out of the last layer's output.
  private func unload(
    into features: UnsafeMutablePointer<Float>, from first: Int, place: Int, pictures: Int,
    in workspace: Workspace
  ) {
    let plan = workspace.plan.layers.last!
    let channels = layers.last!.outputChannels
    let rows = RowCopy(
      tight: features + first * plan.outputHeight * plan.outputWidth * channels,
      padded: workspace.activations.last!.view(from: place), height: plan.outputHeight,
      width: plan.outputWidth, channels: channels)
    for row in 0..<(pictures * plan.outputHeight) { rows.unload(row) }
  }
}
