/// A picture file format, told by the first bytes of a file.
public enum PictureFormat: String, Sendable, CaseIterable {
  case jpeg = "JPEG"
  case png = "PNG"
  case webp = "WebP"
  case gif = "GIF"
  case bmp = "BMP"

  /// The number of leading bytes that `init(firstBytes:)` looks at.
  public static let signatureLength = 16

  /// The format of a file that begins with these bytes, nil if it is none of those that are read.
  public init?(firstBytes bytes: some Collection<UInt8>) {
    let head = Array(bytes.prefix(Self.signatureLength))
    if head.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if head.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if head.starts(with: Array("RIFF".utf8)), head.dropFirst(8).starts(with: "WEBP".utf8) {
      self = .webp
    } else if head.starts(with: Array("GIF87a".utf8)) || head.starts(with: Array("GIF89a".utf8)) {
      self = .gif
    } else if head.starts(with: Array("BM".utf8)), head.count >= 16 {
      self = .bmp
    } else {
      return nil
    }
  }

  /// The names of the formats that are read.
  static let list = "JPEG, PNG, WebP, GIF or BMP"

  /// Which picture format that is not read a file is of, in words; nil if it is none known.
  static func unread(firstBytes bytes: some Collection<UInt8>) -> String? {
    let head = Array(bytes.prefix(signatureLength))
    let known: [(offset: Int, bytes: [UInt8], name: String)] = [
      (0, [0x49, 0x49, 0x2A, 0x00], "a TIFF picture"),
      (0, [0x4D, 0x4D, 0x00, 0x2A], "a TIFF picture"),
      (4, Array("ftypavif".utf8), "an AVIF picture"),
      (4, Array("ftyphei".utf8), "a HEIC picture"),
      (4, Array("ftypmif1".utf8), "a HEIF picture"),
      (4, Array("JXL ".utf8), "a JPEG XL picture"),
      (4, Array("jP  ".utf8), "a JPEG 2000 picture"),
      (0, Array("8BPS".utf8), "a Photoshop document"),
    ]
    return known.first { head.dropFirst($0.offset).starts(with: $0.bytes) }?.name
  }

  /// What a file that is none of the formats seems to be, in words, for an error message.
  static func guess(firstBytes bytes: some Collection<UInt8>) -> String {
    if let picture = unread(firstBytes: bytes) { return picture }
    let head = Array(bytes.prefix(signatureLength))
    let known: [(offset: Int, bytes: [UInt8], name: String)] = [
      (4, Array("ftyp".utf8), "an ISO media file (video?)"),
      (0, [0x00, 0x00, 0x01, 0x00], "a Windows icon"),
      (0, Array("%PDF".utf8), "a PDF document"),
      (0, Array("PK".utf8), "a ZIP archive"),
      (0, [0x1F, 0x8B], "gzip-compressed data"),
      (0, [0x89, 0x48, 0x44, 0x46], "an HDF5 file"),
      (0, Array("<svg".utf8), "an SVG drawing"),
      (0, Array("<!DOCTYPE html".utf8), "an HTML page"),
      (0, Array("<html".utf8), "an HTML page"),
    ]
    for kind in known where head.dropFirst(kind.offset).starts(with: kind.bytes) {
      return kind.name
    }
    if head.allSatisfy({ $0 == 0 }) { return "zero bytes" }
    if head.allSatisfy({ (0x20...0x7E).contains($0) || (0x09...0x0D).contains($0) }) {
      return "text"
    }
    let hex = head.prefix(8).map { byte in
      let digits = String(byte, radix: 16, uppercase: true)
      return digits.count == 1 ? "0" + digits : digits
    }
    return "unknown data beginning with " + hex.joined(separator: " ")
  }
}
