import CPictures
import CWebP

/// WebP (lossy, lossless, animated) through libwebp's animation decoder, which is what PIL uses.
///
/// Transparency is dropped: the colours that the file holds under it come out.
enum WebPDecoder {
  static func decode(_ file: EncodedPicture) throws(PictureError) -> (Picture, orientation: Int) {
    try checkLength(file)
    let result = file.bytes.withUnsafeBufferPointer { bytes in
      Result { () throws(PictureError) in try decode(file, bytes) }
    }
    return try result.get()
  }

  /// RIFF states how many bytes follow its first eight.
  private static func checkLength(_ file: EncodedPicture) throws(PictureError) {
    let stated = file.bytes[4..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard file.bytes.count >= stated + 8 else { throw file.truncated() }
  }

  private static func decode(
    _ file: EncodedPicture, _ bytes: UnsafeBufferPointer<UInt8>
  ) throws(PictureError) -> (Picture, orientation: Int) {
    var features = WebPBitstreamFeatures()
    let status = WebPGetFeatures(bytes.baseAddress, bytes.count, &features)
    guard status == VP8_STATUS_OK else { throw error(status, file) }
    let (width, height) = (Int(features.width), Int(features.height))
    try file.checkSize(width: width, height: height)

    var data = WebPData(bytes: bytes.baseAddress, size: bytes.count)
    var options = WebPAnimDecoderOptions()
    guard WebPAnimDecoderOptionsInit(&options) != 0 else {
      throw file.unsupported("another version of libwebpdemux than this was built with")
    }
    options.color_mode = MODE_RGBA
    options.use_threads = 0
    guard let decoder = WebPAnimDecoderNew(&data, &options) else {
      throw file.damaged("the frames cannot be told apart")
    }
    defer { WebPAnimDecoderDelete(decoder) }
    var info = WebPAnimInfo()
    guard WebPAnimDecoderGetInfo(decoder, &info) != 0,
      info.canvas_width == width, info.canvas_height == height
    else { throw file.damaged("canvas and frame differ in size") }
    var canvas: UnsafeMutablePointer<UInt8>?
    var timestamp: Int32 = 0
    guard WebPAnimDecoderGetNext(decoder, &canvas, &timestamp) != 0, let canvas else {
      throw file.damaged("the first frame cannot be decoded")
    }
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { buffer, count in
      for i in 0..<width * height {
        buffer[i * 3] = canvas[i * 4]
        buffer[i * 3 + 1] = canvas[i * 4 + 1]
        buffer[i * 3 + 2] = canvas[i * 4 + 2]
      }
      count = buffer.count
    }
    return (Picture(width: width, height: height, pixels: pixels), orientation(decoder))
  }

  private static func error(_ status: VP8StatusCode, _ file: EncodedPicture) -> PictureError {
    switch status {
    case VP8_STATUS_NOT_ENOUGH_DATA: file.truncated()
    case VP8_STATUS_OUT_OF_MEMORY: .outOfMemory(name: file.name, width: 0, height: 0)
    case VP8_STATUS_UNSUPPORTED_FEATURE: file.unsupported("a feature that libwebp does not know")
    default: file.damaged("the header is not that of a WebP picture")
    }
  }

  /// The orientation in the EXIF chunk, else in the XMP chunk, else 1.
  private static func orientation(_ decoder: OpaquePointer) -> Int {
    guard let demuxer = WebPAnimDecoderGetDemuxer(decoder) else { return 1 }
    if let orientation = chunk(
      "EXIF", of: demuxer,
      { bytes, count in
        // Some writers put JPEG's "Exif\0\0" in front of the TIFF block.
        let prefix = Array("Exif\0\0".utf8)
        let skip = count >= 6 && (0..<6).allSatisfy { bytes[$0] == prefix[$0] } ? 6 : 0
        return Int(hsp_exif_orientation(bytes + skip, count - skip))
      }), orientation != 0
    {
      return orientation
    }
    return chunk("XMP ", of: demuxer) { Int(hsp_xmp_orientation($0, $1)) } ?? 1
  }

  private static func chunk(
    _ name: String, of demuxer: OpaquePointer, _ body: (UnsafePointer<UInt8>, Int) -> Int
  ) -> Int? {
    var iterator = WebPChunkIterator()
    guard WebPDemuxGetChunk(demuxer, name, 1, &iterator) != 0 else { return nil }
    defer { WebPDemuxReleaseChunkIterator(&iterator) }
    guard let bytes = iterator.chunk.bytes else { return nil }
    return body(bytes, iterator.chunk.size)
  }
}
