import CPictures

/// JPEG through libjpeg(-turbo): accurate integer DCT and smooth chroma upsampling, as PIL sets them.
enum JPEGDecoder {
  static func decode(_ file: EncodedPicture) throws(PictureError) -> (Picture, orientation: Int) {
    try decode(file, smallestSide: .max)
  }

  /// Decodes at a half, a quarter or an eighth of the size if both sides are then still at least
  /// `smallestSide`: much faster, by leaving out high frequencies.
  static func decode(
    _ file: EncodedPicture, smallestSide: Int
  ) throws(PictureError) -> (Picture, orientation: Int) {
    let result = file.bytes.withUnsafeBufferPointer { bytes in
      Result { () throws(PictureError) in try decode(file, bytes, smallestSide) }
    }
    return try result.get()
  }

  private static func decode(
    _ file: EncodedPicture, _ bytes: UnsafeBufferPointer<UInt8>, _ smallestSide: Int
  ) throws(PictureError) -> (Picture, orientation: Int) {
    guard let jpeg = hsp_jpeg_open(bytes.baseAddress, bytes.count) else {
      throw .outOfMemory(name: file.name, width: 0, height: 0)
    }
    defer { hsp_jpeg_close(jpeg) }
    var header = hsp_jpeg_header()
    func check(_ status: hsp_status) throws(PictureError) {
      switch status {
      case HSP_OK: return
      case HSP_TRUNCATED: throw file.truncated()
      case HSP_UNSUPPORTED: throw file.unsupported(String(cString: hsp_jpeg_message(jpeg)))
      case HSP_NO_MEMORY:
        throw .outOfMemory(
          name: file.name, width: Int(header.width), height: Int(header.height))
      default: throw file.damaged(String(cString: hsp_jpeg_message(jpeg)))
      }
    }
    try check(hsp_jpeg_read_header(jpeg, Int32(clamping: smallestSide), &header))
    try file.checkSize(width: Int(header.width), height: Int(header.height))
    let (width, height) = (Int(header.output_width), Int(header.output_height))
    var status = HSP_OK
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { buffer, count in
      status = hsp_jpeg_read_pixels(jpeg, buffer.baseAddress)
      count = status == HSP_OK ? buffer.count : 0
    }
    try check(status)
    return (Picture(width: width, height: height, pixels: pixels), Int(header.orientation))
  }
}
