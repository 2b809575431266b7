/// What a BMP file says of its pixels, and where they are.
///
/// Layout, all numbers little-endian: "BM", file size (4), reserved (4), offset of the pixels (4);
/// then a header that begins with its own size, 12 (OS/2: width and height of 16 bits) or 40 and more;
/// bit masks, if the header of 40 bytes has no room for them; and a palette.
///
/// What writers leave out or get wrong is filled in as PIL does.
struct BMPHeader {
  let width, height: Int
  /// Whether the first row is the top one.
  let isTopDown: Bool
  /// A pixel.
  let bits: Int
  /// The first byte of the first row.
  let pixels: Int
  /// 256 colours, for up to 8 bits a pixel.
  private(set) var palette: [Color] = []
  /// Where red, green and blue are in a pixel of more bits.
  private(set) var channels: [Channel] = []

  struct Color: Equatable {
    var red, green, blue: UInt8

    static func grey(_ level: UInt8) -> Color { Color(red: level, green: level, blue: level) }
  }

  /// Bits of a pixel, side by side.
  struct Channel {
    let shift, largest: UInt32

    /// Nil unless the mask is some bits side by side.
    init?(mask: UInt32) {
      guard mask != 0 else { return nil }
      shift = UInt32(mask.trailingZeroBitCount)
      largest = mask >> shift
      guard largest & (largest &+ 1) == 0 else { return nil }
    }

    /// 0…255, rounded down.
    func level(_ pixel: UInt32) -> UInt8 {
      UInt8(UInt64(pixel >> shift & largest) * 255 / UInt64(largest))
    }
  }

  /// Rows fill up to multiples of four bytes.
  var rowBytes: Int { (width * bits + 31) / 32 * 4 }

  init(_ file: EncodedPicture) throws(PictureError) {
    let bytes = file.bytes
    func little(_ offset: Int, _ count: Int) throws(PictureError) -> Int {
      guard offset + count <= bytes.count else { throw file.truncated() }
      return bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    let headerSize = try little(14, 4)
    let isShort = headerSize == 12
    var compression = 0
    var colors = 0
    switch headerSize {
    case 12:
      (width, height, bits) = (try little(18, 2), try little(20, 2), try little(24, 2))
      isTopDown = false
    case 40, 52, 56, 64, 108, 124:
      width = Int(Int32(truncatingIfNeeded: try little(18, 4)))
      let signed = Int(Int32(truncatingIfNeeded: try little(22, 4)))
      (height, isTopDown) = (abs(signed), signed < 0)
      (bits, compression, colors) = (try little(28, 2), try little(30, 4), try little(46, 4))
    default: throw file.unsupported("a header of \(headerSize) bytes")
    }
    try file.checkSize(width: width, height: height)
    guard compression == 0 || compression == 3 else {
      throw file.unsupported("compression \(compression) (run lengths, JPEG or PNG)")
    }
    guard [1, 4, 8, 16, 24, 32].contains(bits) else {
      throw file.unsupported("\(bits) bits a pixel")
    }
    let stated = try little(10, 4)
    var end = 14 + headerSize
    if bits <= 8 {
      guard compression == 0 else { throw file.unsupported("bit masks of \(bits) bits a pixel") }
      if colors == 0 { colors = 1 << bits }
      guard colors <= 256 else { throw file.damaged("a palette of \(colors) colours") }
      let entry = isShort ? 3 : 4
      palette = Self.palette(bytes[min(end, bytes.count)...], entry, colors, bits)
      end += entry * colors
      // Where the pixels are said to be where the palette is, they follow it.
      pixels = stated == 14 + headerSize || stated == 0 ? end : stated
    } else {
      var masks: [UInt32] = [0, 0, 0]
      if compression == 3 {
        for i in 0..<3 { masks[i] = UInt32(try little(54 + 4 * i, 4)) }
        if headerSize == 40 { end += 12 }
      }
      if compression == 0 || bits == 32 && masks == [0, 0, 0] {
        masks = bits == 16 ? [0x7C00, 0x3E0, 0x1F] : [0xFF_0000, 0xFF00, 0xFF]
      }
      channels = masks.compactMap { Channel(mask: $0) }
      guard channels.count == 3 else {
        let found = masks.map { String($0, radix: 16) }.joined(separator: ", ")
        throw file.unsupported("the bit masks \(found)")
      }
      pixels = stated == 0 ? end : stated
    }
    // Some writers leave out what fills up the last row.
    guard pixels + rowBytes * (height - 1) + (width * bits + 7) / 8 <= bytes.count else {
      throw file.truncated()
    }
  }

  /// 256 colours: those of the file (blue, green, red and, in all headers but the short one, a byte
  /// of no meaning), then black; but a palette of greys in order means that there is none.
  private static func palette(
    _ bytes: ArraySlice<UInt8>, _ entry: Int, _ colors: Int, _ bits: Int
  ) -> [Color] {
    let found = min(colors, bytes.count / entry)
    var palette = (0..<found).map { i in
      let at = bytes.startIndex + i * entry
      return Color(red: bytes[at + 2], green: bytes[at + 1], blue: bytes[at])
    }
    let greys: [UInt8] = bits == 1 ? [0, 255] : Array(0...255)
    let isGrey = found == colors && zip(palette, greys).allSatisfy { $0 == .grey($1) }
    if isGrey, bits == 1 && colors <= 2 || bits == 8 && colors > 2 {
      palette = greys.map { .grey($0) }
    }
    return palette + Array(repeating: .grey(0), count: 256 - palette.count)
  }
}
