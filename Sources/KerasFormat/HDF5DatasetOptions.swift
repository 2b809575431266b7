/// How a dataset is laid out in its file.
public struct HDF5DatasetOptions: Sendable, Equatable {
  /// The shape of a chunk, of the dataset's rank; nil for one contiguous block.
  public var chunk: [Int]?
  /// The level of deflate compression, 0 to 9, which needs chunks; nil for none.
  public var deflate: Int?
  /// Whether bytes of like significance are put together before compression; needs chunks.
  public var shuffle: Bool
  /// Whether each chunk carries a Fletcher-32 checksum that reading verifies; needs chunks.
  public var checksum: Bool

  /// One contiguous block, as Keras writes weights.
  public static let contiguous = HDF5DatasetOptions(
    chunk: nil, deflate: nil, shuffle: false, checksum: false)

  /// Chunks of the given shape.
  public static func chunked(
    _ chunk: [Int], deflate: Int? = nil, shuffle: Bool = false, checksum: Bool = false
  ) -> HDF5DatasetOptions {
    HDF5DatasetOptions(chunk: chunk, deflate: deflate, shuffle: shuffle, checksum: checksum)
  }
}
