import CPictures

/// BMP through stb_image: 1 to 32 bits a pixel, with palette or bit fields; not run-length encoded.
enum BMPDecoder {
  static func decode(_ file: EncodedPicture) throws(PictureError) -> (Picture, orientation: Int) {
    let (width, height) = try checkHeader(file)
    var status = HSP_OK
    var message = [CChar](repeating: 0, count: Int(HSP_MESSAGE_SIZE))
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { buffer, count in
      status = hsp_bmp_read_pixels(
        file.bytes, file.bytes.count, Int32(width), Int32(height), buffer.baseAddress, &message)
      count = status == HSP_OK ? buffer.count : 0
    }
    let found = message.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    switch status {
    case HSP_OK: return (Picture(width: width, height: height, pixels: pixels), 1)
    case HSP_UNSUPPORTED: throw file.unsupported(found)
    case HSP_NO_MEMORY: throw .outOfMemory(name: file.name, width: width, height: height)
    default: throw file.damaged(found)
    }
  }

  /// Size, kind and length, checked here because stb_image reads zeros behind the end of the data and
  /// has no limit but its own.
  ///
  /// Layout: "BM", file size (4), reserved (4), offset of the pixels (4), then a header that begins
  /// with its own size: 12 (OS/2: width and height of 16 bits) or 40 and more.
  private static func checkHeader(_ file: EncodedPicture) throws(PictureError) -> (Int, Int) {
    let bytes = file.bytes
    func little(_ offset: Int, _ count: Int) throws(PictureError) -> Int {
      guard offset + count <= bytes.count else { throw file.truncated() }
      return bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    let pixels = try little(10, 4)
    let headerSize = try little(14, 4)
    let width: Int
    let height: Int
    let bits: Int
    var compression = 0
    switch headerSize {
    case 12:
      (width, height, bits) = (try little(18, 2), try little(20, 2), try little(24, 2))
    case 40, 56, 108, 124:
      width = Int(Int32(truncatingIfNeeded: try little(18, 4)))
      let signed = Int(Int32(truncatingIfNeeded: try little(22, 4)))
      height = abs(signed)  // negative: rows from the top down
      (bits, compression) = (try little(28, 2), try little(30, 4))
    default: throw file.unsupported("a header of \(headerSize) bytes")
    }
    try file.checkSize(width: width, height: height)
    guard compression == 0 || compression == 3 else {
      throw file.unsupported("compression \(compression) (run lengths, JPEG or PNG)")
    }
    guard [1, 4, 8, 16, 24, 32].contains(bits) else {
      throw file.unsupported("\(bits) bits a pixel")
    }
    // Rows fill up to multiples of four bytes; some writers leave that out behind the last one.
    let rowBytes = (width * bits + 31) / 32 * 4
    guard pixels + rowBytes * (height - 1) + (width * bits + 7) / 8 <= bytes.count else {
      throw file.truncated()
    }
    return (width, height)
  }
}
