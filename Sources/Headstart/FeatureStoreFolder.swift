import Files
import Foundation
import KerasFormat

/// What `key.json` of a store says: what the features were computed with.
struct StoreDescription: Codable, Equatable {
  static let fileName = "key.json"

  var key: String
  var shape: FeatureShape
  var settings: [String: String]

  /// - Returns: `nil` if the folder has no `key.json`.
  /// - Throws: ``FeatureStoreError/notAStore(folder:reason:)`` if it is damaged: absent and
  ///   unreadable are not the same.
  static func read(from folder: String) throws -> StoreDescription? {
    let path = (folder as NSString).appendingPathComponent(fileName)
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    if let reason = StoreFolder.obstacle(toReading: path) {
      throw FeatureStoreError.cannotRead(path: path, reason: reason)
    }
    let found: StoreDescription
    do {
      found = try JSONDecoder().decode(
        StoreDescription.self, from: try Data(contentsOf: URL(fileURLWithPath: path)))
    } catch {
      throw FeatureStoreError.notAStore(
        folder: folder, reason: "its key.json is damaged; delete key.json to have it written anew")
    }
    guard FeatureKey.identifier(found.settings) == found.key else {
      throw FeatureStoreError.notAStore(
        folder: folder, reason: "the settings in its key.json are not those of its key")
    }
    guard found.shape.isReasonable else {
      throw FeatureStoreError.notAStore(
        folder: folder, reason: "the shape in its key.json is \(found.shape)")
    }
    return found
  }

  /// The type of the stored numbers.
  ///
  /// - Throws: ``FeatureStoreError/notAStore(folder:reason:)`` if it is none that is known here.
  func precision(of folder: String) throws -> FeatureStorage.Precision {
    guard let split = FeatureStorage.split(settings) else {
      throw FeatureStoreError.notAStore(
        folder: folder, reason: "its key.json names a storage that is not known")
    }
    return split.precision
  }

  func write(to folder: String) throws {
    let path = (folder as NSString).appendingPathComponent(Self.fileName)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      try AtomicFile.write(try encoder.encode(self) + Data("\n".utf8), to: path)
    } catch {
      throw FeatureStoreError.cannotWrite(path: path, reason: writeReason(error, path))
    }
  }
}

/// The files of a store's folder.
package struct StoreFolder {
  let path: String

  package init(_ path: String) { self.path = path }

  /// Names of all shards, in alphabetical order.
  func shards() throws -> [String] {
    try names().filter { $0.hasSuffix(".h5") && !$0.hasPrefix(".") }.sorted()
  }

  /// Names of all temporary files, those of a `key.json` that was being written included.
  func temporaries() throws -> [String] {
    try names().filter {
      $0.hasPrefix(TemporaryName.prefix) || $0.hasPrefix(".\(StoreDescription.fileName).")
    }.sorted()
  }

  /// Names, under ``path``, of everything that was set aside.
  func damaged() throws -> [String] {
    let folder = (path as NSString).appendingPathComponent(FeatureStore.damagedFolder)
    guard FileManager.default.fileExists(atPath: folder) else { return [] }
    return try StoreFolder(folder).names().sorted().map { "\(FeatureStore.damagedFolder)/\($0)" }
  }

  private func names() throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw FeatureStoreError.cannotRead(
        path: path, reason: SystemReason.text(error, writing: path))
    }
  }

  /// Size of a file in bytes and when it was last written to; `nil` if it has gone.
  func attributes(of name: String) -> (bytes: Int, modified: Date)? {
    let path = (path as NSString).appendingPathComponent(name)
    guard let found = try? FileManager.default.attributesOfItem(atPath: path),
      let size = found[.size] as? NSNumber, let date = found[.modificationDate] as? Date
    else { return nil }
    return (size.intValue, date)
  }

  /// Names of the temporary files that nobody writes any more.
  func abandoned() throws -> [String] {
    try temporaries().filter { name in
      attributes(of: name).map { TemporaryName.isAbandoned(name, modified: $0.modified) } ?? false
    }
  }

  /// Deletes what killed processes left half-written.
  func removeAbandonedFiles() {
    // A file that another process deletes at the same moment is no failure, nor is a store that
    // may not be written to.
    for name in (try? abandoned()) ?? [] {
      try? FileManager.default.removeItem(
        atPath: (path as NSString).appendingPathComponent(name))
    }
  }

  /// Moves a shard to the folder of damaged ones, with the reason in a text file beside it; what
  /// is no file at all stays where it is.
  func setAside(_ name: String, reason: String) -> SetAsideShard {
    let from = (path as NSString).appendingPathComponent(name)
    if Folder.isFolder(from) {
      return SetAsideShard(path: from, movedTo: nil, reason: "it is a folder")
    }
    let folder = (path as NSString).appendingPathComponent(FeatureStore.damagedFolder)
    var to = (folder as NSString).appendingPathComponent(name)
    if FileManager.default.fileExists(atPath: to) {
      to = (folder as NSString).appendingPathComponent("\(UUID().uuidString)-\(name)")
    }
    do {
      try Folder.create(folder)
      try Self.rename(from, to: to)
      try? Data((reason + "\n").utf8).write(to: URL(fileURLWithPath: to + ".txt"))
      return SetAsideShard(path: from, movedTo: to, reason: reason)
    } catch {
      return SetAsideShard(path: from, movedTo: nil, reason: reason)
    }
  }

  /// Renames within one disk, replacing nothing half-way.
  static func rename(_ from: String, to: String) throws {
    guard Foundation.rename(from, to) == 0 else {
      throw FeatureStoreError.cannotWrite(path: to, reason: SystemReason.text(errno, writing: to))
    }
  }

  /// Why the system does not let us read a file; `nil` if it does, or if it is no file at all.
  static func obstacle(toReading path: String) -> String? {
    // Opening a named pipe would wait for a writer for ever.
    let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    let attributes = try? FileManager.default.attributesOfItem(atPath: target)
    guard attributes?[.type] as? FileAttributeType == .typeRegular else { return nil }
    do {
      let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      defer { try? file.close() }
      _ = try file.read(upToCount: 1)
      return nil
    } catch {
      return SystemReason.text(error, writing: path)
    }
  }

  /// Bytes that are free on the disk; `nil` if the system does not tell.
  var free: Int? {
    // Of a store that is not there yet, the disk of the folder above.
    var place = path
    while !Folder.isFolder(place), let above = Folder.parent(of: place) { place = above }
    let system = try? FileManager.default.attributesOfFileSystem(forPath: place)
    return (system?[.systemFreeSize] as? NSNumber)?.intValue
  }

  /// - Throws: ``FeatureStoreError/diskFull(path:needed:free:)`` if `needed` bytes do not fit.
  package func checkRoom(for needed: Int, writing file: String) throws {
    guard let free else { return }
    guard free >= needed else {
      throw FeatureStoreError.diskFull(path: file, needed: needed, free: free)
    }
  }
}
