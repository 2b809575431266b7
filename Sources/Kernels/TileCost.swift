/// What tiles of Winograd's F(m×m, 3×3) cost a layer: seconds a picture, forward, on a core of
/// 118 GFLOPS (f32), 16 floats wide.
///
/// The constants were measured; only the costs of different m in relation to each other matter.
struct TileCost {
  /// Pixels of the output.
  let height, width: Int

  /// As they are in memory, padded to whole vectors or blocks.
  let inputChannels, outputChannels: Int

  /// Multiplications and additions a second that the products reach.
  var rate = 107e9

  /// Bytes that are moved for each transformed weight, once for some 16 pictures.
  var weightBytes = 4

  func seconds(m: Int) -> Double {
    let frequencies = Double((m + 2) * (m + 2))
    let tiles = Double(ceilingDivide(height, m) * ceilingDivide(width, m))
    let pairs = Double(inputChannels * outputChannels)
    let products = 2 * frequencies * tiles * pairs / rate
    // Every value of the transformed domain is written and read once; cost by vectors of 16.
    let vectors = frequencies * tiles * Double(inputChannels + outputChannels) / 16
    let transforms = vectors * 4e-9
    let weights = frequencies * pairs * Double(weightBytes) / 20e9 / 16
    return products + transforms + weights
  }
}
