import CKernels

/// Threads of our own that sleep when there is nothing to do.
///
/// The calling thread is worker 0, so a pool of one thread starts none. Work given by several
/// threads is done in turns. Work given from inside a body of the same pool is done at once by
/// that worker alone.
public final class ThreadPool: Sendable {
  /// The number of workers, the caller among them.
  public let threads: Int

  /// What convolutions on this pool compute in.
  let scratch = ScratchMemory()

  private nonisolated(unsafe) let pool: OpaquePointer

  /// The cores this process may use: its affinity mask, cut by the quota of its control group.
  public static var availableCores: Int { Int(ck_available_cores()) }

  /// Starts `threads - 1` threads.
  ///
  /// - Precondition: 1 ≤ threads ≤ 1024.
  public init(threads: Int = ThreadPool.availableCores) {
    precondition((1...1024).contains(threads), "a pool of \(threads) threads")
    guard let pool = ck_pool_create(Int32(threads)) else {
      fatalError("The system refuses to start \(threads) threads.")
    }
    self.pool = pool
    self.threads = threads
  }

  deinit { ck_pool_destroy(pool) }

  /// Calls `body` once on every worker, 0 to `threads - 1`, and returns when all have returned.
  public func run(_ body: @Sendable (_ worker: Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { pointer in
        ck_pool_run(
          pool,
          { context, worker in
            context!.assumingMemoryBound(to: (@Sendable (Int) -> Void).self).pointee(Int(worker))
          }, UnsafeMutableRawPointer(mutating: pointer))
      }
    }
  }

  /// Calls `body` for every index below `count`, each on the next worker that is free, and
  /// returns when all have returned.
  public func parallelFor(_ count: Int, _ body: @Sendable (_ index: Int) -> Void) {
    parallelFor(count) { index, _ in body(index) }
  }

  /// Calls `body` for every index below `count` with the number of the worker it runs on, which
  /// no other call has at the same time.
  public func parallelFor(_ count: Int, _ body: @Sendable (_ index: Int, _ worker: Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { pointer in
        ck_pool_for(
          pool, count,
          { context, index, worker in
            context!.assumingMemoryBound(to: (@Sendable (Int, Int) -> Void).self)
              .pointee(index, Int(worker))
          }, UnsafeMutableRawPointer(mutating: pointer))
      }
    }
  }
}
