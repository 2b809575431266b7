import Crypto
import Files
import Foundation
import KerasFormat

/// The end of a shard's file: what lies where, under checksums that cover every byte.
///
/// It is one line of JSON, and a last line `headstart shard LENGTH SHA256`: the length of the JSON
/// with its newline, in ten digits, and the SHA-256 of these bytes. The JSON's `checksum` covers
/// the features, its `rest` all other bytes before the trailer.
struct ShardTrailer: Codable, Equatable {
  /// Where something lies, in bytes from the file's beginning.
  struct Region: Codable, Equatable {
    var offset: Int, length: Int
    var range: Range<Int> { offset..<offset + length }

    init(offset: Int, length: Int) {
      self.offset = offset
      self.length = length
    }

    /// From the beginning of the first to the end of the last of some regions.
    init(spanning regions: [Region]) {
      let start = regions.map(\.offset).min() ?? 0
      self.init(offset: start, length: (regions.map(\.range.upperBound).max() ?? 0) - start)
    }
  }

  var key: String
  /// Rows, height, width, channels.
  var shape: [Int]
  /// The views that the numbers in `view` stand for.
  var views: [String]
  /// SHA-256 of the bytes of ``features``.
  var checksum: String
  /// All rows; where they are packed, with what HDF5 may have put between them.
  var features: Region
  /// Each row's packed bytes, within ``features``; `nil` if rows are not packed.
  var chunks: [Region]?
  var sha256: Region, view: Region
  /// SHA-256 of all bytes before the trailer that are not features.
  var rest: String

  private static let mark = "headstart shard "
  private static let lastLineLength = mark.utf8.count + 10 + 1 + 64 + 1
  /// Far more than a trailer needs: 65,536 names of views of 500 bytes would not be much more.
  private static let largestLength = 64 << 20

  /// Reads the trailer of a file and checks everything that is not features.
  ///
  /// - Throws: ``FeatureShard/Damage`` if it is not there or anything does not match.
  init(of file: BinaryFile) throws {
    let damage = { FeatureShard.Damage(description: $0) }
    guard file.size > Self.lastLineLength else {
      throw damage("it is cut short, or no feature file at all")
    }
    let lastLine = String(
      decoding: try file.bytes(file.size - Self.lastLineLength..<file.size), as: UTF8.self)
    let words = lastLine.dropLast().dropFirst(Self.mark.count).split(separator: " ")
    guard lastLine.hasPrefix(Self.mark), lastLine.hasSuffix("\n"), words.count == 2,
      let length = Int(words[0]), (2...Self.largestLength).contains(length),
      length <= file.size - Self.lastLineLength
    else { throw damage("it is cut short, or no feature file at all") }
    let end = file.size - Self.lastLineLength - length
    let text = try file.bytes(end..<end + length)
    guard SHA256.hash(data: text).hexadecimal == words[1],
      let found = try? JSONDecoder().decode(ShardTrailer.self, from: Data(text))
    else { throw damage("the table at its end is damaged") }
    self = found
    // Even under a right checksum, numbers from a file are only used after a look at them.
    for region in [features, sha256, view] {
      guard region.offset >= 0, region.length >= 0, region.length <= end,
        region.offset <= end - region.length
      else { throw damage("the table at its end names places beyond it") }
    }
    for chunk in chunks ?? [] {
      guard chunk.offset >= features.offset, chunk.length >= 0, chunk.length <= features.length,
        chunk.offset <= features.range.upperBound - chunk.length
      else { throw damage("the table at its end names rows beyond the features") }
    }
    guard try Self.checksum(of: file, without: features, upTo: end) == rest else {
      throw damage("the checksum of what is not features does not match")
    }
  }

  private init(
    key: String, shape: [Int], views: [String], checksum: String, features: Region,
    chunks: [Region]?, sha256: Region, view: Region, rest: String
  ) {
    self.key = key
    self.shape = shape
    self.views = views
    self.checksum = checksum
    self.features = features
    self.chunks = chunks
    self.sha256 = sha256
    self.view = view
    self.rest = rest
  }

  /// Ends a finished HDF5 file with a trailer.
  ///
  /// - Parameter checksum: of the features' bytes, where it is known already.
  static func append(
    to path: String, key: String, shape: [Int], views: [String], checksum: String?,
    features: Region, chunks: [Region]?, sha256: Region, view: Region
  ) throws -> ShardTrailer {
    let file = try BinaryFile(opening: path)
    var sum = SHA256()
    if checksum == nil { try sum.update(file, features.range) }
    let trailer = ShardTrailer(
      key: key, shape: shape, views: views,
      checksum: checksum ?? sum.finalize().hexadecimal, features: features, chunks: chunks,
      sha256: sha256, view: view,
      rest: try Self.checksum(of: file, without: features, upTo: file.size))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = try encoder.encode(trailer) + Data("\n".utf8)
    let digits = String(text.count)
    let lastLine =
      mark + String(repeating: "0", count: 10 - digits.count) + digits + " "
      + SHA256.hash(data: text).hexadecimal + "\n"
    let output = try OutputFile(path, .atEnd)
    try output.write(text + Data(lastLine.utf8))
    try output.close()
    return trailer
  }

  private static func checksum(
    of file: BinaryFile, without hole: Region, upTo end: Int
  ) throws -> String {
    var sum = SHA256()
    try sum.update(file, 0..<hole.offset)
    try sum.update(file, hole.range.upperBound..<end)
    return sum.finalize().hexadecimal
  }
}

extension SHA256 {
  /// Adds the bytes of a range of a file, a few megabytes at a time.
  mutating func update(_ file: BinaryFile, _ range: Range<Int>) throws {
    let step = 4 << 20
    for start in stride(from: range.lowerBound, to: range.upperBound, by: step) {
      update(data: try file.bytes(start..<min(range.upperBound, start + step)))
    }
  }
}
