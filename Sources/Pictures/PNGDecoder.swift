import CPictures
import CSPNG

/// PNG through libspng, to 8-bit RGB.
///
/// Grey of 1, 2 and 4 bits is stretched to 0…255, samples of 16 bits keep their high byte, alpha and
/// `tRNS` are dropped.
///
/// The orientation is that of the `eXIf` chunk.
enum PNGDecoder {
  /// Bytes of text, colour profiles and the like in one file.
  private static let chunkCacheLimit = 1 << 24

  static func decode(_ file: EncodedPicture) throws(PictureError) -> (Picture, orientation: Int) {
    guard let context = spng_ctx_new(0) else {
      throw .outOfMemory(name: file.name, width: 0, height: 0)
    }
    defer { spng_ctx_free(context) }
    // A picture with a damaged comment or colour profile still has all its pixels.
    try check(
      spng_set_crc_action(
        context, Int32(SPNG_CRC_ERROR.rawValue), Int32(SPNG_CRC_DISCARD.rawValue)),
      file)
    // A compressed text or colour profile of a megabyte can be a gigabyte of zeros.
    try check(spng_set_chunk_limits(context, chunkCacheLimit, chunkCacheLimit), file)
    let result = file.bytes.withUnsafeBytes { bytes in
      Result { () throws(PictureError) in
        try check(spng_set_png_buffer(context, bytes.baseAddress, bytes.count), file)
        return try decode(context, file)
      }
    }
    return try result.get()
  }

  private static func decode(
    _ context: OpaquePointer, _ file: EncodedPicture
  ) throws(PictureError) -> (Picture, orientation: Int) {
    var header = spng_ihdr()
    try check(spng_get_ihdr(context, &header), file)
    let (width, height) = (Int(header.width), Int(header.height))
    try file.checkSize(width: width, height: height)
    let format = Int32(SPNG_FMT_RGB8.rawValue)
    var size = 0
    try check(spng_decoded_image_size(context, format, &size), file)
    guard size == width * height * 3 else { throw file.damaged("\(size) bytes of pixels") }
    var status: Int32 = 0
    let pixels = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      status = spng_decode_image(context, buffer.baseAddress, size, format, 0)
      count = status == 0 ? size : 0
    }
    try check(status, file)
    return (Picture(width: width, height: height, pixels: pixels), orientation(context))
  }

  /// The orientation in the `eXIf` chunk, 1 without one.
  private static func orientation(_ context: OpaquePointer) -> Int {
    // What follows the pixels may be cut off or damaged; the pixels are there.
    _ = spng_decode_chunks(context)
    var exif = spng_exif()
    guard spng_get_exif(context, &exif) == 0, let data = exif.data else { return 1 }
    let bytes = UnsafeRawPointer(data).assumingMemoryBound(to: UInt8.self)
    return Int(hsp_exif_orientation(bytes, exif.length))
  }

  private static func check(_ status: Int32, _ file: EncodedPicture) throws(PictureError) {
    switch status {
    case 0: return
    case SPNG_IO_EOF.rawValue: throw file.truncated()
    case SPNG_EMEM.rawValue: throw .outOfMemory(name: file.name, width: 0, height: 0)
    default: throw file.damaged(String(cString: spng_strerror(status)))
    }
  }
}
