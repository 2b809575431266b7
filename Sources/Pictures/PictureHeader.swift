/// How a picture file keeps its pixels, read from its header alone.
enum PictureHeader {
  /// What is unusual about the file's pixels, in words: `grey`, `CMYK`, `palette`…; nil for 8-bit
  /// colour, and for formats that do not say it in their header's first bytes.
  static func unusualMode(_ bytes: [UInt8], format: PictureFormat) -> String? {
    switch format {
    case .jpeg: jpegMode(bytes)
    case .png: pngMode(bytes)
    case .gif: "palette"
    case .webp, .bmp: nil
    }
  }

  /// The number of components in the frame header (marker SOFn, ITU T.81 B.2.2).
  private static func jpegMode(_ bytes: [UInt8]) -> String? {
    var place = 2
    while place + 9 < bytes.count, bytes[place] == 0xFF {
      let marker = bytes[place + 1]
      if marker == 0xFF {  // padding
        place += 1
        continue
      }
      let isFrame = (0xC0...0xCF).contains(marker) && ![0xC4, 0xC8, 0xCC].contains(marker)
      if isFrame {
        switch bytes[place + 9] {
        case 1: return "grey"
        case 4: return "CMYK"
        default: return nil
        }
      }
      place += 2 + Int(bytes[place + 2]) << 8 + Int(bytes[place + 3])
    }
    return nil
  }

  /// Bit depth and colour type in IHDR.
  private static func pngMode(_ bytes: [UInt8]) -> String? {
    guard bytes.count > 25 else { return nil }
    let colour: String? =
      switch bytes[25] {
      case 0: "grey"
      case 3: "palette"
      case 4: "grey with alpha"
      case 6: "alpha"
      default: nil
      }
    return bytes[24] == 16 ? [colour, "16 bit"].compactMap { $0 }.joined(separator: ", ") : colour
  }
}
