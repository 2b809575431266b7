import CSPNG
import Foundation

extension Picture {
  /// The picture as a PNG file, 8-bit RGB, through libspng.
  ///
  /// - Throws: ``PictureError/outOfMemory(name:width:height:)``.
  public func png() throws(PictureError) -> [UInt8] {
    let outOfMemory = PictureError.outOfMemory(name: "PNG", width: width, height: height)
    guard let context = spng_ctx_new(Int32(SPNG_CTX_ENCODER.rawValue)) else { throw outOfMemory }
    defer { spng_ctx_free(context) }
    var header = spng_ihdr()
    header.width = UInt32(width)
    header.height = UInt32(height)
    header.bit_depth = 8
    header.color_type = UInt8(SPNG_COLOR_TYPE_TRUECOLOR.rawValue)
    var status = spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1)
    if status == 0 { status = spng_set_ihdr(context, &header) }
    if status == 0 {
      status = pixels.withUnsafeBytes {
        spng_encode_image(
          context, $0.baseAddress, $0.count, Int32(SPNG_FMT_PNG.rawValue),
          Int32(SPNG_ENCODE_FINALIZE.rawValue))
      }
    }
    // Into a buffer in memory nothing but memory can run out.
    var count = 0
    guard status == 0, let buffer = spng_get_png_buffer(context, &count, &status) else {
      throw outOfMemory
    }
    defer { free(buffer) }
    return Array(UnsafeRawBufferPointer(start: buffer, count: count))
  }
}
