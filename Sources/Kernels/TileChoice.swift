/// Chooses the tile size m of F(m×m, 3×3) for every layer of a stack.
///
/// Larger tiles need fewer multiplications, (m+2)²/m² for each output, but round more. So a stack
/// has a budget for the error of its output, which is spent where it saves the most time. The
/// choice depends on neither the number of pictures nor of threads, because it decides about the
/// bits.
///
/// The model of the error, relative, squared and in units of the arithmetic (10⁻¹² for f32, 10⁻⁶
/// for bf16), was fitted to VGG16's features of photos at 150×150 and 224×224:
///
///     error² = exact + Σ attenuation^(layers behind it) · excess(m)
struct TileChoice {
  let arithmetic: Arithmetic

  /// What the layers after it leave of a layer's error: they average it away.
  private static let attenuation = 0.73

  /// The largest error² that a stack may be planned to have.
  private var budget: Double {
    switch arithmetic {
    case .f32: 0.62
    case .f32Fast: 3.2
    case .bf16: 82
    }
  }

  /// The error² of a stack without tiles, and what tiles of size 2…6 add to it in the last layer.
  private var errors: (exact: Double, excess: [Int: Double]) {
    switch arithmetic {
    case .f32, .f32Fast: (0.26, [2: 0, 3: 0, 4: 0.11, 5: 0.62, 6: 2.5])
    case .bf16: (45, [2: 0, 3: 7, 4: 26, 5: 142, 6: 300])
    }
  }

  /// Seconds a picture.
  private func cost(_ layer: LayerPlan, m: Int) -> Double {
    let isHalf = arithmetic == .bf16
    let tiles = TileCost(
      height: layer.height, width: layer.width, inputChannels: layer.inputChannels,
      outputChannels: layer.outputChannels, rate: isHalf ? 210e9 : 107e9,
      weightBytes: isHalf ? 2 : 4)
    // Tiles of odd size leave the pool to a pass of its own.
    let isApart = layer.pools && m % 2 == 1
    let pool = isApart ? Double(layer.height * layer.width * layer.outputChannels) * 4 / 8e9 : 0
    return tiles.seconds(m: m) + pool
  }

  /// - Parameter layers: with any tile size.
  /// - Returns: the tile size of each; 1 for those computed directly.
  func tileSizes(of layers: [LayerPlan]) -> [Int] {
    let (exact, excess) = errors
    var sizes = layers.map {
      $0.method == .direct ? 1 : cheapest($0, of: excess.filter { $0.value == 0 }.keys.sorted())
    }
    var spent = exact
    while true {
      var best: (layer: Int, m: Int, price: Double, gain: Double)?
      var attenuation = 1.0
      for index in layers.indices.reversed() {
        defer { attenuation *= Self.attenuation }
        let now = sizes[index]
        guard now > 1 else { continue }
        for m in (now + 1)..<7 {
          let price = attenuation * (excess[m]! - excess[now]!)
          let gain = cost(layers[index], m: now) - cost(layers[index], m: m)
          guard gain > 0, spent + price <= budget else { continue }
          if gain * (best?.price ?? 1) > (best?.gain ?? 0) * price {
            best = (index, m, price, gain)
          }
        }
      }
      guard let best else { return sizes }
      sizes[best.layer] = best.m
      spent += best.price
    }
  }

  private func cheapest(_ layer: LayerPlan, of sizes: [Int]) -> Int {
    sizes.min { cost(layer, m: $0) < cost(layer, m: $1) }!
  }
}
