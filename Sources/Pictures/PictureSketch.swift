/// A picture in 128 bits and 256 greys: enough to recognise it resized or compressed anew.
struct PictureSketch: Sendable, Equatable {
  /// Hash of the file's bytes.
  let content: UInt64
  /// The difference hash: on an 8×8 grid of the picture shrunk to 9×9 greys, whether the neighbour to
  /// the right (first word) and below (second word) is brighter. Zero for what cannot be decoded.
  let gradients: SIMD2<UInt64>
  /// 16×16 greys; empty for what cannot be decoded.
  let thumbnail: [UInt8]

  static let thumbnailSide = 16

  /// Bits of 128 and greys (mean absolute difference) by which sketches of one picture may differ.
  ///
  /// Resizing to half and JPEG quality 30 stay below; different photos of one scene seldom do.
  static let gradientTolerance = 10
  static let greyTolerance = 5

  init(content: UInt64, gradients: SIMD2<UInt64>, thumbnail: [UInt8]) {
    (self.content, self.gradients, self.thumbnail) = (content, gradients, thumbnail)
  }

  init(of bytes: [UInt8], name: String) {
    content = ContentHash.hash(bytes)
    guard let picture = try? Self.small(bytes, name: name) else {
      (gradients, thumbnail) = (.zero, [])
      return
    }
    thumbnail = Self.greys(picture.resized(width: 16, height: 16, .bilinear))
    let grid = Self.greys(picture.resized(width: 9, height: 9, .bilinear))
    var (right, below): (UInt64, UInt64) = (0, 0)
    for y in 0..<8 {
      for x in 0..<8 {
        let (here, bit) = (grid[y * 9 + x], UInt64(1) << (y * 8 + x))
        if grid[y * 9 + x + 1] > here { right |= bit }
        if grid[y * 9 + 9 + x] > here { below |= bit }
      }
    }
    gradients = SIMD2(right, below)
  }

  /// The picture upright, and not much larger than needed: a JPEG can be decoded at an eighth.
  private static func small(_ bytes: [UInt8], name: String) throws(PictureError) -> Picture {
    guard PictureFormat(firstBytes: bytes) == .jpeg else {
      return try PictureDecoder.decode(bytes, name: name)
    }
    let file = EncodedPicture(
      name: name, format: .jpeg, bytes: bytes, options: DecodingOptions())
    let (picture, orientation) = try JPEGDecoder.decode(file, smallestSide: 4 * thumbnailSide)
    return picture.upright(from: orientation)
  }

  private static func greys(_ picture: Picture) -> [UInt8] {
    stride(from: 0, to: picture.pixels.count, by: 3).map { i in
      let (red, green) = (Int(picture.pixels[i]), Int(picture.pixels[i + 1]))
      return UInt8((red * 77 + green * 150 + Int(picture.pixels[i + 2]) * 29) >> 8)
    }
  }

  /// Whether both show the same picture, as far as sketches tell.
  func resembles(_ other: PictureSketch) -> Bool {
    guard !thumbnail.isEmpty, !other.thumbnail.isEmpty else { return false }
    let different = gradients ^ other.gradients
    guard different.x.nonzeroBitCount + different.y.nonzeroBitCount <= Self.gradientTolerance else {
      return false
    }
    var sum = 0
    for i in thumbnail.indices { sum += abs(Int(thumbnail[i]) - Int(other.thumbnail[i])) }
    return sum <= Self.greyTolerance * thumbnail.count
  }
}
