import Foundation
import Headstart
import KerasFormat
import Kernels
import Testing

/// Rows in half precision and in packed form.
@Suite struct FeatureStorageTests {
  static let storages = FeatureStorage.Precision.allCases.flatMap { precision in
    FeatureStorage.Compression.allCases.map {
      FeatureStorage(precision: precision, compression: $0)
    }
  }

  private func open(
    _ scratch: Scratch, _ storage: FeatureStorage, shape: FeatureShape = .example
  ) throws -> FeatureStore {
    try FeatureStore.open(
      under: scratch.file("features"), key: .example, shape: shape, storage: storage)
  }

  @Test(arguments: storages)
  func rowsComeBack(storage: FeatureStorage) throws {
    let scratch = try Scratch()
    let features = rows(5)
    try open(scratch, storage).append(
      features, pictures: pictures(0..<5),
      views: [.plain, .plain, .flipped, .plain, .flipped])
    let store = try open(scratch, storage)
    #expect(store.count == 5 && store.shardCount == 1 && store.setAside.isEmpty)
    // These numbers have at most eleven significant bits.
    #expect(try store.read(pictures(0..<2)) == Array(features[..<48]))
    let mixed = [4, 1, 2, 2].map {
      FeatureRow(pictures($0..<$0 + 1)[0], [2, 4].contains($0) ? .flipped : .plain)
    }
    #expect(
      try store.read(mixed) == [4, 1, 2, 2].flatMap { Array(features[$0 * 24..<$0 * 24 + 24]) })
    #expect(try store.verify().isEmpty)
    // Any HDF5 reader reads them.
    let file = try HDF5File(opening: store.folder + "/" + store.shards[0])
    let dataset = try file.root.dataset("features")
    #expect(dataset.shape == [5, 2, 3, 4])
    #expect(dataset.elementType == .float(bits: 8 * storage.precision.size))
    #expect(try dataset.read(Float.self) == features)
  }

  @Test func halfPrecisionRoundsToTheNearest() throws {
    let scratch = try Scratch()
    let store = try open(
      scratch, FeatureStorage(precision: .float16),
      shape: FeatureShape(height: 1, width: 1, channels: 12))
    let values: [Float] = [
      0, -0.0, 1, -65504, 65504, 0.1, 1 / 3, 2049, 2051, 0x1p-14, 0x1p-24, 0x1.8p-25,
    ]
    try store.append(values, pictures: pictures(0..<1))
    let found = try store.read(pictures(0..<1))
    #expect(found == values.map { Float(Float16($0)) })
    #expect(found.map(\.sign) == values.map(\.sign))
    // Every half there is comes back as it is.
    let halves = (0..<0x7C00).flatMap { bits in
      [Float(Float16(bitPattern: UInt16(bits))), -Float(Float16(bitPattern: UInt16(bits)))]
    }
    let wide = try open(
      scratch, FeatureStorage(precision: .float16, compression: .gzip),
      shape: FeatureShape(height: 1, width: 1, channels: 12))
    let count = halves.count / 12 * 12
    try wide.append(Array(halves[..<count]), pictures: pictures(1..<1 + count / 12))
    #expect(try wide.read(pictures(1..<1 + count / 12)) == Array(halves[..<count]))
  }

  @Test func anotherPrecisionIsAnotherStore() throws {
    let scratch = try Scratch()
    let plain = try FeatureStore.example(in: scratch)
    let half = try open(scratch, FeatureStorage(precision: .float16))
    #expect(plain.folder != half.folder && plain.identifier != half.identifier)
    #expect(half.settings["storage"] == "float16" && plain.settings["storage"] == nil)
    // Packing is no other store: its rows are the same.
    let packed = try open(scratch, FeatureStorage(compression: .gzip))
    #expect(packed.folder == plain.folder)
    try plain.append(rows(3), pictures: pictures(0..<3))
    try packed.append(rows(3, seed: 3), pictures: pictures(3..<6))
    let both = try FeatureStore.example(in: scratch)
    #expect(try both.read(pictures(0..<6)) == rows(3) + rows(3, seed: 3))
    #expect(try FeatureStore.open(folder: half.folder).storage.precision == .float16)
    // One network fills either.
    for store in [plain, half] {
      let extraction = Extraction(
        ToyNetwork(), store: store, pool: ThreadPool(threads: 1), options: ExtractionOptions()
      ) { bytes, name, _, _ in [try ToyNetwork.prepare(bytes, name)] }
      #expect(try extraction.run([]).outcomes.isEmpty)
    }
  }

  @Test func valuesBeyondHalfPrecisionAreRefusedByName() throws {
    let scratch = try Scratch()
    let store = try open(scratch, FeatureStorage(precision: .float16))
    var features = rows(3)
    features[30] = 65536
    #expect(
      throws: FeatureStoreError.outOfRange(picture: pictures(1..<2)[0], value: 65536)
    ) { try store.append(features, pictures: pictures(0..<3)) }
    #expect(store.count == 0 && store.shards.isEmpty)

    let samples = try scratch.samples(6)
    let extraction = Extraction(
      ToyNetwork(), store: store, pool: ThreadPool(threads: 1),
      options: ExtractionOptions(batchSize: 2, decoders: 0)
    ) { bytes, name, _, _ in
      var image = try ToyNetwork.prepare(bytes, name)
      if name.hasSuffix("/3.bin") { image[6] = 1e6 }
      return [image]
    }
    let error = #expect(throws: ExtractionError.self) { try extraction.run(samples) }
    guard case .outOfRange(let path, let value) = error else {
      Issue.record("not the error expected: \(String(describing: error))")
      return
    }
    #expect(path == samples[3].path && value > 65504)
    #expect("\(ExtractionError.outOfRange(path: path, value: value))".contains("float16"))
    #expect(store.count == 2, "what was computed before is kept")
  }

  @Test func packedRowsTakeLessSpace() throws {
    let scratch = try Scratch()
    let shape = FeatureShape(height: 8, width: 8, channels: 64)
    // Two thirds zeros, as after ReLU.
    let features = (0..<4 * shape.count).map { (i: Int) -> Float in
      i % 3 == 0 ? Float(i * 7919 % 10007) / 97 : 0
    }
    var sizes: [Int] = []
    for (place, compression) in FeatureStorage.Compression.allCases.enumerated() {
      let store = try open(scratch, FeatureStorage(compression: compression), shape: shape)
      let before = Set(store.shards)
      try store.append(features, pictures: pictures(4 * place..<4 * place + 4))
      let new = try #require(store.shards.first { !before.contains($0) })
      sizes.append(try contents(of: store.folder + "/" + new).count)
      #expect(try store.read(pictures(4 * place..<4 * place + 4)) == features)
    }
    #expect(sizes[1] < sizes[0] * 6 / 10)
  }

  /// Whatever bit is flipped, the shard is set aside and nothing wrong is read.
  @Test(arguments: [FeatureStorage.Precision.float32, .float16])
  func damageToPackedRowsIsFound(precision: FeatureStorage.Precision) throws {
    let scratch = try Scratch()
    let storage = FeatureStorage(precision: precision, compression: .gzip)
    let store = try open(scratch, storage)
    let features = rows(4)
    try store.append(features, pictures: pictures(0..<4))
    let name = store.shards[0]
    let path = store.folder + "/" + name
    let sound = try contents(of: path)
    for place in stride(from: 0, to: sound.count, by: 211) {
      var bytes = sound
      bytes[place] ^= 4
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let damaged = try open(scratch, storage)
      #expect(throws: FeatureStoreError.self) { try damaged.read(pictures(0..<4)) }
      #expect(damaged.setAside.map(\.path) == [path])
      try? FileManager.default.removeItem(atPath: store.folder + "/damaged")
    }
    try Data(sound).write(to: URL(fileURLWithPath: path))
    #expect(try open(scratch, storage).read(pictures(0..<4)) == features)
  }

  /// HDF5 has 64 KB for the names of the views of a shard.
  @Test func anyNumberOfLongNamesIsStored() throws {
    let scratch = try Scratch()
    let store = try FeatureStore.example(in: scratch)
    let views = (0..<400).map { number in
      FeatureView(identifier: "\(number) " + String(repeating: "x", count: 490))
    }.compactMap { $0 }
    let features = rows(400)
    try store.append(
      features, pictures: Array(repeating: pictures(0..<1)[0], count: 400), views: views)
    #expect(store.shardCount == 4 && store.count == 400)
    let again = try FeatureStore.example(in: scratch)
    #expect(try again.read(views.map { FeatureRow(pictures(0..<1)[0], $0) }) == features)
  }
}
