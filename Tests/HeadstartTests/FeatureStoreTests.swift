import Foundation
import Headstart
import KerasFormat
import Testing

@Suite struct FeatureStoreTests {
  @Test func keepsRowsAcrossProcesses() throws {
    let scratch = try Scratch()
    let features = rows(5)
    try FeatureStore.example(in: scratch).append(features, pictures: pictures(0..<5))

    let store = try FeatureStore.example(in: scratch)
    #expect(store.count == 5)
    #expect(try store.read(pictures(0..<5)) == features)
    #expect(try store.holds(pictures(3..<4)[0]))
    #expect(try !store.holds(pictures(9..<10)[0]))
    #expect(store.setAside.isEmpty)
  }

  @Test func readsAnyOrderFromSeveralShards() throws {
    let scratch = try Scratch()
    let store = try FeatureStore.example(in: scratch)
    let all = rows(12)
    let row = FeatureShape.example.count
    for start in [0, 4, 8] {
      try store.append(
        Array(all[start * row..<(start + 4) * row]), pictures: pictures(start..<start + 4))
    }
    let order = [11, 0, 1, 2, 7, 7, 3, 4, 10]
    let found = try store.read(order.map { pictures(0..<12)[$0] })
    #expect(found == order.flatMap { all[$0 * row..<($0 + 1) * row] })
    #expect(store.shardCount == 3)
  }

