import Foundation
import Headstart
import Kernels
import Pictures
import Synchronization
import Testing

@Suite struct ExtractionTests {
  private func extraction(
    _ network: ToyNetwork, _ store: FeatureStore, threads: Int = 2,
    options: ExtractionOptions = ExtractionOptions(batchSize: 4),
    prepare: @escaping @Sendable ([UInt8], String) throws -> [Float] = ToyNetwork.prepare
  ) -> Extraction {
    Extraction(
      network, store: store, pool: ThreadPool(threads: threads), options: options
    ) { bytes, name, _, views in
      let image = try prepare(bytes, name)
      return views.map { ToyNetwork.change(image, $0) }
    }
  }

  private func expected(_ index: Int) -> [Float] {
    ToyNetwork.features(of: picture(index).map(Float.init)[...])
  }

  @Test(arguments: [(1, 0), (1, 2), (2, 0), (2, 1), (3, 3)])
  func everyPictureHasItsOwnFeatures(_ threads: Int, _ decoders: Int) throws {
    let scratch = try Scratch()
    let store = try FeatureStore.example(in: scratch)
    let samples = try scratch.samples(30)
    let network = ToyNetwork()
    let seen = Mutex<[ExtractionProgress]>([])
    let result = try extraction(
      network, store, threads: threads,
      options: ExtractionOptions(batchSize: 4, decoders: decoders)
    ).run(samples) { progress in seen.withLock { $0.append(progress) } }

    #expect(result.samples.map(\.path) == samples.map(\.path))
    #expect(
      result.outcomes == (0..<30).map { .stored(PictureHash(of: picture($0))) })
    #expect(result.counts.computed == 30 && result.counts.done == 30 && result.counts.total == 30)
    #expect(try store.read(result.readable.map(\.picture)) == (0..<30).flatMap(expected))
    // Every batch is full but the last: 30 = 7 × 4 + 2.
    #expect(network.batches.withLock { $0 } == [4, 4, 4, 4, 4, 4, 4, 2])
    let progress = seen.withLock { $0 }
    #expect(progress.last?.done == 30)
    #expect(progress.map(\.done) == progress.map(\.done).sorted())
  }

  @Test func whatIsStoredIsNotComputedAgain() throws {
    let scratch = try Scratch()
    let samples = try scratch.samples(20)
    let first = ToyNetwork()
    _ = try extraction(first, FeatureStore.example(in: scratch)).run(Array(samples[..<12]))
    // Renamed and mixed with new ones.
    let moved = scratch.file("elsewhere.bin")
    try FileManager.default.moveItem(atPath: samples[3].path, toPath: moved)
    var again = samples
    again[3] = Sample(path: moved, label: nil)
    let second = ToyNetwork()
    let store = try FeatureStore.example(in: scratch)
    let result = try extraction(second, store).run(again.reversed())
    #expect(first.computed == 12)
    #expect(second.computed == 8)
    #expect(result.counts.cached == 12 && result.counts.computed == 8)
    #expect(
      try store.read(result.readable.map(\.picture)) == (0..<20).reversed().flatMap(expected))
    let third = ToyNetwork()
    let all = try extraction(third, FeatureStore.example(in: scratch)).run(
      samples.filter { $0.path != samples[3].path })
    #expect(third.computed == 0 && all.counts.cached == 19)
  }

  @Test func equalFilesAreComputedOnce() throws {
    let scratch = try Scratch()
    var samples = try scratch.samples(6)
    for index in 0..<6 {
      samples.append(
        Sample(path: try scratch.write(picture(index), to: "copy \(index)"), label: nil))
    }
    let network = ToyNetwork()
    let store = try FeatureStore.example(in: scratch)
    let result = try extraction(network, store).run(samples)
    #expect(network.computed == 6)
    #expect(result.counts.duplicates == 6 && result.counts.done == 12)
    #expect(
      try store.read(result.readable.map(\.picture))
        == (Array(0..<6) + Array(0..<6)).flatMap(expected))
    #expect(store.count == 6)
  }

  @Test func unreadablePicturesAreNamedAndShiftNothing() throws {
    let scratch = try Scratch()
    var samples = try scratch.samples(9)
    try scratch.write([1, 2, 3], to: "pictures/2.bin")
    try scratch.write([1, 2, 3], to: "pictures/5.bin")
    try FileManager.default.removeItem(atPath: samples[7].path)
    samples.append(Sample(path: scratch.path, label: 0))
    let store = try FeatureStore.example(in: scratch)
    let result = try extraction(ToyNetwork(), store).run(samples)

    #expect(result.problems.map(\.sample.path) == [2, 5, 7, 9].map { samples[$0].path })
    // The second file with the same bytes gets the same reason, without the first one's name.
    #expect(
      result.problems.prefix(2).map(\.reason)
        == ["expected 48 bytes, found 3", "expected 48 bytes, found 3"])
    #expect(result.counts.unreadable == 4 && result.counts.computed == 6)
    #expect(result.counts.duplicates == 0 && result.counts.done == 10)
    #expect(result.readable.map(\.sample.path) == [0, 1, 3, 4, 6, 8].map { samples[$0].path })
    #expect(try store.read(result.readable.map(\.picture)) == [0, 1, 3, 4, 6, 8].flatMap(expected))
    #expect(store.count == 6)
  }

  @Test func strictEndsAtTheFirstUnreadablePicture() throws {
    let scratch = try Scratch()
    let samples = try scratch.samples(9)
    try scratch.write([1, 2, 3], to: "pictures/2.bin")
    #expect(
      throws: ExtractionError.unreadable(
        path: samples[2].path, reason: "expected 48 bytes, found 3")
    ) {
      try extraction(
        ToyNetwork(), FeatureStore.example(in: scratch),
        options: ExtractionOptions(batchSize: 4, isStrict: true)
      ).run(samples)
    }
  }

  @Test func damagedShardIsComputedAnew() throws {
    let scratch = try Scratch()
    let samples = try scratch.samples(8)
    let store = try FeatureStore.example(in: scratch)
    _ = try extraction(ToyNetwork(), store).run(samples)
    let shard = (store.folder as NSString).appendingPathComponent(store.shards[0])
    var bytes = try contents(of: shard)
    // Whichever pictures were ready first are in the first batch: any row that the shard holds.
    let rows = (0..<8).map { expected($0).withUnsafeBytes(Array.init) }
    let place = try #require(
      bytes.indices.dropLast(rows[0].count).first {
        rows.contains(Array(bytes[$0..<$0 + rows[0].count]))
      })
    bytes[place] ^= 0x10
    try Data(bytes).write(to: URL(fileURLWithPath: shard))

    let network = ToyNetwork()
    let again = try FeatureStore.example(in: scratch)
    let result = try extraction(network, again).run(samples)
    #expect(network.computed == 4, "the other batch is sound")
    #expect(result.setAside.map(\.path) == [shard])
    #expect(try again.read(result.readable.map(\.picture)) == (0..<8).flatMap(expected))
  }

  @Test func interruptedRunGoesOnWithTheSameBits() throws {
    let scratch = try Scratch()
    let samples = try scratch.samples(200)
    let cancellation = Cancellation()
    let network = ToyNetwork(onBatch: { if $0 == 20 { cancellation.cancel() } })
    #expect(throws: Cancelled.self) {
      try extraction(network, FeatureStore.example(in: scratch))
        .run(samples, cancellation: cancellation)
    }
    // The batch under way at the cancellation is kept, too: it was computed.
    let kept = try FeatureStore.example(in: scratch).count
    #expect(kept == 80)
    let second = ToyNetwork()
    let store = try FeatureStore.example(in: scratch)
    let result = try extraction(second, store, options: ExtractionOptions(batchSize: 7))
      .run(samples)
    #expect(second.computed == 200 - kept)
    #expect(try store.read(result.readable.map(\.picture)) == (0..<200).flatMap(expected))
  }

  /// What is on the disk at a moment is what a kill at that moment leaves.
  @Test(arguments: [2, 3, 9]) func killCostsOneComputedBatchAtMost(_ moment: Int) throws {
    let scratch = try Scratch()
    let samples = try scratch.samples(40)
    let store = try FeatureStore.example(in: scratch)
    let left = scratch.file("left/\(FeatureKey.example.folderName)")
    try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: true)
    let network = ToyNetwork(onBatch: { batch in
      guard batch == moment else { return }
      for name in store.shards.filter({ !$0.hasPrefix(".") }) + ["key.json"] {
        try FileManager.default.copyItem(
          atPath: (store.folder as NSString).appendingPathComponent(name),
          toPath: (left as NSString).appendingPathComponent(name))
      }
    })
    _ = try extraction(network, store).run(samples)
    #expect(store.shardCount == 10, "a shard a batch")

    let again = ToyNetwork()
    let kept = try FeatureStore.open(
      under: scratch.file("left"), key: .example, shape: .example)
    let result = try extraction(again, kept).run(samples)
    // Of the batches before the one under way, only the last may still have been in writing.
    #expect(again.computed <= 40 - 4 * (moment - 2))
    #expect(try kept.read(result.readable.map(\.picture)) == (0..<40).flatMap(expected))
  }

  @Test func failingNetworkKeepsWhatWasComputed() throws {
    struct Failure: Error {}
    let scratch = try Scratch()
    let samples = try scratch.samples(20)
    let network = ToyNetwork(onBatch: { if $0 == 4 { throw Failure() } })
    #expect(throws: Failure.self) {
      try extraction(network, FeatureStore.example(in: scratch)).run(samples)
    }
    #expect(try FeatureStore.example(in: scratch).count == 12)
  }

  @Test func valuesThatAreNotFiniteAreNeverStored() throws {
    let scratch = try Scratch()
    let samples = try scratch.samples(6)
    let store = try FeatureStore.example(in: scratch)
    let bad: @Sendable ([UInt8], String) throws -> [Float] = { bytes, name in
      var values = try ToyNetwork.prepare(bytes, name)
      if name.hasSuffix("/4.bin") { values[7] = .infinity }
      return values
    }
    #expect(throws: ExtractionError.notFinite(path: samples[4].path)) {
      try extraction(
        ToyNetwork(), store, options: ExtractionOptions(batchSize: 2, decoders: 0), prepare: bad
      ).run(samples)
    }
    #expect(try !store.holds(PictureHash(of: picture(4))))
  }

  @Test func storeThatCannotBeWrittenEndsTheRun() throws {
    let scratch = try Scratch()
    let samples = try scratch.samples(300)
    let store = try FeatureStore.example(in: scratch)
    let network = ToyNetwork(onBatch: { batch in
      // Moved, not deleted: that is one step, and a shard is being written meanwhile.
      guard batch == 2 else { return }
      try FileManager.default.moveItem(atPath: store.folder, toPath: scratch.file("gone"))
    })
    #expect(throws: FeatureStoreError.self) { try extraction(network, store).run(samples) }
    #expect(network.computed < 300, "the run ends soon after the write that failed")
  }

  @Test func storeOfOtherSettingsIsRefused() throws {
    let scratch = try Scratch()
    var key = FeatureKey.example
    key.preprocessing = .rescale
    let store = try FeatureStore.example(in: scratch, key: key)
    #expect(throws: ExtractionError.wrongStore(folder: store.folder)) {
      try extraction(ToyNetwork(), store).run([])
    }
  }

  @Test func noSamplesAreNoWork() throws {
    let scratch = try Scratch()
    let network = ToyNetwork()
    let result = try extraction(network, FeatureStore.example(in: scratch)).run([])
    #expect(result.outcomes.isEmpty && network.computed == 0)
  }

  /// Prepared pictures that wait are what could grow with the data set, were the network slow.
  @Test(arguments: [0, 3]) func boundedNumberOfPicturesWaits(_ decoders: Int) throws {
    let scratch = try Scratch()
    let samples = try scratch.samples(200)
    let prepared = Atomic<Int>(0)
    let most = Mutex(0)
    let network = ToyNetwork(onBatch: { batch in
      Thread.sleep(forTimeInterval: 0.005)
      // Four of each batch were taken before; the rest waits or is in hand.
      let waiting = prepared.load(ordering: .relaxed) - 4 * (batch - 1)
      most.withLock { $0 = max($0, waiting) }
    })
    _ = try extraction(
      network, FeatureStore.example(in: scratch),
      options: ExtractionOptions(batchSize: 4, decoders: decoders),
      prepare: {
        prepared.add(1, ordering: .relaxed)
        return try ToyNetwork.prepare($0, $1)
      }
    ).run(samples)
    // The batch under way, two batches ahead, and one in the hands of each thread.
    #expect(most.withLock { $0 } <= 4 + 2 * 4 + 2 + decoders)
  }
}
