/// An 8-bit RGB picture.
///
/// Pixels are interleaved R, G, B, row after row from the top left: the sample of channel `c` at
/// column `x` of row `y` is `pixels[(y * width + x) * 3 + c]`.
public struct Picture: Sendable, Equatable {
  /// In pixels.
  public let width: Int
  /// In pixels.
  public let height: Int

  /// `height` × `width` × 3 samples.
  public let pixels: [UInt8]

  /// Wraps pixels that are there already; their count must be `width * height * 3`.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0, "a picture has at least one pixel")
    precondition(pixels.count == width * height * 3, "pixels must be height × width × 3 samples")
    self.width = width
    self.height = height
    self.pixels = pixels
  }
}
