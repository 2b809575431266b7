import Crypto
import Foundation
import KerasFormat
import Synchronization

/// One immutable file of a feature store, as it was found to be.
///
/// The file is plain HDF5. With n rows:
///
/// | object | contents |
/// |---|---|
/// | `features` | (n, h, w, c) float32 or float16, contiguous or in deflated chunks of one row |
/// | `sha256` | (n, 32) uint8: the hash of each picture file's bytes |
/// | `view` | (n) uint16: which of the names in its attribute `names` each row is |
/// | attribute `checksum` | `sha256:` and the SHA-256 of the values of `features`, as float32 |
/// | attribute `key` | identifier of the settings, as in `key.json` |
/// | attribute `settings` | their canonical text |
///
/// `h5py.File(path)["features"][:]` reads it. Unless asked for, nothing is compressed: features are
/// read far more often than the disk is full.
///
/// Behind HDF5's data, where its readers do not look, stands a ``ShardTrailer``. It covers every
/// byte of the file by a checksum and tells where the datasets lie, so the store reads shards
/// without libhdf5: a flipped bit in HDF5's own structures can crash that library.
final class FeatureShard: Sendable {
  /// What is wrong with a file: a reason not to trust it.
  struct Damage: Error, CustomStringConvertible {
    let description: String
  }

  let path: String
  let hashes: [PictureHash]
  let views: [FeatureView]
  private let rowCount: Int
  private let precision: FeatureStorage.Precision
  private let trailer: ShardTrailer
  private let isVerified: Mutex<Bool>

  var name: String { (path as NSString).lastPathComponent }
  var rows: Int { hashes.count }

  private init(
    path: String, rowCount: Int, precision: FeatureStorage.Precision, hashes: [PictureHash],
    views: [FeatureView], trailer: ShardTrailer, isVerified: Bool
  ) {
    self.precision = precision
    self.path = path
    self.rowCount = rowCount
    self.hashes = hashes
    self.views = views
    self.trailer = trailer
    self.isVerified = Mutex(isVerified)
  }

  /// Reads and checks everything of a shard but its features, which ``verify(again:opening:)``
  /// checks.
  ///
  /// - Throws: ``Damage``, or the error of reading, if the file is no sound shard of this store.
  convenience init(
    opening path: String, key: String, shape: FeatureShape, precision: FeatureStorage.Precision
  ) throws {
    let file = try BinaryFile(opening: path)
    let trailer = try ShardTrailer(of: file)
    guard trailer.key == key else {
      throw Damage(description: "it belongs to other settings, \(trailer.key.prefix(12))")
    }
    let rows = trailer.sha256.length / PictureHash.byteCount
    let (valueCount, overflow) = rows.multipliedReportingOverflow(by: shape.count)
    let (bytes, overflowOfBytes) = valueCount.multipliedReportingOverflow(by: precision.size)
    guard rows > 0, !overflow, !overflowOfBytes,
      trailer.shape == [rows, shape.height, shape.width, shape.channels],
      trailer.sha256.length == rows * PictureHash.byteCount, trailer.view.length == rows * 2,
      trailer.chunks.map({ $0.count == rows }) ?? (trailer.features.length == bytes)
    else {
      throw Damage(description: "its shape is \(trailer.shape), and not that of \(shape) features")
    }
    let digests = try file.bytes(trailer.sha256.range)
    let numbers = try file.bytes(trailer.view.range)
    let names = trailer.views.compactMap { FeatureView(identifier: $0) }
    let views = (0..<rows).map { Int(numbers[2 * $0]) | Int(numbers[2 * $0 + 1]) << 8 }
    guard names.count == trailer.views.count, views.allSatisfy({ $0 < names.count }) else {
      throw Damage(description: "a row has no valid view")
    }
    self.init(
      path: path, rowCount: shape.count, precision: precision,
      hashes: (0..<rows).map {
        PictureHash(digest: digests[($0 * PictureHash.byteCount)...].prefix(PictureHash.byteCount))
      },
      views: views.map { names[$0] }, trailer: trailer, isVerified: false)
  }

  /// Whether the names of the views of so many rows have room in an attribute, which HDF5 limits
  /// to 64 KB.
  static func canName(_ views: [FeatureView]) -> Bool {
    let names = Set(views)
    let longest = names.map(\.identifier.utf8.count).max() ?? 0
    return names.count < 2 || names.count * longest <= 60_000
  }

