import Dispatch
import Synchronization

/// Batches of a source in a given order, the next ones made on a thread of their own while the
/// present one is used.
struct BatchPrefetch {
  let source: any BatchSource
  let epoch: Int

  /// Batches made before they are asked for.
  private static let ahead = 2

  /// Calls `body` with batch after batch.
  ///
  /// When it returns or throws, nothing runs any more.
  func forEach(_ batches: [[Int]], _ body: (Batch) throws -> Void) throws {
    let queue = DispatchQueue(label: "batches", qos: .userInitiated)
    var pending: [Promise] = []
    var next = 0
    // What has been begun is waited for, whatever happens.
    defer { for promise in pending { promise.cancel() } }
    for _ in batches {
      while next < batches.count, pending.count <= Self.ahead {
        let promise = Promise()
        let (source, epoch, indices) = (source, epoch, batches[next])
        queue.async { promise.fulfil { try source.checkedBatch(indices, epoch: epoch) } }
        pending.append(promise)
        next += 1
      }
      try body(try pending.removeFirst().wait())
    }
  }

  /// A batch to come.
  private final class Promise: Sendable {
    private let result = Mutex<Result<Batch, any Error>?>(nil)
    private let isCancelled = Atomic(false)
    private let done = DispatchSemaphore(value: 0)

    func fulfil(_ make: () throws -> Batch) {
      if !isCancelled.load(ordering: .relaxed) {
        let made = Result { try make() }
        result.withLock { $0 = made }
      }
      done.signal()
    }

    func wait() throws -> Batch {
      done.wait()
      // Taken out, so that its memory can be used by whoever has it.
      let made = result.withLock { result in
        let made = result
        result = nil
        return made
      }
      guard let made else { preconditionFailure("a batch is taken once") }
      return try made.get()
    }

    func cancel() {
      isCancelled.store(true, ordering: .relaxed)
      done.wait()
    }
  }
}
