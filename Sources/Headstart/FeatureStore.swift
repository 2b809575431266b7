import Files
import Foundation
import KerasFormat
import Synchronization

/// Features of pictures on disk, found by the pictures' contents.
///
/// A store is a folder of immutable HDF5 files, the shards, all computed under one ``FeatureKey``.
/// Rows are only ever added, a shard at a time:
///
/// 1. the shard is written under a temporary name, flushed and synchronised,
/// 2. it is renamed, and the folder synchronised.
///
/// So a kill at any moment leaves whole shards and perhaps a temporary file, and any number of
/// processes may fill one store at the same time: they never touch the same file and never wait
/// to write. What one has in hand the others leave to it (``Extraction``); at worst, as on a disk
/// without locks, two of them compute the same picture: then there are two equal rows, and one is used.
/// As long as the object lives, ``FeatureStorePruning`` leaves the store alone.
///
/// Nothing is trusted that was not checked. Opening a store reads the tables of all shards and
/// checks their structure; the first use of a row checks its shard's SHA-256 over every byte, once
/// a process. A shard that fails, or was made under other settings, is moved to the folder
/// `damaged/` of the store, and its pictures count as not there.
///
/// All methods may be called from any thread.
public final class FeatureStore: Sendable {
  /// Version of the files' structure. It is part of every key: another version is another folder.
  public static let formatVersion = 1
  static let damagedFolder = "damaged"

  /// Where the store stands.
  public let folder: String
  /// Height, width and channels of a row.
  public let shape: FeatureShape
  /// What the features were computed with.
  public let settings: [String: String]
  /// ``FeatureKey/identifier`` of those settings.
  public let identifier: String
  /// How rows are written. Those that are there may be packed otherwise.
  public let storage: FeatureStorage

  private struct Place {
    let shard: FeatureShard
    let row: Int
  }

  private struct State {
    var shards: [String: FeatureShard] = [:]
    var index: [FeatureView: [PictureHash: Place]] = [:]
    var setAside: [SetAsideShard] = []
    // Shards that were set aside but could not be moved: not to be tried again.
    var refused: Set<String> = []

    mutating func add(_ shard: FeatureShard) {
      guard shards.updateValue(shard, forKey: shard.name) == nil else { return }
      for (row, hash) in shard.hashes.enumerated() {
        let view = shard.views[row]
        if index[view]?[hash] == nil {
          index[view, default: [:]][hash] = Place(shard: shard, row: row)
        }
      }
    }

    mutating func remove(_ shard: String) {
      guard shards.removeValue(forKey: shard) != nil else { return }
      // Another shard may hold some of the same rows: damage is rare, so all is indexed anew.
      let remaining = shards.values
      shards = [:]
      index = [:]
      for shard in remaining { add(shard) }
    }
  }

  private let state = Mutex(State())
  private let openFiles = OpenShards(capacity: 128)
  private let damage = Mutex(())

  /// Nil of a store that is not there; the first rows make it.
  private let use: Mutex<FeatureStoreUse?>

  private init(
    folder: String, description: StoreDescription, storage: FeatureStorage,
    use: FeatureStoreUse?
  ) {
    self.folder = folder
    self.storage = storage
    self.use = Mutex(use)
    shape = description.shape
    settings = description.settings
    identifier = description.key
  }