  /// Writes a new shard to `path`, down to the disk.
  ///
  /// - Parameter destination: the name it gets afterwards, which the returned shard already has.
  static func write(
    to path: String, destination: String, key: String, settings: String, shape: FeatureShape,
    storage: FeatureStorage, features: [Float], hashes: [PictureHash], views: [FeatureView]
  ) throws -> FeatureShard {
    var names: [FeatureView] = []
    let numbers = views.map { view in
      if let place = names.firstIndex(of: view) { return UInt16(place) }
      names.append(view)
      return UInt16(names.count - 1)
    }
    var sum = SHA256()
    sum.update(floats: features)
    let checksum = sum.finalize().hexadecimal
    let extents = [hashes.count, shape.height, shape.width, shape.channels]

    let file = try HDF5File(creating: path)
    let sha256 = try file.root.write(
      "sha256", hashes.flatMap(\.bytes), shape: [hashes.count, PictureHash.byteCount])
    let view = try file.root.write("view", numbers, shape: [hashes.count])
    try view.set("names", names.map(\.identifier))
    try file.root.set("key", key)
    try file.root.set("settings", settings)
    try file.root.set("checksum", "sha256:" + checksum)
    let values = try write(features, shape: extents, storage, to: file)
    try file.flush()
    func region(_ dataset: HDF5Dataset, _ size: Int) throws -> ShardTrailer.Region {
      guard let offset = dataset.offset else {
        throw Damage(description: "HDF5 did not place the dataset \(dataset.path)")
      }
      return ShardTrailer.Region(offset: offset, length: dataset.count * size)
    }
    let regions = try (region(sha256, 1), region(view, 2))
    let chunks =
      storage.compression == .none
      ? nil
      : try hashes.indices.map { row in
        let place = try values.chunkPlace([row, 0, 0, 0])
        return ShardTrailer.Region(offset: place.lowerBound, length: place.count)
      }
    let stored =
      try chunks.map(ShardTrailer.Region.init(spanning:)) ?? region(values, storage.precision.size)
    try file.close()

    let trailer = try ShardTrailer.append(
      to: path, key: key, shape: extents, views: names.map(\.identifier),
      // What stands in the file is the values themselves only if nothing was done to them.
      checksum: storage == .plain ? checksum : nil, features: stored, chunks: chunks,
      sha256: regions.0, view: regions.1)
    try AtomicFile.synchronize(path)
    return FeatureShard(
      path: destination, rowCount: shape.count, precision: storage.precision, hashes: hashes,
      views: views, trailer: trailer, isVerified: true)
  }

  private static func write(
    _ features: [Float], shape: [Int], _ storage: FeatureStorage, to file: HDF5File
  ) throws -> HDF5Dataset {
    let options: HDF5DatasetOptions =
      switch storage.compression {
      case .none: .contiguous
      case .gzip: .chunked([1] + shape.dropFirst(), deflate: 1)
      }
    return switch storage.precision {
    case .float32: try file.root.write("features", features, shape: shape, options: options)
    case .float16:
      try file.root.write(
        "features", features.map { Float16($0) }, shape: shape, options: options)
    }
  }

  /// The features of a range of rows.
  func read(_ rows: Range<Int>, from file: BinaryFile) throws -> [Float] {
    guard let chunks = trailer.chunks else {
      let start = trailer.features.offset + rows.lowerBound * rowCount * precision.size
      let count = rows.count * rowCount
      return switch precision {
      case .float32: try file.floats(at: start, count: count)
      case .float16: try file.halves(at: start, count: count)
      }
    }
    return try rows.reduce(into: []) { features, row in
      switch precision {
      case .float32: features += try file.deflatedFloats(chunks[row].range, count: rowCount)
      case .float16: features += try file.deflatedHalves(chunks[row].range, count: rowCount)
      }
    }
  }

  /// Compares the features' checksum with their bytes, once in the life of this object.
  ///
  /// A second caller waits for the first, so that a shard is not read twice.
  ///
  /// - Parameter again: check even what was found sound before, and the rest of the file, too.
  /// - Throws: ``Damage`` if they differ.
  func verify(again: Bool = false, opening: () throws -> BinaryFile) throws {
    try isVerified.withLock { isVerified in
      if isVerified, !again { return }
      let file = try opening()
      if again {
        guard try ShardTrailer(of: file) == trailer else {
          throw Damage(description: "it is not the file that was opened")
        }
      }
      var sum = SHA256()
      try sum.update(file, trailer.features.range)
      guard sum.finalize().hexadecimal == trailer.checksum else {
        throw Damage(description: "the checksum of its features does not match them")
      }
      isVerified = true
    }
  }
}
