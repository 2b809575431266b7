import Files

/// Sketches of pictures that were read before, so that making a split again, or with a few pictures
/// more, reads only what is new.
///
/// A file is known by its stamp (device, inode, size, times of modification and change), as `git`
/// knows those of its index: a file that was touched, replaced or renamed is read again.
public struct SketchTable: Sendable, Equatable {
  private var sketches: [OpenFile.Stamp: PictureSketch] = [:]
  /// Whether sketches were added since it was read.
  public private(set) var hasChanged = false

  /// Pictures, in all.
  public var count: Int { sketches.count }

  public init() {}

  subscript(stamp: OpenFile.Stamp) -> PictureSketch? { sketches[stamp] }

  mutating func insert(_ sketch: PictureSketch, for stamp: OpenFile.Stamp) {
    if sketches.count >= Self.limit { sketches = [:] }
    sketches[stamp] = sketch
    hasChanged = true
  }

  /// More pictures than this (320 MB) are not kept.
  private static let limit = 1 << 20

  // MARK: As a file

  /// Tells this format, and this kind of sketch, from later ones.
  private static let magic = Array("headstart sketches 1\n".utf8)
  private static let thumbnailBytes = PictureSketch.thumbnailSide * PictureSketch.thumbnailSide
  /// Stamp, content, gradients, whether there is a thumbnail, thumbnail.
  private static let recordBytes = 8 * (5 + 1 + 2) + 1 + thumbnailBytes

  /// What `bytes` gave; nil for anything else, as what another version wrote or a damaged file.
  public init?(bytes: [UInt8]) {
    let records = bytes.count - Self.magic.count - 8
    guard bytes.starts(with: Self.magic), records >= 0, records % Self.recordBytes == 0,
      Self.word(bytes, at: bytes.count - 8) == ContentHash.hash(Array(bytes.dropLast(8)))
    else { return nil }
    for start in stride(from: Self.magic.count, to: bytes.count - 8, by: Self.recordBytes) {
      let words = (0..<8).map { Self.word(bytes, at: start + 8 * $0) }
      let body = start + 64
      let sketch = PictureSketch(
        content: words[5], gradients: SIMD2(words[6], words[7]),
        thumbnail: bytes[body] == 0
          ? [] : Array(bytes[(body + 1)..<(body + 1 + Self.thumbnailBytes)]))
      sketches[OpenFile.Stamp(words: Array(words[..<5]))] = sketch
    }
  }

  /// The table as a file, the same bytes for the same sketches.
  public var bytes: [UInt8] {
    var bytes = Self.magic
    let sorted = sketches.sorted { $0.key.words.lexicographicallyPrecedes($1.key.words) }
    bytes.reserveCapacity(bytes.count + sorted.count * Self.recordBytes + 8)
    for (stamp, sketch) in sorted {
      let words = stamp.words + [sketch.content, sketch.gradients.x, sketch.gradients.y]
      for word in words { Self.append(word, to: &bytes) }
      bytes.append(sketch.thumbnail.isEmpty ? 0 : 1)
      bytes +=
        sketch.thumbnail.isEmpty
        ? [UInt8](repeating: 0, count: Self.thumbnailBytes) : sketch.thumbnail
    }
    Self.append(ContentHash.hash(bytes), to: &bytes)
    return bytes
  }

  private static func word(_ bytes: [UInt8], at offset: Int) -> UInt64 {
    (0..<8).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
  }

  private static func append(_ word: UInt64, to bytes: inout [UInt8]) {
    for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * shift))) }
  }
}