  /// Opens the store of a key, which is created where there is none.
  ///
  /// - Parameters:
  ///   - root: The folder of all stores, `features/`.
  ///   - key: What the features are computed with; its name is the folder's.
  ///   - shape: Height, width and channels of the features of one picture.
  ///   - storage: How they are written. Another precision is another folder.
  ///   - creating: Whether a store that is not there is made at once, or with its first rows: who only
  ///     asks what is there leaves nothing behind.
  /// - Throws: ``FeatureStoreError`` if the folder cannot be made or belongs to other settings.
  public static func open(
    under root: String, key: FeatureKey, shape: FeatureShape, storage: FeatureStorage = .plain,
    creating: Bool = true
  ) throws -> FeatureStore {
    let folder = (root as NSString).appendingPathComponent(key.folderName(storage))
    let settings = key.settings.merging(storage.settings) { $1 }
    let wanted = StoreDescription(
      key: FeatureKey.identifier(settings), shape: shape, settings: settings)
    let isThere = FileManager.default.fileExists(atPath: folder)
    let store = FeatureStore(
      folder: folder, description: wanted, storage: storage,
      use: creating || isThere ? try FeatureStoreUse.make(folder, wanted) : nil)
    guard creating || isThere else { return store }
    try store.start()
    // The folder's own date tells when the store was last used; a store on a read-only disk has
    // no use for it.
    try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: folder)
    return store
  }

  /// Makes the folder of a store that was opened without one.
  private func makeFolder() throws {
    try use.withLock { use in
      guard use == nil else { return }
      use = try FeatureStoreUse.make(
        folder, StoreDescription(key: identifier, shape: shape, settings: settings))
    }
  }

  /// Opens an existing store by its folder, whatever its settings are: to list, verify or copy.
  /// That does not count as a use of the store.
  ///
  /// - Throws: ``FeatureStoreError`` if there is none.
  public static func open(folder: String) throws -> FeatureStore {
    guard let use = try FeatureStoreUse.shared(folder),
      let description = try StoreDescription.read(from: folder)
    else {
      throw FeatureStoreError.notAStore(folder: folder, reason: "it has no key.json")
    }
    let store = FeatureStore(
      folder: folder, description: description,
      storage: FeatureStorage(precision: try description.precision(of: folder)), use: use)
    try store.start()
    return store
  }

  private func start() throws {
    StoreFolder(folder).removeAbandonedFiles()
    try refresh()
  }

  // MARK: What is there

  /// Number of rows that can be found: distinct pictures, times their views.
  public var count: Int {
    state.withLock { $0.index.values.reduce(0) { $0 + $1.count } }
  }

  /// Number of shards in use.
  public var shardCount: Int { state.withLock { $0.shards.count } }

  /// What was found damaged or foreign since the store was opened.
  public var setAside: [SetAsideShard] { state.withLock { $0.setAside } }

  /// Takes in the shards that other processes have added since.
  public func refresh() throws {
    guard use.withLock({ $0 != nil }) else { return }
    let names = try StoreFolder(folder).shards()
    let known = state.withLock { state in state.refused.union(state.shards.keys) }
    let paths = names.filter { !known.contains($0) }
      .map { (folder as NSString).appendingPathComponent($0) }
    // A shard a batch makes thousands of them, and reading their tables is nearly all of opening.
    let found = Mutex<[Int: Result<FeatureShard, any Error>]>([:])
    DispatchQueue.concurrentPerform(iterations: paths.count) { index in
      let shard = Result {
        try FeatureShard(
          opening: paths[index], key: identifier, shape: shape, precision: storage.precision)
      }
      found.withLock { $0[index] = shard }
    }
    let shards = found.withLock { $0 }
    for (index, path) in paths.enumerated() {
      switch shards[index] {
      case .success(let shard)?: state.withLock { $0.add(shard) }
      case .failure(let error)?: try handle(error, of: path)
      case nil: preconditionFailure("'\(path)' was not looked at")
      }
    }
  }

  /// Whether the features of a picture are there, in a shard that was checked in this process.
  ///
  /// A shard found damaged on the way is set aside.
  public func holds(_ picture: PictureHash, view: FeatureView = .plain) throws -> Bool {
    // A damaged shard leaves the index, so each turn has fewer shards to choose from.
    while let place = state.withLock({ $0.index[view]?[picture] }) {
      do {
        try verify(place.shard)
        return true
      } catch {
        try handle(error, of: place.shard.path)
      }
    }
    return false
  }

  /// Whether a row is in the tables of the shards, whose features may not have been checked yet.
  func lists(_ row: FeatureRow) -> Bool {
    state.withLock { $0.index[row.view]?[row.picture] != nil }
  }

  /// Whether the features are those of a key, however they are stored.
  func belongs(to key: FeatureKey) -> Bool {
    FeatureStorage.split(settings).map { FeatureKey.identifier($0.key) } == key.identifier
  }

  // MARK: Reading

  /// Reads the features of pictures in the order given, as (pictures, h, w, c).
  ///
  /// - Throws: ``FeatureStoreError/missing(picture:folder:)`` for a picture that is not there, and
  ///   ``FeatureStoreError/damaged(path:reason:)`` if its shard proved damaged only now.
  public func read(_ pictures: [PictureHash], view: FeatureView = .plain) throws -> [Float] {
    try read(
      state.withLock { state in
        let index = state.index[view]
        return try pictures.map { picture in
          guard let place = index?[picture] else {
            throw FeatureStoreError.missing(picture: picture, folder: folder)
          }
          return place
        }
      })
  }

  /// Reads the features of any views of any pictures in the order given, as (rows, h, w, c).
  ///
  /// Each row is read by itself, or with its neighbours where they follow each other.
  ///
  /// - Throws: As ``read(_:view:)``.
  public func read(_ rows: [FeatureRow]) throws -> [Float] {
    try read(
      state.withLock { state in
        try rows.map { row in
          guard let place = state.index[row.view]?[row.picture] else {
            throw FeatureStoreError.missing(picture: row.picture, folder: folder)
          }
          return place
        }
      })
  }

  private func read(_ places: [Place]) throws -> [Float] {
    var features: [Float] = []
    features.reserveCapacity(places.count * shape.count)
    var start = 0
    while start < places.count {
      // Neighbours in a shard, which pictures in the order of a folder are, come in one read.
      let first = places[start]
      var end = start + 1
      while end < places.count, places[end].shard === first.shard,
        places[end].row == first.row + end - start
      { end += 1 }
      do {
        try verify(first.shard)
        features += try first.shard.read(
          first.row..<first.row + end - start, from: openFiles.file(of: first.shard))
      } catch {
        try handle(error, of: first.shard.path)
        throw FeatureStoreError.damaged(path: first.shard.path, reason: "\(error)")
      }
      start = end
    }
    return features
  }

  private func verify(_ shard: FeatureShard) throws {
    try shard.verify { try openFiles.file(of: shard) }
  }

  // MARK: Adding

  /// Adds a shard with the features of some pictures, and returns when it is on the disk. (More
  /// than one where hundreds of views have long names.)
  ///
  /// - Parameters:
  ///   - features: (rows, h, w, c).
  ///   - pictures: The hash of each row's picture, at most 65,536.
  ///   - views: The view of each row; `nil`: all plain.
  /// - Throws: ``FeatureStoreError`` if it cannot be written, or a value is beyond the range of
  ///   float16 where rows are stored so. Nothing is left of the attempt.
  public func append(
    _ features: [Float], pictures: [PictureHash], views: [FeatureView]? = nil
  ) throws {
    let views = views ?? Array(repeating: .plain, count: pictures.count)
    precondition(
      (1...65536).contains(pictures.count) && views.count == pictures.count
        && features.count == pictures.count * shape.count, "rows and features do not fit together")
    if let limit = storage.precision.largest,
      let place = features.firstIndex(where: { !(abs($0) <= limit) })
    {
      throw FeatureStoreError.outOfRange(
        picture: pictures[place / shape.count], value: features[place])
    }
    guard FeatureShard.canName(views) else {
      let half = pictures.count / 2
      try append(
        Array(features[..<(half * shape.count)]), pictures: Array(pictures[..<half]),
        views: Array(views[..<half]))
      return try append(
        Array(features[(half * shape.count)...]), pictures: Array(pictures[half...]),
        views: Array(views[half...]))
    }
    try makeFolder()
    let temporary = (folder as NSString).appendingPathComponent(TemporaryName.make())
    let path = (folder as NSString)
      .appendingPathComponent("shard-\(UUID().uuidString.lowercased()).h5")
    // Asked before, because a full disk found half-way is a mess for everyone who writes to it.
    let needed = storage.precision.size * features.count + (64 << 10)
    try StoreFolder(folder).checkRoom(for: needed, writing: path)
    do {
      let shard = try FeatureShard.write(
        to: temporary, destination: path, key: identifier,
        settings: FeatureKey.canonicalText(settings), shape: shape, storage: storage,
        features: features, hashes: pictures, views: views)
      try StoreFolder.rename(temporary, to: path)
      try AtomicFile.synchronize(folder)
      state.withLock { $0.add(shard) }
    } catch {
      try? FileManager.default.removeItem(atPath: temporary)
      try StoreFolder(folder).checkRoom(for: needed, writing: path)
      throw (error as? FeatureStoreError)
        ?? FeatureStoreError.cannotWrite(path: path, reason: writeReason(error, path))
    }
  }

  // MARK: Damage

  /// Checks every byte of every shard and sets aside what is damaged.
  ///
  /// - Parameters:
  ///   - cancellation: Polled between shards.
  ///   - progress: Called after each shard with the numbers of shards done and in all.
  /// - Returns: What was set aside, including what opening the store had found.
  public func verify(
    cancellation: Cancellation = Cancellation(),
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> [SetAsideShard] {
    let shards = state.withLock { $0.shards.values.sorted { $0.name < $1.name } }
    for (done, shard) in shards.enumerated() {
      try cancellation.check()
      do {
        try shard.verify(again: true) { try BinaryFile(opening: shard.path) }
      } catch {
        try handle(error, of: shard.path)
      }
      progress(done + 1, shards.count)
    }
    return setAside
  }

  /// Decides what an error on reading a shard means, and sets a damaged shard aside.
  ///
  /// - Throws: ``FeatureStoreError/cannotRead(path:reason:)`` where the file may be sound.
  private func handle(_ error: any Error, of path: String) throws {
    // Several threads may find the same damage: the first sets the shard aside, and reports it.
    try damage.withLock { _ in try handleAlone(error, of: path) }
  }

  private func handleAlone(_ error: any Error, of path: String) throws {
    let name = (path as NSString).lastPathComponent
    guard state.withLock({ !$0.refused.contains(name) }) else { return }
    openFiles.close(name)
    // Gone: another process has set it aside, or somebody has cleared the store.
    guard FileManager.default.fileExists(atPath: path) else {
      return state.withLock { $0.remove(name) }
    }
    // Rights, too many open files, a broken disk: no reason to call the contents damaged.
    if let reason = StoreFolder.obstacle(toReading: path) {
      throw FeatureStoreError.cannotRead(path: path, reason: reason)
    }
    let found = StoreFolder(folder).setAside(name, reason: Self.reason(error))
    state.withLock { state in
      state.remove(name)
      state.refused.insert(name)
      state.setAside.append(found)
    }
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case let error as KerasFormatError:
      "\(error.object ?? "the file"): expected \(error.expected), found \(error.found)"
    default: "\(error)"
    }
  }
}
