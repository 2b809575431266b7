import Foundation
import Synchronization

/// Writes features to a store on a thread of its own, so that the network does not wait for the
/// disk.
///
/// A shard is committed when 64 pictures, or 64 MB, or two seconds of work have come together.
/// That is how much a kill can cost at most, with the batch under way. More and smaller shards
/// would make opening a store slow: at 64 pictures each, 25,000 pictures are 390 files.
final class ExtractionWriter: Sendable {
  static let rowsPerShard = 64
  static let bytesPerShard = 64 << 20
  static let secondsPerShard: TimeInterval = 2

  private struct State {
    var pictures: [PictureHash] = []
    var features: [Float] = []
    var committed = Date()
  }

  private let store: FeatureStore
  // Held during a write, so only the queue touches it; the failure can be asked for at any time.
  private let state = Mutex(State())
  private let failure = Mutex<(any Error)?>(nil)
  private let queue = DispatchQueue(label: "headstart.feature-store.writer")
  // The network may be two batches ahead of the disk, and then waits.
  private let room = DispatchSemaphore(value: 2)

  init(_ store: FeatureStore) { self.store = store }

  /// Hands over a batch; returns before it is written.
  ///
  /// - Throws: The error of an earlier write.
  func add(_ pictures: [PictureHash], features: [Float]) throws {
    room.wait()
    queue.async { [self] in
      defer { room.signal() }
      state.withLock { state in
        guard !hasFailed else { return }
        state.pictures += pictures
        state.features += features
        if state.pictures.count >= Self.rowsPerShard
          || state.features.count * 4 >= Self.bytesPerShard
          || Date().timeIntervalSince(state.committed) >= Self.secondsPerShard
        {
          commit(&state)
        }
      }
    }
    try throwFailure()
  }

  /// Writes what is left, and returns when everything is on the disk.
  ///
  /// - Throws: The error of any write.
  func finish() throws {
    queue.sync {
      state.withLock { state in
        if !hasFailed, !state.pictures.isEmpty { commit(&state) }
      }
    }
    try throwFailure()
  }

  private func commit(_ state: inout State) {
    do {
      try store.append(state.features, pictures: state.pictures)
      state.pictures.removeAll(keepingCapacity: true)
      state.features.removeAll(keepingCapacity: true)
      state.committed = Date()
    } catch {
      failure.withLock { $0 = error }
    }
  }

  private var hasFailed: Bool { failure.withLock { $0 != nil } }

  private func throwFailure() throws {
    if let failure = failure.withLock({ $0 }) { throw failure }
  }
}
