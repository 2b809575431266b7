import Foundation
import Headstart
import Kernels
import Pictures
import Synchronization
import Testing

/// Several views of each picture.
@Suite struct ExtractionViewsTests {
  private static let augmentation: Augmentation = {
    var augmentation = Augmentation()
    augmentation.rotationRange = 20
    return augmentation
  }()
  private static let all: [PictureView] =
    [.plain, .flipped] + PictureView.random(2, of: augmentation, seed: 3) + [.crop(4)]

  /// Runs an extraction whose pictures are bytes; returns how many were prepared, too.
  @discardableResult
  private func run(
    _ samples: [Sample], views: [PictureView], _ network: ToyNetwork, _ store: FeatureStore,
    threads: Int = 2, strict: Bool = false, cancellation: Cancellation = Cancellation()
  ) throws -> (result: ExtractionResult, prepared: Int) {
    let prepared = Atomic<Int>(0)
    let extraction = Extraction(
      network, store: store, pool: ThreadPool(threads: threads),
      options: ExtractionOptions(batchSize: 4, isStrict: strict)
    ) { bytes, name, _, views in
      prepared.add(1, ordering: .relaxed)
      let image = try ToyNetwork.prepare(bytes, name)
      return views.map { ToyNetwork.change(image, $0) }
    }
    let result = try extraction.run(samples, views: views, cancellation: cancellation)
    return (result, prepared.load(ordering: .relaxed))
  }

  private func expected(_ index: Int, _ view: PictureView) -> [Float] {
    ToyNetwork.features(of: ToyNetwork.change(picture(index).map(Float.init), view)[...])
  }

