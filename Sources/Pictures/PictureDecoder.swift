/// How a picture file becomes pixels.
public struct DecodingOptions: Sendable, Hashable {
  /// Whether the orientation in the file's Exif or XMP block is left unapplied, as Keras does.
  /// False: the picture comes out upright.
  public var ignoreEXIF: Bool

  /// Pictures of more pixels than this are refused before anything is allocated for them.
  ///
  /// The default is where PIL raises `DecompressionBombError`.
  public var maximumPixels: Int

  public static let defaultMaximumPixels = 178_956_970

  public init(
    ignoreEXIF: Bool = false, maximumPixels: Int = DecodingOptions.defaultMaximumPixels
  ) {
    self.ignoreEXIF = ignoreEXIF
    self.maximumPixels = maximumPixels
  }
}

/// Turns JPEG, PNG, WebP, GIF and BMP files into RGB pixels, equal to PIL's
/// `ImageOps.exif_transpose(Image.open(file)).convert("RGB")` to the last bit.
///
/// The format is told by the content, whatever the file is called. Transparency is dropped, not
/// blended; of animations, the first frame is taken. A truncated file is an error, as PIL has it
/// unless told otherwise; a JPEG that libjpeg only warns of is read.
///
/// Known differences from PIL: 16-bit grey PNGs keep their high byte, where PIL clips every value
/// above 255 to white; of PNGs, the orientation is taken from the `eXIf` chunk only. A JPEG of more
/// than 500 scans is refused, as are run-length encoded BMPs and PNGs whose pixels or end mark fail
/// their checksum. BMPs are read with any bit masks, and those of 4 or 8 bits with a palette of greys that
/// PIL stumbles over; giflib lets some damage to a frame pass.
public enum PictureDecoder {
  /// Decodes the file at `path`, symbolic links followed.
  public static func read(
    _ path: String, options: DecodingOptions = DecodingOptions()
  ) throws(PictureError) -> Picture {
    try decode(FileBytes.picture(path).bytes, name: path, options: options)
  }

  /// Decodes the bytes of a picture file; `name` is what errors call it.
  public static func decode(
    _ bytes: [UInt8], name: String, options: DecodingOptions = DecodingOptions()
  ) throws(PictureError) -> Picture {
    let stored = try stored(bytes, name: name, options: options)
    return options.ignoreEXIF ? stored.picture : stored.picture.upright(from: stored.orientation)
  }

  /// A picture as its file has it, with its EXIF orientation, 1 to 8.
  static func stored(
    _ bytes: [UInt8], name: String, options: DecodingOptions
  ) throws(PictureError) -> (picture: Picture, orientation: Int, format: PictureFormat) {
    guard !bytes.isEmpty else { throw .empty(name: name) }
    guard let format = PictureFormat(firstBytes: bytes) else {
      throw .notAPicture(name: name, found: PictureFormat.guess(firstBytes: bytes))
    }
    let file = EncodedPicture(name: name, format: format, bytes: bytes, options: options)
    let (picture, orientation) =
      switch format {
      case .jpeg: try JPEGDecoder.decode(file)
      case .png: try PNGDecoder.decode(file)
      case .webp: try WebPDecoder.decode(file)
      case .gif: try GIFDecoder.decode(file)
      case .bmp: try BMPDecoder.decode(file)
      }
    return (picture, orientation, format)
  }

  /// The bytes of the file at `path`, for callers that hash what they decode.
  ///
  /// - Throws: ``PictureError``; of a file of more than 1 MiB also if it is no picture.
  public static func bytes(ofFile path: String) throws(PictureError) -> [UInt8] {
    try FileBytes.picture(path).bytes
  }
}

/// A picture file in memory, with all that an error message about it needs.
struct EncodedPicture {
  let name: String
  let format: PictureFormat
  let bytes: [UInt8]
  let options: DecodingOptions

  func truncated() -> PictureError { .truncated(name: name, format: format.rawValue) }

  func damaged(_ found: String) -> PictureError {
    .damaged(name: name, format: format.rawValue, found: found)
  }

  func unsupported(_ found: String) -> PictureError {
    .unsupported(name: name, format: format.rawValue, found: found)
  }

  /// Checks the size that a header states, before anything of that size is allocated.
  func checkSize(width: Int, height: Int) throws(PictureError) {
    guard width > 0, height > 0 else {
      throw damaged("size of \(width)×\(height) pixels")
    }
    let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
    guard !overflow, pixels <= options.maximumPixels else {
      throw .tooManyPixels(
        name: name, width: width, height: height, limit: options.maximumPixels)
    }
  }
}
