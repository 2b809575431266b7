import Foundation
import Headstart
import KerasFormat
import Testing

/// What is not sound is reported and set aside, never trusted, never deleted.
@Suite struct FeatureStoreDamageTests {
  /// A store of two shards: pictures 0 to 3 and 4 to 7.
  private func makeStore(_ scratch: Scratch) throws -> (folder: String, first: String) {
    let store = try FeatureStore.example(in: scratch)
    try store.append(rows(4), pictures: pictures(0..<4))
    let first = try #require(store.shards.first)
    try store.append(rows(4, seed: 4), pictures: pictures(4..<8))
    return (store.folder, first)
  }

  private func path(_ folder: String, _ name: String) -> String {
    (folder as NSString).appendingPathComponent(name)
  }

  /// A byte of the features of a shard, found by its contents.
  private func flipFeature(in file: String) throws {
    var bytes = try contents(of: file)
    let pattern = rows(4).prefix(8).flatMap { value in
      (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt32($0))) }
    }
    let place = try #require(
      (0..<bytes.count - pattern.count).first { Array(bytes[$0..<$0 + pattern.count]) == pattern })
    bytes[place + 5] ^= 1
    try Data(bytes).write(to: URL(fileURLWithPath: file))
  }

  @Test func flippedBitIsFoundBeforeItIsUsed() throws {
    let scratch = try Scratch()
    let (folder, first) = try makeStore(scratch)
    try flipFeature(in: path(folder, first))
    let damaged = try contents(of: path(folder, first))

    let store = try FeatureStore.example(in: scratch)
    #expect(store.count == 8, "the structure is sound; the contents are checked on first use")
    #expect(try !store.holds(pictures(2..<3)[0]))
    #expect(try store.holds(pictures(5..<6)[0]))
    #expect(store.count == 4)
    #expect(store.setAside.map(\.path) == [path(folder, first)])
    #expect(store.setAside.first?.reason.contains("checksum") == true)
    // Moved, not deleted, with the reason beside it.
    #expect(try contents(of: path(folder, "damaged/\(first)")) == damaged)
    #expect(FileManager.default.fileExists(atPath: path(folder, "damaged/\(first).txt")))
    #expect(try FeatureStore.example(in: scratch).setAside.isEmpty)
  }

  @Test func readingADamagedShardFails() throws {
    let scratch = try Scratch()
    let (folder, first) = try makeStore(scratch)
    let store = try FeatureStore.example(in: scratch)
    try flipFeature(in: path(folder, first))
    #expect(throws: FeatureStoreError.self) { try store.read(pictures(0..<1)) }
    #expect(store.setAside.count == 1)
    #expect(try store.read(pictures(4..<8)) == rows(4, seed: 4))
  }

  @Test func anotherCopyOfTheRowsIsUsed() throws {
    let scratch = try Scratch()
    let (folder, first) = try makeStore(scratch)
    try FeatureStore.example(in: scratch).append(rows(2), pictures: pictures(0..<2))
    try flipFeature(in: path(folder, first))
    let store = try FeatureStore.example(in: scratch)
    #expect(try store.holds(pictures(1..<2)[0]))
    #expect(try store.read(pictures(0..<2)) == rows(2))
  }

  @Test func verifyChecksEverything() throws {
    let scratch = try Scratch()
    let (folder, first) = try makeStore(scratch)
    let store = try FeatureStore.example(in: scratch)
    var steps: [Int] = []
    #expect(try store.verify { done, total in steps.append(10 * total + done) }.isEmpty)
    #expect(steps == [21, 22])
    // A shard that was found sound once is still checked again.
    try flipFeature(in: path(folder, first))
    #expect(try store.verify().map(\.path) == [path(folder, first)])
    #expect(store.count == 4)
  }

  @Test func everyTruncationIsFound() throws {
    let scratch = try Scratch()
    let (folder, first) = try makeStore(scratch)
    let whole = try contents(of: path(folder, first))
    for length in [0, 1, 7, 8, 100, whole.count / 2, whole.count - 100, whole.count - 1] {
      try? FileManager.default.removeItem(atPath: path(folder, "damaged"))
      try Data(whole.prefix(length)).write(to: URL(fileURLWithPath: path(folder, first)))
      let store = try FeatureStore.example(in: scratch)
      for picture in pictures(0..<4) { #expect(try !store.holds(picture), "\(length) bytes") }
      #expect(store.setAside.map(\.path) == [path(folder, first)], "\(length) bytes")
      #expect(try store.read(pictures(4..<8)) == rows(4, seed: 4))
    }
  }

  /// Every bit of a shard is under a checksum, those of HDF5's own structures included.
  @Test func anyFlippedBitIsFound() throws {
    let scratch = try Scratch()
    let (folder, first) = try makeStore(scratch)
    let whole = try contents(of: path(folder, first))
    for place in stride(from: 0, to: whole.count, by: 41) {
      try? FileManager.default.removeItem(atPath: path(folder, "damaged"))
      var bytes = whole
      bytes[place] ^= UInt8(1 << (place % 8))
      try Data(bytes).write(to: URL(fileURLWithPath: path(folder, first)))
      let store = try FeatureStore.example(in: scratch)
      #expect(try pictures(0..<4).filter { try store.holds($0) }.isEmpty, "byte \(place)")
      #expect(store.setAside.map(\.path) == [path(folder, first)], "byte \(place)")
    }
  }

  @Test func foreignFilesAreSetAside() throws {
    let scratch = try Scratch()
    let (folder, first) = try makeStore(scratch)
    // A shard of other settings, an HDF5 file of something else, and no HDF5 file at all.
    var other = FeatureKey.example
    other.layer = "block4_pool"
    let foreign = try FeatureStore.example(in: scratch, key: other)
    try foreign.append(rows(2, seed: 50), pictures: pictures(50..<52))
    try FileManager.default.copyItem(
      atPath: path(foreign.folder, foreign.shards[0]), toPath: path(folder, "shard-1.h5"))
    let file = try HDF5File(creating: path(folder, "shard-2.h5"))
    try file.root.write("weights", [Float](repeating: 1, count: 10), shape: [10])
    try file.close()
    try scratch.write(Array("hello".utf8), to: "features/\(FeatureKey.example.folderName)/x.h5")
    try FileManager.default.createDirectory(
      atPath: path(folder, "folder.h5"), withIntermediateDirectories: true)
    try scratch.write([1], to: "features/\(FeatureKey.example.folderName)/notes.txt")

    let store = try FeatureStore.example(in: scratch)
    #expect(store.count == 8)
    #expect(
      Set(store.setAside.map { ($0.path as NSString).lastPathComponent })
        == ["shard-1.h5", "shard-2.h5", "x.h5", "folder.h5"])
    #expect(try !store.holds(pictures(50..<51)[0]))
    #expect(FileManager.default.fileExists(atPath: path(folder, "damaged/x.h5")))
    #expect(FileManager.default.fileExists(atPath: path(folder, "notes.txt")))
    #expect(store.shards.contains(first))
  }

  /// What other programs see: a plain HDF5 file with the documented contents.
  @Test func shardIsPlainHDF5() throws {
    let scratch = try Scratch()
    let (folder, first) = try makeStore(scratch)
    let file = try HDF5File(opening: path(folder, first))
    let features = try file.root.dataset("features")
    #expect(features.shape == [4, 2, 3, 4])
    #expect(try features.read(Float.self) == rows(4))
    let hashes = try file.root.dataset("sha256")
    #expect(hashes.shape == [4, 32])
    #expect(try hashes.read(UInt8.self) == pictures(0..<4).flatMap(\.bytes))
    #expect(try file.root.dataset("view").read(UInt16.self) == [0, 0, 0, 0])
    #expect(try file.root.dataset("view").strings("names") == ["plain"])
    #expect(try file.root.string("key") == FeatureKey.example.identifier)
    #expect(try file.root.string("settings") == FeatureKey.example.canonicalText)
    var raw: [UInt8] = []
    for value in rows(4) {
      for shift in [0, 8, 16, 24] { raw.append(UInt8(value.bitPattern >> UInt32(shift) & 255)) }
    }
    #expect(try file.root.string("checksum") == "sha256:\(PictureHash(of: raw))")
  }

  @Test func shardThatVanishesIsNoDamage() throws {
    let scratch = try Scratch()
    let (folder, first) = try makeStore(scratch)
    let store = try FeatureStore.example(in: scratch)
    try FileManager.default.removeItem(atPath: path(folder, first))
    #expect(try !store.holds(pictures(0..<1)[0]))
    #expect(store.setAside.isEmpty)
    #expect(store.count == 4)
  }

  @Test func leftoversOfDeadProcessesAreRemoved() throws {
    let scratch = try Scratch()
    let (folder, _) = try makeStore(scratch)
    let child = Process()
    child.executableURL = URL(fileURLWithPath: "/bin/sh")
    child.arguments = ["-c", "exit 0"]
    try child.run()
    child.waitUntilExit()
    let own = ProcessInfo.processInfo.processIdentifier
    let start = try #require(TemporaryName.startTime(of: own))
    let domain = TemporaryName.domain
    let dead = [
      ".partial-\(domain)-\(child.processIdentifier)-1-A.h5", ".partial-\(domain)-\(own)-1-B.h5",
    ]
    let alive = [
      ".partial-\(domain)-\(own)-\(start)-C.h5", ".partial-otherhost-\(own)-1-D.h5",
      ".partial-nonsense",
    ]
    let old = [".partial-otherhost-\(own)-1-E.h5", ".partial-nonsense-2"]
    for name in dead + alive + old {
      try Data([1]).write(to: URL(fileURLWithPath: path(folder, name)))
    }
    for name in old {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -90_000)], ofItemAtPath: path(folder, name))
    }
    let store = try FeatureStore.example(in: scratch)
    #expect(store.count == 8)
    #expect(
      try Set(names(in: folder).filter { $0.hasPrefix(".partial") }) == Set(alive))
    #expect(TemporaryName.make().hasPrefix(".partial-\(domain)-\(own)-\(start)-"))
  }

  @Test func failedWriteLeavesNothing() throws {
    let scratch = try Scratch()
    let store = try FeatureStore.example(in: scratch)
    try store.append(rows(1), pictures: pictures(0..<1))
    // The folder has gone: writing fails whoever runs the test.
    let moved = scratch.file("moved")
    try FileManager.default.moveItem(atPath: store.folder, toPath: moved)
    #expect(throws: FeatureStoreError.self) {
      try store.append(rows(1), pictures: pictures(1..<2))
    }
    try FileManager.default.moveItem(atPath: moved, toPath: store.folder)
    #expect(store.count == 1)
    #expect(try names(in: store.folder).count == 2)
    try store.append(rows(1), pictures: pictures(1..<2))
    #expect(try FeatureStore.example(in: scratch).count == 2)
  }

  @Test func fullDiskIsToldBeforeItIsHalfWritten() throws {
    let scratch = try Scratch()
    let folder = StoreFolder(scratch.path)
    try folder.checkRoom(for: 1000, writing: "x")
    let error = #expect(throws: FeatureStoreError.self) {
      try folder.checkRoom(for: 1 << 60, writing: "x")
    }
    guard case .diskFull("x", 1 << 60, let free) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(free > 1000)
  }

  @Test(arguments: [
    (1 << 20, 1 << 20, 1 << 20), (1 << 11, 1 << 10, 1 << 10), (1, 1, .max), (2, 3, 0), (-1, -1, 24),
  ])
  func craftedShapeIsRefused(_ height: Int, _ width: Int, _ channels: Int) throws {
    let scratch = try Scratch()
    let (folder, _) = try makeStore(scratch)
    try describe(folder, height, width, channels)
    #expect(throws: FeatureStoreError.self) { try FeatureStore.open(folder: folder) }
    #expect(throws: FeatureStoreError.self) { try FeatureStore.example(in: scratch) }
    let summary = try FeatureStoreCatalog(scratch.file("features")).summary(of: folder)
    #expect(summary.problem?.contains("the shape in its key.json") == true)
  }

  @Test func shardsOfAnotherShapeAreSetAside() throws {
    let scratch = try Scratch()
    let (folder, _) = try makeStore(scratch)
    try describe(folder, 1 << 10, 1 << 10, 1 << 10)
    let store = try FeatureStore.open(folder: folder)
    #expect(store.count == 0)
    #expect(store.setAside.count == 2)
  }

  /// Writes a `key.json` with the right key and any shape.
  private func describe(_ folder: String, _ height: Int, _ width: Int, _ channels: Int) throws {
    let text: [String: Any] = [
      "key": FeatureKey.example.identifier, "settings": FeatureKey.example.settings,
      "shape": ["height": height, "width": width, "channels": channels],
    ]
    try JSONSerialization.data(withJSONObject: text)
      .write(to: URL(fileURLWithPath: path(folder, "key.json")))
  }
}
