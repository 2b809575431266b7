import Kernels
import Synchronization
import Testing

@Suite struct ThreadPoolTests {
  @Test(arguments: [1, 2, 3, 7]) func runsEveryWorkerOnce(threads: Int) {
    let pool = ThreadPool(threads: threads)
    for _ in 0..<200 {
      let seen = Mutex<[Int]>([])
      pool.run { worker in seen.withLock { $0.append(worker) } }
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
    let pool = ThreadPool(threads: 3)
    let total = Atomic<Int>(0)
    pool.parallelFor(10) { _ in
      pool.parallelFor(10) { _ in total.add(1, ordering: .relaxed) }
      pool.run { _ in total.add(1, ordering: .relaxed) }
    }
    #expect(total.load(ordering: .relaxed) == 130)
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
          for _ in 0..<100 {
            pool.run { _ in
              counter.enter()
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
