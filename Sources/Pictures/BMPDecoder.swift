/// BMP: 1 to 32 bits a pixel, with palette or bit masks; not run-length encoded. Alpha is dropped.
enum BMPDecoder {
  static func decode(_ file: EncodedPicture) throws(PictureError) -> (Picture, orientation: Int) {
    let header = try BMPHeader(file)
    let (width, height) = (header.width, header.height)
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { rgb, count in
      file.bytes.withUnsafeBufferPointer { bytes in
        for y in 0..<height {
          let row = header.isTopDown ? y : height - 1 - y
          // BMPHeader has checked that the rows lie within the file.
          let start = header.pixels + row * header.rowBytes
          let line = UnsafeBufferPointer(rebasing: bytes[start...])
          read(line, header, into: rgb.baseAddress! + y * width * 3)
        }
      }
      count = rgb.count
    }
    return (Picture(width: width, height: height, pixels: pixels), 1)
  }

  /// Reads one row.
  private static func read(
    _ line: UnsafeBufferPointer<UInt8>, _ header: BMPHeader, into rgb: UnsafeMutablePointer<UInt8>
  ) {
    if header.bits <= 8 {
      readIndices(line, header, into: rgb)
    } else {
      let bytes = header.bits / 8
      let (red, green, blue) = (header.channels[0], header.channels[1], header.channels[2])
      for x in 0..<header.width {
        var pixel: UInt32 = 0
        for i in 0..<bytes { pixel |= UInt32(line[x * bytes + i]) << UInt32(8 * i) }
        rgb[3 * x] = red.level(pixel)
        rgb[3 * x + 1] = green.level(pixel)
        rgb[3 * x + 2] = blue.level(pixel)
      }
    }
  }

  /// Places in the palette, the first in the highest bits of a byte.
  private static func readIndices(
    _ line: UnsafeBufferPointer<UInt8>, _ header: BMPHeader, into rgb: UnsafeMutablePointer<UInt8>
  ) {
    let (bits, perByte) = (header.bits, 8 / header.bits)
    header.palette.withUnsafeBufferPointer { palette in
      for x in 0..<header.width {
        let shift = (perByte - 1 - x % perByte) * bits
        let color = palette[Int(line[x / perByte]) >> shift & ((1 << bits) - 1)]
        rgb[3 * x] = color.red
        rgb[3 * x + 1] = color.green
        rgb[3 * x + 2] = color.blue
      }
    }
  }
}