  @Test(arguments: [1, 3])
  func everyViewOfEveryPictureHasItsOwnFeatures(threads: Int) throws {
    let scratch = try Scratch()
    let store = try FeatureStore.example(in: scratch)
    let network = ToyNetwork()
    let (result, prepared) = try run(
      scratch.samples(9), views: Self.all, network, store, threads: threads)
    #expect(prepared == 9, "a picture is decoded once for all its views")
    #expect(result.counts.computed == 45 && result.counts.total == 45 && store.count == 45)
    #expect(result.views == Self.all.map(\.featureView))
    #expect(network.batches.withLock { $0 } == Array(repeating: 4, count: 11) + [1])
    for view in Self.all {
      #expect(
        try store.read(result.readable.map(\.picture), view: view.featureView)
          == (0..<9).flatMap { expected($0, view) })
    }
    // Views and pictures in any mixture, some of them twice.
    var random = SeededGenerator(seed: 1)
    let wanted = (0..<100).map { _ in (random.number(below: 9), random.number(below: 5)) }
    let rows = wanted.map {
      FeatureRow(PictureHash(of: picture($0.0)), Self.all[$0.1].featureView)
    }
    let values = wanted.flatMap { expected($0.0, Self.all[$0.1]) }
    #expect(try store.read(rows) == values)
    #expect(try FeatureStore.example(in: scratch).read(rows) == values)
    let other = FeatureRow(PictureHash(of: picture(0)), PictureView.crop(5).featureView)
    #expect(
      throws: FeatureStoreError.missing(picture: other.picture, folder: store.folder)
    ) { try store.read(rows + [other]) }
  }

  @Test func onlyMissingViewsAreComputed() throws {
    let scratch = try Scratch()
    let samples = try scratch.samples(6)
    let store = try FeatureStore.example(in: scratch)
    try run(samples, views: [.plain], ToyNetwork(), store)
    try run(Array(samples[..<3]), views: [.flipped], ToyNetwork(), store)
    let network = ToyNetwork()
    let (result, prepared) = try run(samples, views: [.flipped, .plain, .crop(0)], network, store)
    #expect(network.computed == 3 + 6 && prepared == 6)
    #expect(result.counts.cached == 9 && result.counts.done == 18)
    let (again, none) = try run(samples, views: [.crop(0), .plain], ToyNetwork(), store)
    #expect(none == 0 && again.counts.cached == 12)
    // A view that is asked for twice, or by two names, is one.
    let (same, _) = try run(
      samples, views: [.plain, .plain, .random(7, Augmentation(), seed: 1)], ToyNetwork(), store)
    #expect(same.views == [.plain] && same.counts.total == 6)
  }

  @Test func duplicatesAndUnreadableOnesCountForEachView() throws {
    let scratch = try Scratch()
    var samples = try scratch.samples(5)
    samples.append(Sample(path: try scratch.write(picture(1), to: "copy"), label: nil))
    try scratch.write([9], to: "pictures/3.bin")
    samples.append(Sample(path: try scratch.write([9], to: "broken copy"), label: nil))
    let store = try FeatureStore.example(in: scratch)
    let (result, _) = try run(samples, views: [.plain, .flipped, .crop(1)], ToyNetwork(), store)
    #expect(result.counts.total == 21 && result.counts.done == 21)
    #expect(result.counts.computed == 12 && result.counts.duplicates == 3)
    #expect(result.counts.unreadable == 6 && result.problems.count == 2)
    #expect(
      try store.read(result.readable.map(\.picture), view: .flipped)
        == [0, 1, 2, 4, 1].flatMap { expected($0, .flipped) })
  }

  /// A picture whose plain view is stored, and that can no longer be decoded, counts as unreadable.
  @Test func pictureWithoutOneOfItsViewsIsUnreadable() throws {
    let scratch = try Scratch()
    let sample = Sample(path: try scratch.write([1, 2], to: "odd"), label: nil)
    let store = try FeatureStore.example(in: scratch)
    try store.append(rows(1), pictures: [PictureHash(of: [1, 2])])
    let (result, _) = try run([sample], views: [.plain, .flipped], ToyNetwork(), store)
    #expect(result.readable.isEmpty && result.counts.unreadable == 2)
    #expect(result.counts.cached == 0 && result.counts.done == 2)
    #expect(throws: ExtractionError.self) {
      try run([sample], views: [.flipped], ToyNetwork(), store, strict: true)
    }
  }

  @Test func interruptedViewsGoOnWithTheSameBits() throws {
    let scratch = try Scratch()
    let samples = try scratch.samples(20)
    let cancellation = Cancellation()
    let network = ToyNetwork(onBatch: { if $0 == 7 { cancellation.cancel() } })
    #expect(throws: Cancelled.self) {
      try run(
        samples, views: Self.all, network, FeatureStore.example(in: scratch),
        cancellation: cancellation)
    }
    let store = try FeatureStore.example(in: scratch)
    #expect(store.count == 28)
    let second = ToyNetwork()
    let (result, _) = try run(samples, views: Self.all, second, store)
    #expect(second.computed == 100 - 28 && result.counts.cached == 28)
    for view in Self.all {
      #expect(
        try store.read(result.readable.map(\.picture), view: view.featureView)
          == (0..<20).flatMap { expected($0, view) })
    }
  }

  @Test func viewsHaveNamesOfTheirOwn() throws {
    #expect(PictureView.plain.featureView == .plain)
    #expect(PictureView.flipped.featureView == .flipped)
    #expect(PictureView.crop(3).featureView.identifier == "crop-3 7/8")
    let view = PictureView.random(2, Self.augmentation, seed: 5)
    #expect(
      view.featureView.identifier
        == "random-2 seed=5 version=1 rotation_range=20.0 fill_mode=nearest")
    var other = Self.augmentation
    other.cval = 9
    // What cannot matter does not make another view.
    #expect(PictureView.random(2, other, seed: 5).featureView == view.featureView)
    other.fillMode = .wrap
    let names = [
      view, .random(3, Self.augmentation, seed: 5), .random(2, Self.augmentation, seed: 6),
      .random(2, other, seed: 5),
    ].map(\.featureView)
    #expect(Set(names).count == 4)
    // As many digits as there can be: the name is a digest then.
    var long = Augmentation()
    let third = 100.0 / 3
    long.rotationRange = third
    long.widthShiftRange = .choices((0..<40).map { third + Double($0) })
    let name = PictureView.random(1, long, seed: 0).featureView.identifier
    #expect(name.utf8.count <= 500 && name.hasPrefix("random-1 seed=0 version=1 "))
    long.widthShiftRange = .choices((0..<41).map { third + Double($0) })
    #expect(PictureView.random(1, long, seed: 0).featureView.identifier != name)
  }

  @Test func viewsThatDoNotExistAreRefused() throws {
    let scratch = try Scratch()
    let store = try FeatureStore.example(in: scratch)
    var wrong = Augmentation()
    wrong.shearRange = -1
    for view in [PictureView.crop(10), .crop(-1), .random(-1, Self.augmentation, seed: 0)] {
      #expect(throws: PictureViewError.self) { try run([], views: [view], ToyNetwork(), store) }
    }
    #expect(throws: AugmentationError.self) {
      try run([], views: [.random(0, wrong, seed: 0)], ToyNetwork(), store)
    }
    #expect(try PictureView.testTime(1) == [.plain])
    #expect(try PictureView.testTime(3) == [.plain, .flipped, .crop(0)])
    #expect(Set(try PictureView.testTime(12)).count == 12)
    for count in [0, 13] {
      #expect(throws: PictureViewError.self) { try PictureView.testTime(count) }
    }
  }

  /// From a file's bytes to the network's input, against the steps one by one.
  @Test func preparationMakesTheViewsOfOneDecodedPicture() throws {
    let source = Picture(
      width: 40, height: 24, pixels: (0..<40 * 24 * 3).map { (i: Int) in UInt8(i * i / 7 % 256) })
    let bytes = try source.png()
    let hash = PictureHash(of: bytes)
    let preparation = PicturePreparation(
      height: 8, width: 10, preprocessing: .caffe, interpolation: .bilinear, ignoresEXIF: false)
    let views = try preparation(bytes, name: "x.png", picture: hash, views: Self.all)
    #expect(views.count == 5)
    #expect(views[0] == (try preparation(bytes, name: "x.png")))
    let resized = source.resized(width: 10, height: 8, .bilinear)
    #expect(
      views[1] == Preprocessing.caffe.apply(levels: ViewTransform.flipped.apply(to: resized)))
    let draw = ViewTransform.draw(
      Self.augmentation, seed: 3, picture: hash.bytes, view: 1, source: (40, 24),
      target: (10, 8))
    #expect(views[3] == Preprocessing.caffe.apply(levels: draw.apply(to: resized)))
    // Crop 4 is the top right corner.
    let corner = source.cropped(.init(x: 5, y: 0, width: 35, height: 21))
      .resized(width: 10, height: 8, .bilinear)
    #expect(views[4] == Preprocessing.caffe.apply(corner))
    let crops = try preparation(
      bytes, name: "x.png", picture: hash, views: (0..<10).map { .crop($0) })
    #expect(Set(crops).count == 10)
  }

  @Test func planSaysWhatRunWouldDo() throws {
    let scratch = try Scratch()
    var samples = try scratch.samples(40)
    let store = try FeatureStore.open(
      under: scratch.file("features"), key: .example, shape: .example,
      storage: FeatureStorage(precision: .float16))
    try run(Array(samples[..<10]), views: [.plain], ToyNetwork(), store)
    samples.append(Sample(path: try scratch.write(picture(1), to: "copy"), label: nil))
    samples.append(Sample(path: scratch.file("missing"), label: nil))
    let network = ToyNetwork()
    let extraction = Extraction(
      network, store: store, pool: ThreadPool(threads: 2), options: ExtractionOptions()
    ) { bytes, name, _, views in
      let image = try ToyNetwork.prepare(bytes, name)
      return views.map { ToyNetwork.change(image, $0) }
    }
    let shards = store.shards
    let plan = try extraction.plan(samples, views: Self.all)
    #expect((plan.pictures, plan.views) == (42, 5))
    #expect((plan.duplicates, plan.unreadable) == (1, 1))
    #expect((plan.cached, plan.toCompute) == (10, 190))
    #expect(plan.bytesOnDisk == 190 * 24 * 2)
    #expect(plan.msPerView > 0 && plan.minutes == 190 * plan.msPerView / 60_000)
    #expect(plan.bytesOfMemory > 1 << 20 && (plan.bytesFree ?? 1) > 0)
    // One batch was tried, twice; nothing was stored.
    #expect(network.batches.withLock { $0 } == [16, 16] && store.shards == shards)
    let given = try extraction.plan(samples, views: [.plain], msPerView: 10)
    #expect(given.toCompute == 30 && given.msPerView == 10)
    #expect(network.batches.withLock { $0.count } == 2)
    let (result, _) = try run(samples, views: Self.all, ToyNetwork(), store)
    #expect(result.counts.computed == plan.toCompute && result.counts.cached == plan.cached)
  }
}
