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
    let before = try orientation(context, file)
    var status: Int32 = 0
    let pixels = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      status = spng_decode_image(context, buffer.baseAddress, size, format, 0)
      count = status == 0 ? size : 0
    }
    try check(status, file)
    switch spng_decode_chunks(context) {
    case SPNG_IO_EOF.rawValue:
      // After an error libspng tells nothing more: again, from a whole file.
      guard let whole = completed(file.bytes) else { throw file.truncated() }
      return try decode(
        EncodedPicture(name: file.name, format: file.format, bytes: whole, options: file.options))
    // Only now the last pixels' checksum has been looked at.
    case SPNG_ECHUNK_CRC.rawValue: try check(SPNG_ECHUNK_CRC.rawValue, file)
    // Chunks in the wrong order, or twice: the pixels are there.
    default: break
    }
    let behind = (try? orientation(context, file)) ?? nil
    return (Picture(width: width, height: height, pixels: pixels), before ?? behind ?? 1)
  }

  /// The orientation in the `eXIf` chunk, nil if there has been none so far.
  private static func orientation(
    _ context: OpaquePointer, _ file: EncodedPicture
  ) throws(PictureError) -> Int? {
    var exif = spng_exif()
    let status = spng_get_exif(context, &exif)
    guard status != SPNG_ECHUNKAVAIL.rawValue else { return nil }
    try check(status, file)
    guard let data = exif.data else { return nil }
    let bytes = UnsafeRawPointer(data).assumingMemoryBound(to: UInt8.self)
    return max(Int(hsp_exif_orientation(bytes, exif.length)), 1)
  }

  /// The whole of a file that lacks no more than its end mark, nil if it is cut short within another
  /// chunk, which might have held the orientation.
  private static func completed(_ bytes: [UInt8]) -> [UInt8]? {
    let end: [UInt8] = [0, 0, 0, 0] + Array("IEND".utf8) + [0xAE, 0x42, 0x60, 0x82]
    var place = 8
    while place + 12 <= bytes.count {
      // Length (4), name (4), data, checksum (4).
      let next = place + 12 + bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      if next > bytes.count { break }
      place = next
    }
    return end.starts(with: bytes[place...]) ? bytes[..<place] + end : nil
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
