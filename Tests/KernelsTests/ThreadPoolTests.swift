import Foundation
import Kernels
import Synchronization
import Testing

@Suite struct ThreadPoolTests {
  /// Calls a body on every worker at once: each waits until all have begun.
  private static func onEveryWorker(_ pool: ThreadPool, _ body: @Sendable (_ worker: Int) -> Void) {
    let begun = Atomic(0)
    pool.parallelFor(pool.threads) { _, worker in
      begun.add(1, ordering: .relaxed)
      while begun.load(ordering: .relaxed) < pool.threads { sched_yield() }
      body(worker)
    }
  }

  @Test(arguments: [1, 2, 3, 7]) func everyWorkerHasItsNumber(threads: Int) {
    let pool = ThreadPool(threads: threads)
    for _ in 0..<50 {
      let seen = Mutex<[Int]>([])
      Self.onEveryWorker(pool) { worker in seen.withLock { $0.append(worker) } }
      #expect(seen.withLock { $0.sorted() } == Array(0..<threads))
    }
  }

  @Test(arguments: [1, 2, 3, 7]) func runsEveryIndexOnce(threads: Int) {
    let pool = ThreadPool(threads: threads)
    for count in [0, 1, 2, 5, 1000] {
      let seen = Mutex<[Int]>([])
      pool.parallelFor(count) { index in seen.withLock { $0.append(index) } }
      #expect(seen.withLock { $0.sorted() } == Array(0..<count))
    }
  }

  @Test func workInsideWorkIsDoneByThatWorker() {
    let (pool, other) = (ThreadPool(threads: 3), ThreadPool(threads: 1))
    let seen = Mutex<[Int: [Int]]>([:])
    Self.onEveryWorker(pool) { outer in
      pool.parallelFor(5) { _, inner in seen.withLock { $0[outer, default: []].append(inner) } }
      // Another pool has numbers of its own, and leaves this one's as they are.
      other.parallelFor(1) { _, inner in seen.withLock { $0[outer]!.append(-inner) } }
      pool.parallelFor(1) { _, inner in seen.withLock { $0[outer]!.append(inner) } }
    }
    #expect(
      seen.withLock { $0 }
        == Dictionary(
          uniqueKeysWithValues: (0..<3).map { ($0, [$0, $0, $0, $0, $0, 0, $0]) }))
  }

  private final class Counter: Sendable {
    private let state = Mutex((now: 0, most: 0))

    var most: Int { state.withLock { $0.most } }

    func enter() { state.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) } }
    func leave() { state.withLock { $0.now -= 1 } }
  }

  @Test(arguments: [1, 2]) func severalThreadsTakeTurns(threads: Int) async {
    let pool = ThreadPool(threads: threads)
    let counter = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          for _ in 0..<20 {
            pool.parallelFor(threads) { _ in
              counter.enter()
              usleep(100)  // time for another thread to break in
              counter.leave()
            }
          }
        }
      }
    }
    #expect((1...threads).contains(counter.most))
  }

  @Test func thereIsACore() {
    #expect(ThreadPool.availableCores >= 1)
  }
}
