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
  /// - Precondition: 1 ≤ threads ≤ 1024, and the system has room for them; where it may not have,
  ///   ``init(starting:)`` says so.
  public convenience init(threads: Int = ThreadPool.availableCores) {
    do {
      try self.init(starting: threads)
    } catch {
      fatalError(error.description)
    }
  }

  /// Starts `threads - 1` threads, if the system lets it.
  ///
  /// - Precondition: 1 ≤ threads ≤ 1024.
  /// - Throws: ``KernelsError/noThreads(_:)``.
  public init(starting threads: Int) throws(KernelsError) {
    precondition((1...1024).contains(threads), "a pool of \(threads) threads")
    guard let pool = ck_pool_create(Int32(threads)) else { throw .noThreads(threads) }
    self.pool = pool
    self.threads = threads
  }

  deinit { ck_pool_destroy(pool) }

  /// Calls `body` for every index below `count`, each on the next worker that is free, and
  /// returns when all have returned.
  public func parallelFor(_ count: Int, _ body: @Sendable (_ index: Int) -> Void) {
    parallelFor(count) { index, _ in body(index) }
  }

  /// Calls `body` for every index below `count` with the number of the worker it runs on, which
  /// no other thread's call has at the same time. Inside a body of the same pool it is the number
  /// of the worker that runs that body.
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
