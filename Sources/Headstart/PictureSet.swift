import Foundation

/// A set of pictures by content, small enough to ride in a model file: the first six bytes of each
/// picture's SHA-256.
///
/// Two different pictures among 100,000 share six bytes with a probability of about 2·10⁻⁵, which
/// is good enough for a warning, and for nothing else.
public struct PictureSet: Codable, Sendable, Equatable {
  private static let width = 6
  private let prefixes: Set<[UInt8]>

  public init(_ hashes: some Sequence<PictureHash>) {
    prefixes = Set(hashes.map { Array($0.bytes.prefix(Self.width)) })
  }

  /// The pictures of both.
  public init(_ first: PictureSet, _ second: PictureSet) {
    prefixes = first.prefixes.union(second.prefixes)
  }

  /// Pictures in the set.
  public var count: Int { prefixes.count }

  /// Whether a picture is in the set.
  public func contains(_ hash: PictureHash) -> Bool {
    prefixes.contains(Array(hash.bytes.prefix(Self.width)))
  }

  /// Base64 of the prefixes in ascending order, so that equal sets give equal files.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let bytes = Data(base64Encoded: try container.decode(String.self)),
      bytes.count % Self.width == 0
    else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "expected base64 of six bytes a picture")
    }
    let all = [UInt8](bytes)
    prefixes = Set(
      stride(from: 0, to: all.count, by: Self.width).map { Array(all[$0..<$0 + Self.width]) })
  }

  public func encode(to encoder: any Encoder) throws {
    let sorted = prefixes.sorted { $0.lexicographicallyPrecedes($1) }
    var container = encoder.singleValueContainer()
    try container.encode(Data(sorted.joined()).base64EncodedString())
  }
}