  @Test func missingPictureIsAnErrorNotZeros() throws {
    let scratch = try Scratch()
    let store = try FeatureStore.example(in: scratch)
    try store.append(rows(1), pictures: pictures(0..<1))
    #expect(throws: FeatureStoreError.missing(picture: pictures(1..<2)[0], folder: store.folder)) {
      try store.read(pictures(0..<2))
    }
  }

  @Test func viewsOfOnePictureAreDifferentRows() throws {
    let scratch = try Scratch()
    let store = try FeatureStore.example(in: scratch)
    let turned = try #require(FeatureView.random(3, parameters: "rotation=4.5 zoom=0.93"))
    let picture = pictures(0..<1)[0]
    try store.append(
      rows(3), pictures: [picture, picture, picture], views: [.plain, turned, .flipped])
    let again = try FeatureStore.example(in: scratch)
    let row = FeatureShape.example.count
    #expect(again.count == 3)
    #expect(try again.read([picture]) == Array(rows(3)[..<row]))
    #expect(try again.read([picture], view: turned) == Array(rows(3)[row..<2 * row]))
    #expect(try again.read([picture], view: .flipped) == Array(rows(3)[(2 * row)...]))
    #expect(FeatureView(identifier: "line\nbreak") == nil)
    #expect(FeatureView(identifier: "") == nil)
  }

  @Test func duplicateRowsAreTolerated() throws {
    let scratch = try Scratch()
    let one = try FeatureStore.example(in: scratch)
    let other = try FeatureStore.example(in: scratch)
    try one.append(rows(4), pictures: pictures(0..<4))
    try other.append(rows(4), pictures: pictures(0..<4))
    #expect(other.count == 4)
    try other.refresh()
    #expect(other.count == 4)
    #expect(other.shardCount == 2)
    #expect(try other.read(pictures(0..<4)) == rows(4))
  }

  @Test func twoWritersAtOnceLoseNothing() async throws {
    let scratch = try Scratch()
    let stores = [try FeatureStore.example(in: scratch), try FeatureStore.example(in: scratch)]
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (place, store) in stores.enumerated() {
        for part in 0..<10 {
          let start = 100 * place + 5 * part
          group.addTask {
            try store.append(rows(5, seed: start), pictures: pictures(start..<start + 5))
          }
        }
      }
      try await group.waitForAll()
    }
    let store = try FeatureStore.example(in: scratch)
    #expect(store.count == 100)
    #expect(try store.verify().isEmpty)
    #expect(try store.read(pictures(120..<125)) == rows(5, seed: 120))
    #expect(try names(in: store.folder).count == 21, "20 shards and key.json, no temporaries")
  }

  @Test func otherSettingsHaveAnotherFolder() throws {
    let changes: [(inout FeatureKey) -> Void] = [
      { $0.backbone = "vgg19" }, { $0.weights = String(repeating: "b", count: 64) },
      { $0.layer = "block4_pool" }, { $0.height = 5 }, { $0.width = 5 },
      { $0.preprocessing = .rescale }, { $0.interpolation = .nearest }, { $0.ignoresEXIF = true },
      { $0.arithmetic = .bf16 }, { $0.instructionSet = .avx2 }, { $0.preparationVersion += 1 },
    ]
    var folders: Set = [FeatureKey.example.folderName]
    for change in changes {
      var key = FeatureKey.example
      change(&key)
      folders.insert(key.folderName)
    }
    #expect(folders.count == changes.count + 1)
    #expect(FeatureKey.example.folderName.hasPrefix("vgg16-block5_pool-4-"))
  }

  @Test func keyIsStable() {
    #expect(
      FeatureKey.example.canonicalText == """
        arithmetic=f32 version \(FeatureKey.example.arithmetic.codeVersion)
        backbone=vgg16
        exif=applied
        instructions=portable
        interpolation=bilinear
        layer=block5_pool
        preparation=version 1
        preprocessing=caffe
        size=4x4
        store=version 1
        weights=\(String(repeating: "a", count: 64))

        """)
    #expect(FeatureKey.example.identifier.count == 64)
  }

  @Test func foreignKeyFileIsRefused() throws {
    let scratch = try Scratch()
    var other = FeatureKey.example
    other.layer = "block4_pool"
    let store = try FeatureStore.example(in: scratch)
    let wrong = try FeatureStore.example(in: scratch, key: other)
    let path = (store.folder as NSString).appendingPathComponent("key.json")
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.copyItem(
      atPath: (wrong.folder as NSString).appendingPathComponent("key.json"), toPath: path)
    #expect(
      throws: FeatureStoreError.foreign(
        folder: store.folder, expected: FeatureKey.example.identifier, found: other.identifier)
    ) { try FeatureStore.example(in: scratch) }

    for text in ["", "{", "[1, 2]", #"{"key": "1", "settings": {}, "shape": {}}"#] {
      try scratch.write(Array(text.utf8), to: "features/\(other.folderName)/key.json")
      #expect(throws: FeatureStoreError.self, "\(text)") {
        try FeatureStore.example(in: scratch, key: other)
      }
    }
  }

  @Test func namesWeightsByTheirTensors() {
    func hash(_ tensors: [(String, [Int], [Float])]) -> String {
      var hash = TensorHash()
      for (name, shape, values) in tensors { hash.add(name: name, shape: shape, values: values) }
      return hash.hexadecimal()
    }
    let kernel: [Float] = [1, 2, 3, 4]
    let base = hash([("kernel", [2, 2], kernel), ("bias", [1], [0])])
    #expect(base == hash([("kernel", [2, 2], kernel), ("bias", [1], [0])]))
    #expect(base != hash([("kernel", [4, 1], kernel), ("bias", [1], [0])]))
    #expect(base != hash([("kernel", [2, 2], [1, 2, 3, 4.0000005]), ("bias", [1], [0])]))
    #expect(base != hash([("kernel", [2, 2], kernel), ("bias", [1], [-0.0])]))
    #expect(base != hash([("bias", [1], [0]), ("kernel", [2, 2], kernel)]))
    // SHA-256 of "a (1) 1\n" and the bytes 00 00 80 3f, by sha256sum.
    #expect(
      hash([("a", [1], [1])]) == "1724404198db53c93a3fc6242cd356ecf690d32aa829105e40d7fcfd700640a6")
  }

  @Test func pictureHashIsSHA256() {
    let hash = PictureHash(of: Array("abc".utf8))
    #expect(
      "\(hash)" == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(PictureHash(bytes: hash.bytes) == hash)
    #expect(PictureHash(bytes: [1, 2, 3]) == nil)
  }

  /// 25,000 pictures in batches of sixteen are 1,600 shards.
  @Test func manyShardsOpenFast() throws {
    let scratch = try Scratch()
    let store = try FeatureStore.example(in: scratch)
    try store.append(rows(1), pictures: pictures(0..<1))
    let whole = (store.folder as NSString).appendingPathComponent(store.shards[0])
    for index in 1..<1600 {
      try FileManager.default.copyItem(
        atPath: whole,
        toPath: (store.folder as NSString).appendingPathComponent("shard-\(index).h5"))
    }
    let start = Date()
    let again = try FeatureStore.example(in: scratch)
    let seconds = Date().timeIntervalSince(start)
    #expect(again.shardCount == 1600)
    // A second is far more than an idle machine needs; a busy one gets more.
    #expect(seconds < 5, "\(seconds) s")
  }
}
