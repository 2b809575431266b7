import Files
import Foundation
import KerasFormat

/// What a feature store holds and takes, seen without opening it: nothing is changed.
public struct FeatureStoreSummary: Sendable, Equatable, Encodable {
  /// The store's folder.
  public let path: String
  /// The folder's name, which ends with the beginning of the key.
  public let name: String
  /// What the features were computed with; empty if `key.json` is damaged.
  public let settings: [String: String]
  /// Height, width and channels of the features of one picture.
  public let shape: FeatureShape?
  /// Distinct pictures.
  public let pictures: Int
  /// Distinct rows: the views of all pictures.
  public let rows: Int
  /// The number of pictures of each view, under its name.
  public let views: [String: Int]
  /// Files of rows.
  public let shards: Int
  /// Of all files of the store, in bytes.
  public let bytes: Int
  /// When the store was last opened to take features from, or added to.
  public let lastUsed: Date
  /// Shards that are damaged: those set aside, and those that will be at the next use.
  public let damaged: Int
  /// Files that a killed process left half-written, and those being written now.
  public let abandoned: Int, unfinished: Int
  /// What is wrong with the store as a whole.
  public let problem: String?
}

/// All feature stores of a folder.
public struct FeatureStoreCatalog: Sendable {
  /// `features/`
  public let root: String

  public init(_ root: String) { self.root = root }

  /// Paths of the stores, in alphabetical order: the folders that have a `key.json`. There are
  /// none where ``root`` does not exist yet.
  ///
  /// - Throws: ``FeatureStoreError/cannotRead(path:reason:)`` if it is there and cannot be read.
  public func folders() throws -> [String] {
    guard FileManager.default.fileExists(atPath: root) else { return [] }
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: root)
    } catch {
      throw FeatureStoreError.cannotRead(
        path: root, reason: SystemReason.text(error, writing: root))
    }
    return names.sorted().map { (root as NSString).appendingPathComponent($0) }.filter {
      FileManager.default.fileExists(
        atPath: ($0 as NSString).appendingPathComponent(StoreDescription.fileName))
    }
  }

  /// The stores whose folder's name, or the key that ends it, begins with one of some texts; all
  /// of them if there are none.
  ///
  /// - Throws: ``FeatureStoreError/noSuchStore(name:root:)`` for a text that fits no store.
  public func folders(named names: [String]) throws -> [String] {
    let all = try folders()
    guard !names.isEmpty else { return all }
    let found = try names.map { name in
      let wanted = (name as NSString).lastPathComponent
      let fitting = all.filter { folder in
        let name = (folder as NSString).lastPathComponent
        return name.hasPrefix(wanted) || name.split(separator: "-").last?.hasPrefix(wanted) == true
      }
      guard !fitting.isEmpty else {
        throw FeatureStoreError.noSuchStore(name: name, root: root)
      }
      return fitting
    }
    return Set(found.joined()).sorted()
  }

  /// Describes a store.
  public func summary(of folder: String) throws -> FeatureStoreSummary {
    let files = StoreFolder(folder)
    var description: StoreDescription?
    var problem: String?
    do {
      description = try StoreDescription.read(from: folder)
    } catch {
      problem = "\(error)"
    }
    let names = try files.shards()
    let setAside = try files.damaged()
    let temporaries = try files.temporaries()
    let abandoned = try files.abandoned()
    var pictures: [FeatureView: Set<PictureHash>] = [:]
    var unsound = 0
    for name in names {
      guard let description,
        let shard = try? FeatureShard(
          opening: (folder as NSString).appendingPathComponent(name), key: description.key,
          shape: description.shape, precision: description.precision(of: folder))
      else {
        unsound += 1
        continue
      }
      for (hash, view) in zip(shard.hashes, shard.views) {
        pictures[view, default: []].insert(hash)
      }
    }
    let sizes = (names + setAside + temporaries + [StoreDescription.fileName]).map {
      files.attributes(of: $0)?.bytes ?? 0
    }
    return FeatureStoreSummary(
      path: folder, name: (folder as NSString).lastPathComponent,
      settings: description?.settings ?? [:], shape: description?.shape,
      pictures: pictures.values.reduce(into: Set()) { $0.formUnion($1) }.count,
      rows: pictures.values.reduce(0) { $0 + $1.count },
      views: [String: Int](
        uniqueKeysWithValues: pictures.map { ($0.key.identifier, $0.value.count) }),
      shards: names.count - unsound,
      bytes: sizes.reduce(0, +),
      lastUsed: StoreFolder(root).attributes(of: (folder as NSString).lastPathComponent)?.modified
        ?? .distantPast,
      damaged: unsound + setAside.filter { $0.hasSuffix(".h5") }.count,
      abandoned: abandoned.count, unfinished: temporaries.count - abandoned.count,
      problem: problem)
  }
}
