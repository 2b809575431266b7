import Foundation
import Synchronization

/// Writes features to a store on a thread of its own, so that the network does not wait for the
/// disk.
///
/// Each batch is a shard, and only one is being written at a time: when a batch is handed over, all
/// before it are on the disk. So a kill costs the batch under way, and the one before it only in
/// the milliseconds that its writing takes.
final class ExtractionWriter: Sendable {
  private let store: FeatureStore
  private let claims: FeatureStoreClaims
  private let failure = Mutex<(any Error)?>(nil)
  private let queue = DispatchQueue(label: "headstart.feature-store.writer")

  /// - Parameter claims: what is written is let go of.
  init(_ store: FeatureStore, claims: FeatureStoreClaims) {
    self.store = store
    self.claims = claims
  }

  /// Hands over a batch; waits for the one before it, and returns before this one is written.
  ///
  /// - Throws: The error of an earlier write.
  func add(_ rows: [FeatureRow], features: [Float]) throws {
    try finish()
    queue.async { [self] in
      do {
        try store.append(features, pictures: rows.map(\.picture), views: rows.map(\.view))
        claims.settle(rows.map(\.picture))
      } catch {
        failure.withLock { $0 = error }
      }
    }
  }

  /// Returns when everything is on the disk.
  ///
  /// - Throws: The error of any write.
  func finish() throws {
    queue.sync {}
    if let failure = failure.withLock({ $0 }) { throw failure }
  }
}
