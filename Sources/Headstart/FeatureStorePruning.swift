import Files
import Foundation

/// What of the feature stores is to be deleted. Nothing is, unless it is named here.
public struct FeatureStorePruning: Sendable, Equatable {
  /// Whole stores that were not used for this long, in seconds.
  public var unusedFor: TimeInterval?
  /// Whole stores, whenever they were used.
  public var everything: Bool
  /// Damaged shards, and what killed processes left half-written.
  public var damaged: Bool

  public init(unusedFor: TimeInterval? = nil, everything: Bool = false, damaged: Bool = false) {
    self.unusedFor = unusedFor
    self.everything = everything
    self.damaged = damaged
  }

  /// One thing to delete.
  public struct Item: Sendable, Equatable, Encodable {
    /// A store's folder, or a single file of it.
    public let path: String
    /// Whether it is a whole store.
    public let isStore: Bool
    /// What its deletion frees.
    public let bytes: Int
    /// Why it is among the things to delete.
    public let reason: String
  }

  /// What would be deleted, and what would be but is in use.
  public struct Plan: Sendable, Equatable, Encodable {
    /// What is deleted.
    public var items: [Item] = []
    /// Stores that a living process has open, to read or to fill.
    public var inUse: [String] = []
    /// What carrying out the plan frees.
    public var bytes: Int { items.reduce(0) { $0 + $1.bytes } }
  }

  /// Finds what is to be deleted among some stores; deletes nothing.
  public func plan(
    for folders: [String], in catalog: FeatureStoreCatalog, now: Date = Date()
  ) throws -> Plan {
    var plan = Plan()
    for folder in folders {
      let summary = try catalog.summary(of: folder)
      let age = now.timeIntervalSince(summary.lastUsed)
      if everything || unusedFor.map({ age >= $0 }) == true {
        guard summary.unfinished == 0, try FeatureStoreUse.alone(folder) != nil else {
          plan.inUse.append(folder)
          continue
        }
        let days = Int(age / 86400)
        plan.items.append(
          Item(
            path: folder, isStore: true, bytes: summary.bytes,
            reason: "last used \(days == 0 ? "today" : "\(days) day\(days == 1 ? "" : "s") ago")"))
      } else if damaged {
        let files = StoreFolder(folder)
        let found =
          try files.damaged().map { ($0, "damaged") }
          + files.abandoned().map { ($0, "left by a process that was killed") }
        plan.items += found.map { name, reason in
          Item(
            path: (folder as NSString).appendingPathComponent(name), isStore: false,
            bytes: files.attributes(of: name)?.bytes ?? 0, reason: reason)
        }
      }
    }
    return plan
  }
}

extension FeatureStorePruning.Plan {
  /// Deletes what the plan names; of a store, the files that the store made.
  ///
  /// A folder goes only if nothing else is in it: whatever somebody has put beside the shards
  /// stays.
  ///
  /// - Returns: The stores that somebody has begun to use since the plan was made, and that were
  ///   left alone.
  /// - Throws: ``FeatureStoreError/cannotWrite(path:reason:)`` at the first file that cannot be
  ///   deleted.
  @discardableResult
  public func carryOut() throws -> [String] {
    var inUse: [String] = []
    for item in items {
      guard item.isStore else {
        try Self.remove(item.path)
        continue
      }
      guard FileManager.default.fileExists(atPath: item.path) else { continue }
      guard let lock = try FeatureStoreUse.alone(item.path) else {
        inUse.append(item.path)
        continue
      }
      defer { withExtendedLifetime(lock) {} }
      let files = StoreFolder(item.path)
      // The key goes last: until then what is left is still known as a store.
      let names =
        try files.shards() + files.damaged() + files.abandoned() + [StoreDescription.fileName]
      for name in names { try Self.remove((item.path as NSString).appendingPathComponent(name)) }
      let damaged = (item.path as NSString).appendingPathComponent(FeatureStore.damagedFolder)
      for folder in [damaged, item.path] { rmdir(folder) }
    }
    return inUse
  }

  private static func remove(_ path: String) throws {
    // It may have gone since the plan was made.
    guard unlink(path) == 0 || errno == ENOENT else {
      throw FeatureStoreError.cannotWrite(
        path: path, reason: SystemReason.text(errno, writing: path))
    }
  }
}
