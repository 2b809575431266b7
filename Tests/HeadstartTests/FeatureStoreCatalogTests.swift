import Foundation
import Headstart
import Testing

@Suite struct FeatureStoreCatalogTests {
  private let other: FeatureKey = {
    var key = FeatureKey.example
    key.layer = "block4_pool"
    return key
  }()

  /// A store that nobody has open.
  private struct ClosedStore {
    let folder: String
    let shards: [String]
    init(_ store: FeatureStore) { (folder, shards) = (store.folder, store.shards) }
  }

  private func makeStores(_ scratch: Scratch) throws -> (ClosedStore, ClosedStore) {
    let first = try FeatureStore.example(in: scratch)
    try first.append(rows(4), pictures: pictures(0..<4))
    try first.append(rows(3), pictures: pictures(3..<6))
    let second = try FeatureStore.example(in: scratch, key: other)
    try second.append(rows(2), pictures: pictures(0..<2))
    return (ClosedStore(first), ClosedStore(second))
  }

  private func age(_ folder: String, days: Double) throws {
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -days * 86400)], ofItemAtPath: folder)
  }

  @Test func listsWhatIsThere() throws {
    let scratch = try Scratch()
    let (first, second) = try makeStores(scratch)
    try scratch.write([1, 2, 3], to: "features/README.md")
    try scratch.write([1], to: "features/no store/file")
    try age(first.folder, days: 3)
    let catalog = FeatureStoreCatalog(scratch.file("features"))
    let found = try catalog.folders().map { try catalog.summary(of: $0) }
    #expect(found.map(\.name) == [other.folderName, FeatureKey.example.folderName])
    #expect(found.map(\.path) == [second.folder, first.folder])
    #expect(found.map(\.pictures) == [2, 6])
    #expect(found.map(\.shards) == [1, 2])
    #expect(found[1].settings == FeatureKey.example.settings)
    #expect(found[1].shape == .example)
    #expect(found.map(\.damaged) == [0, 0])
    let size = try names(in: first.folder).reduce(0) {
      $0 + (try contents(of: (first.folder as NSString).appendingPathComponent($1)).count)
    }
    #expect(found[1].bytes == size)
    // Looking is not using.
    #expect(abs(found[1].lastUsed.timeIntervalSinceNow + 3 * 86400) < 60)
    _ = try FeatureStore.example(in: scratch)
    #expect(abs(try catalog.summary(of: first.folder).lastUsed.timeIntervalSinceNow) < 60)
    #expect(try FeatureStoreCatalog(scratch.file("absent")).folders().isEmpty)
  }

  @Test func findsStoresByTheBeginningOfNameOrKey() throws {
    let scratch = try Scratch()
    let (first, second) = try makeStores(scratch)
    let catalog = FeatureStoreCatalog(scratch.file("features"))
    #expect(try catalog.folders(named: ["vgg16-block4"]) == [second.folder])
    #expect(
      try catalog.folders(named: [String(FeatureKey.example.identifier.prefix(5))])
        == [first.folder])
    #expect(try catalog.folders(named: [first.folder]) == [first.folder])
    #expect(try catalog.folders(named: ["vgg16", "vgg"]) == [second.folder, first.folder])
    #expect(
      throws: FeatureStoreError.noSuchStore(name: "vgg19", root: scratch.file("features"))
    ) { try catalog.folders(named: ["vgg16", "vgg19"]) }
  }

  @Test func countsDamageWithoutTouchingIt() throws {
    let scratch = try Scratch()
    let (first, _) = try makeStores(scratch)
    let shard = (first.folder as NSString).appendingPathComponent(first.shards[0])
    try Data(contents(of: shard).dropLast()).write(to: URL(fileURLWithPath: shard))
    let catalog = FeatureStoreCatalog(scratch.file("features"))
    let summary = try catalog.summary(of: first.folder)
    #expect(summary.damaged == 1 && summary.shards == 1)
    #expect(FileManager.default.fileExists(atPath: shard))
    #expect(try FeatureStore.open(folder: first.folder).verify().map(\.path) == [shard])
    #expect(try catalog.summary(of: first.folder).damaged == 1)

    try scratch.write(Array("{".utf8), to: "features/\(other.folderName)/key.json")
    let broken = try catalog.summary(of: scratch.file("features/\(other.folderName)"))
    #expect(broken.problem?.contains("key.json") == true)
  }

  @Test func prunesOnlyWhatItIsTold() throws {
    let scratch = try Scratch()
    let (first, second) = try makeStores(scratch)
    let catalog = FeatureStoreCatalog(scratch.file("features"))
    let folders = try catalog.folders()
    try age(first.folder, days: 40)
    #expect(try FeatureStorePruning().plan(for: folders, in: catalog).items.isEmpty)

    let plan = try FeatureStorePruning(unusedFor: 30 * 86400).plan(for: folders, in: catalog)
    #expect(plan.items.map(\.path) == [first.folder])
    #expect(plan.bytes == (try catalog.summary(of: first.folder).bytes))
    #expect(plan.items[0].reason == "last used 40 days ago")
    #expect(FileManager.default.fileExists(atPath: first.folder), "a plan deletes nothing")
    try plan.carryOut()
    #expect(!FileManager.default.fileExists(atPath: first.folder))
    #expect(try FeatureStore.open(folder: second.folder).count == 2)
    // Once more: what has gone already is no error.
    try plan.carryOut()
  }

  @Test func keepsWhatOthersPutIntoAStore() throws {
    let scratch = try Scratch()
    let (first, second) = try makeStores(scratch)
    let note = try scratch.write([7], to: "features/\(FeatureKey.example.folderName)/note.txt")
    let catalog = FeatureStoreCatalog(scratch.file("features"))
    try FeatureStorePruning(everything: true).plan(for: catalog.folders(), in: catalog).carryOut()
    #expect(try names(in: first.folder) == ["note.txt"])
    #expect(try contents(of: note) == [7])
    #expect(!FileManager.default.fileExists(atPath: second.folder))
  }

  @Test func prunesDamagedShardsAndLeavesStoresInUse() throws {
    let scratch = try Scratch()
    let (first, second) = try makeStores(scratch)
    let name = first.shards[0]
    let shard = (first.folder as NSString).appendingPathComponent(name)
    try Data(contents(of: shard).dropLast()).write(to: URL(fileURLWithPath: shard))
    _ = try FeatureStore.open(folder: first.folder)
    let catalog = FeatureStoreCatalog(scratch.file("features"))
    let plan = try FeatureStorePruning(damaged: true).plan(for: catalog.folders(), in: catalog)
    #expect(
      plan.items.map { ($0.path as NSString).lastPathComponent } == [name, "\(name).txt"])
    try plan.carryOut()
    #expect(try catalog.summary(of: first.folder).damaged == 0)
    #expect(try FeatureStore.open(folder: first.folder).shardCount == 1)

    // This process is writing to the second store.
    try Data([1]).write(
      to: URL(
        fileURLWithPath: (second.folder as NSString).appendingPathComponent(TemporaryName.make())))
    let all = try FeatureStorePruning(everything: true).plan(for: catalog.folders(), in: catalog)
    #expect(all.inUse == [second.folder])
    #expect(all.items.map(\.path) == [first.folder])
  }

  @Test func leavesStoresAloneThatAreOpen() throws {
    let scratch = try Scratch()
    let (first, second) = try makeStores(scratch)
    let catalog = FeatureStoreCatalog(scratch.file("features"))
    let pruning = FeatureStorePruning(everything: true)
    let early = try pruning.plan(for: catalog.folders(), in: catalog)
    #expect(early.inUse.isEmpty && early.items.count == 2)
    do {
      let store = try FeatureStore.example(in: scratch)
      let reader = try FeatureStore.open(folder: second.folder)
      #expect(
        try pruning.plan(for: catalog.folders(), in: catalog).inUse
          == [second.folder, first.folder])
      // Opened only after the plan was made.
      #expect(try early.carryOut() == [second.folder, first.folder])
      #expect(try store.read(pictures(0..<3)) == rows(3))
      #expect(try reader.read(pictures(0..<2)) == rows(2))
    }
    #expect(try early.carryOut().isEmpty)
    #expect(try catalog.folders().isEmpty)
  }

  @Test func verifyingIsNotUsing() throws {
    let scratch = try Scratch()
    let (first, _) = try makeStores(scratch)
    let catalog = FeatureStoreCatalog(scratch.file("features"))
    try age(first.folder, days: 40)
    #expect(try FeatureStore.open(folder: first.folder).verify().isEmpty)
    #expect(
      try FeatureStorePruning(unusedFor: 30 * 86400).plan(for: catalog.folders(), in: catalog)
        .items.map(\.path) == [first.folder])
  }
}
