import CKernels

/// Activations of some pictures: NHWC inside a border of zeros that fits the tiles of size m of
/// the layer that reads them.
struct Activations: Sendable {
  let memory: Memory
  let border: Int
  let pixel, row, picture: Int

  init(pictures: Int, height: Int, width: Int, channels: Int, m: Int, border: Int)
    throws(KernelsError)
  {
    let rows = roundUp(height, to: m) + 2 * border
    pixel = channels
    row = (roundUp(width, to: m) + 2 * border) * channels
    picture = rows * row
    self.border = border
    memory = try Memory(floats: pictures * picture)
  }

  /// The pictures from `first` on.
  func view(from first: Int) -> ck_activations {
    ck_activations(
      origin: memory.floats + first * picture + border * (row + pixel), pixel: pixel, row: row,
      picture: picture)
  }
}

/// All memory that a stack needs for one size of picture, whatever their number.
final class Workspace: Sendable {
  let height, width: Int
  let plan: StackPlan
  /// Calls of up to this many pictures can use it, and calls of any number if the groups of
  /// pictures are complete.
  let capacity: Int
  /// The input of each layer, and behind them the features.
  let activations: [Activations]
  /// The output before the pool of layers that do not fuse it.
  let unpooled: [Int: Activations]
  let scratch: Scratch

  init(
    height: Int, width: Int, plan: StackPlan, capacity: Int, threads: Int,
    kernels: ck_kernels
  ) throws(KernelsError) {
    self.height = height
    self.width = width
    self.plan = plan
    self.capacity = min(capacity, plan.layers.last!.group)
    var activations: [Activations] = []
    var unpooled: [Int: Activations] = [:]
    for (index, layer) in plan.layers.enumerated() {
      let pictures = min(layer.group, capacity)
      activations.append(
        try Activations(
          pictures: pictures, height: layer.height, width: layer.width,
          channels: layer.inputChannels, m: layer.m, border: 1))
      if layer.pools && !layer.fusesPool {
        unpooled[index] = try Activations(
          pictures: pictures, height: layer.height, width: layer.width,
          channels: layer.outputChannels, m: 1, border: 0)
      }
    }
    let last = plan.layers.last!
    activations.append(
      try Activations(
        pictures: min(last.group, capacity), height: last.outputHeight, width: last.outputWidth,
        channels: last.outputChannels, m: 1, border: 0))
    self.activations = activations
    self.unpooled = unpooled
    scratch = try Scratch(
      layers: plan.layers, capacity: capacity, threads: threads, kernels: kernels
    ) { floats throws(KernelsError) in try Memory(floats: floats) }
  }

  /// Whether `count` pictures can be computed in it.
  func fits(count: Int) -> Bool { count <= capacity || capacity == plan.layers.last!.group }
}

/// The transformed inputs V and products P of the blocks under way.
struct Scratch: Sendable {
  /// V and P of each worker.
  let inputs, products: [Memory]
  /// V and P of a block that all workers share.
  let sharedInputs, sharedProducts: Memory

  init(
    layers: [LayerPlan], capacity: Int, threads: Int, kernels: ck_kernels,
    allocate: (_ floats: Int) throws(KernelsError) -> Memory
  ) throws(KernelsError) {
    var own = (inputs: 0, products: 0)
    var shared = (inputs: 0, products: 0)
    for layer in layers where layer.method != .direct {
      // A group may be smaller than planned, so either order can come up.
      let words = layer.inputChannels / Int(kernels.channels_per_word)
      let tiles = min(layer.group, capacity) * layer.tiles
      let some = min(tiles, WinogradStep.privateTiles(kernels))
      let many = min(tiles, WinogradStep.sharedTiles)
      own.inputs = max(own.inputs, layer.frequencies * oddLines(some * words))
      own.products = max(
        own.products, layer.frequencies * oddLines(some * Int(kernels.channel_block)))
      shared.inputs = max(shared.inputs, layer.frequencies * oddLines(many * words))
      shared.products = max(
        shared.products, layer.frequencies * oddLines(many * layer.outputChannels))
    }
    sharedInputs = try allocate(shared.inputs)
    sharedProducts = try allocate(shared.products)
    var inputs: [Memory] = []
    var products: [Memory] = []
    for _ in 0..<threads {
      inputs.append(try allocate(own.inputs))
      products.append(try allocate(own.products))
    }
    self.inputs = inputs
    self.products = products
  }
}
