import CKernels

/// How one layer is computed at one size of picture.
///
/// Depends on neither the number of pictures nor of threads, because it decides about the bits.
struct LayerPlan: Sendable, Equatable {
  enum Method: Sendable, Equatable {
    /// Directly, from unpadded channels: the first layer, if its channels are few.
    case direct
    /// Winograd's F(m×m, 3×3).
    case winograd(m: Int)
  }

  var method: Method
  /// Pixels of its input, and of its output before the pool.
  var height, width: Int
  /// Channels in memory: padded to whole blocks, but for the input of a direct layer.
  var inputChannels, outputChannels: Int
  var pools: Bool
  /// Pictures that it should be given at a time.
  var group: Int

  /// The tile size, 1 for a direct layer.
  var m: Int { if case .winograd(let m) = method { m } else { 1 } }

  /// Whether the inverse transform does the pool: tiles of even size can be pooled alone.
  var fusesPool: Bool { pools && method != .direct && m % 2 == 0 }

  var outputHeight: Int { pools ? height / 2 : height }
  var outputWidth: Int { pools ? width / 2 : width }
  var tilesY: Int { ceilingDivide(height, m) }
  var tilesX: Int { ceilingDivide(width, m) }
  /// Tiles of one picture.
  var tiles: Int { tilesY * tilesX }
  var frequencies: Int { (m + 2) * (m + 2) }
}

/// How a stack of layers is computed at one size of picture.
struct StackPlan: Sendable {
  var layers: [LayerPlan]

  /// Most pictures that a layer is given at a time.
  static let largestGroup = 32
  /// Tiles that repay one reading of a layer's weights.
  static let enoughTiles = 448

  /// - Parameter tiles: the tile size m of each layer; nil lets the arithmetic's budget choose.
  init(
    layers: [ConvolutionLayer], height: Int, width: Int, arithmetic: Arithmetic,
    channelBlock: Int, tiles: [Int]? = nil
  ) {
    self.layers = []
    var height = height
    var width = width
    for (index, layer) in layers.enumerated() {
      let isDirect =
        index == 0 && layer.inputChannels <= ConvolutionAlgorithm.mostDirectChannels
        && (tiles?[0] ?? 1) == 1
      let plan = LayerPlan(
        method: isDirect ? .direct : .winograd(m: 2), height: height, width: width,
        inputChannels: isDirect
          ? layer.inputChannels : roundUp(layer.inputChannels, to: channelBlock),
        outputChannels: roundUp(layer.outputChannels, to: channelBlock), pools: layer.poolAfter,
        group: 1)
      self.layers.append(plan)
      height = plan.outputHeight
      width = plan.outputWidth
    }
    let tiles = tiles ?? TileChoice(arithmetic: arithmetic).tileSizes(of: self.layers)
    var group = 1
    for (index, m) in tiles.enumerated() {
      if self.layers[index].method != .direct { self.layers[index].method = .winograd(m: m) }
      // Powers of two that never shrink, so that one layer's groups fill the next one's.
      while group < Self.largestGroup, group * self.layers[index].tiles < Self.enoughTiles {
        group *= 2
      }
      self.layers[index].group = group
    }
  }
}
