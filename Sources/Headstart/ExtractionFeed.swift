import Foundation
import Kernels
import Pictures

/// A view of a picture that is ready for the network.
struct PreparedPicture: Sendable {
  /// The picture's place among the samples.
  let sample: Int
  let picture: PictureHash
  let view: FeatureView
  /// (height, width, 3)
  let values: [Float]
}

/// Reads, hashes, looks up and prepares pictures, in order, a bounded number ahead of the network.
///
/// Each picture is read and decoded once, whatever the number of its views. All counts are of views.
///
/// Whoever has time prepares the next picture: a few threads of its own while the network computes,
/// and all threads of the pool when the network would otherwise wait. So no core idles, whether
/// decoding or the network is the slower part.
///
/// Pictures that another process has in hand are postponed: it will have stored them by the time that
/// all others are done.
final class ExtractionFeed: Sendable {
  private struct State {
    /// The samples to be dealt with, and how many of them were begun with.
    var queue: [Int]
    var next = 0
    /// Samples whose pictures another process has in hand.
    var postponed: [Int] = []
    /// When one of them was last done, and how many were left then.
    var lastDone = Date()
    var waitingFor = Int.max
    var inPreparation = 0
    var ready: [PreparedPicture] = []
    var isStopped = false
    var failure: (any Error)?
    var hashes: [PictureHash?]
    var reasons: [Int: String] = [:]
    var first: [PictureHash: Int] = [:]
    var counts = ExtractionProgress()
  }

  private let samples: [Sample]
  private let views: [(view: PictureView, name: FeatureView)]
  private let store: FeatureStore
  private let claims: FeatureStoreClaims
  private let batchSize: Int
  private let isStrict: Bool
  private let cancellation: Cancellation
  private let prepare: Extraction.Preparation
  private let state: Monitor<State>
  private let decoders = DispatchGroup()

  /// - Parameter views: All different, at least one.
  init(
    samples: [Sample], views: [(view: PictureView, name: FeatureView)], store: FeatureStore,
    claims: FeatureStoreClaims, batchSize: Int, isStrict: Bool, cancellation: Cancellation,
    prepare: @escaping Extraction.Preparation
  ) {
    self.samples = samples
    self.views = views
    self.store = store
    self.claims = claims
    self.batchSize = batchSize
    self.isStrict = isStrict
    self.cancellation = cancellation
    self.prepare = prepare
    var state = State(
      queue: Array(samples.indices), hashes: Array(repeating: nil, count: samples.count))
    state.counts.total = samples.count * views.count
    self.state = Monitor(state)
  }

  /// Starts threads that prepare up to two batches ahead.
  func start(decoders count: Int) {
    for _ in 0..<count {
      decoders.enter()
      let thread = Thread { [self] in
        repeat {
          state.wait {
            $0.ready.count + $0.inPreparation * views.count < 2 * batchSize || isOver($0)
          }
        } while prepareNext()
        decoders.leave()
      }
      thread.name = "headstart decoder"
      thread.stackSize = 2 << 20
      thread.start()
    }
  }

  /// Ends the threads, and returns when they have ended.
  func stop() {
    state.access { $0.isStopped = true }
    decoders.wait()
  }

  /// The next pictures that the store does not hold, fewer than a batch only at the end.
  ///
  /// - Parameter whileLooking: Called now and then while no batch is ready.
  /// - Returns: `nil` when all samples are done.
  func nextBatch(
    _ pool: ThreadPool, whileLooking: () -> Void
  ) throws -> [PreparedPicture]? {
    while true {
      try cancellation.check()
      let batch = try state.access { state -> [PreparedPicture]? in
        if let failure = state.failure { throw failure }
        let isLast = state.next == state.queue.count && state.inPreparation == 0
        guard state.ready.count >= batchSize || isLast else { return nil }
        let batch = Array(state.ready.prefix(batchSize))
        state.ready.removeFirst(batch.count)
        return batch
      }
      if let batch { return batch.isEmpty ? nil : batch }
      let deadline = Date(timeIntervalSinceNow: 0.1)
      pool.parallelFor(pool.threads) { _ in
        while state.look({ $0.ready.count < batchSize }), prepareNext(), Date() < deadline {}
      }
      whileLooking()
      // All that is left may be in the hands of the other threads.
      state.wait { state in
        state.next < state.queue.count || state.inPreparation == 0 || isOver(state)
      }
    }
  }

  /// Those of a batch that other processes have not stored meanwhile.
  func stillMissing(_ batch: [PreparedPicture]) throws -> [PreparedPicture] {
    guard claims.othersAreThere else { return batch }
    try store.refresh()
    var missing: [PreparedPicture] = []
    for picture in batch {
      if try store.holds(picture.picture, view: picture.view) {
        claims.settle([picture.picture])
      } else {
        missing.append(picture)
      }
    }
    state.access { $0.counts.cached += batch.count - missing.count }
    return missing
  }

  /// Turns to the pictures that other processes had in hand, when all others are done and stored.
  ///
  /// - Parameters:
  ///   - patience: Seconds without any of them done after which they are computed here.
  ///   - whileWaiting: Called while all of them are still in hand.
  /// - Returns: `false` if there are none.
  func takeUpPostponed(patience: TimeInterval, whileWaiting: () -> Void) throws -> Bool {
    let (left, isWaiting, since) = state.access { state in
      let left = state.postponed.count
      let isWaiting = left == state.waitingFor
      if !isWaiting { state.lastDone = Date() }
      state.waitingFor = left
      return (left, isWaiting, state.lastDone)
    }
    guard left > 0 else { return false }
    if isWaiting {
      if Date().timeIntervalSince(since) >= patience { claims.ignoreOthers() }
      whileWaiting()
      usleep(100_000)
    }
    try store.refresh()
    state.access { state in
      state.queue = state.postponed.sorted()
      state.next = 0
      state.postponed = []
    }
    return true
  }

  /// The counts so far, but for the computed ones.
  var counts: ExtractionProgress { state.look { $0.counts } }

  /// What became of each sample, once all are done; settles the counts of unreadable duplicates.
  var outcomes: [ExtractionResult.Outcome] {
    state.access { state in
      samples.indices.map { sample in
        if let reason = state.reasons[sample] { return .unreadable(reason) }
        guard let hash = state.hashes[sample], let first = state.first[hash] else {
          preconditionFailure("sample \(sample) was never looked at")
        }
        guard let reason = state.reasons[first] else { return .stored(hash) }
        state.reasons[sample] = reason
        state.counts.duplicates -= views.count
        state.counts.unreadable += views.count
        return .unreadable(reason)
      }
    }
  }

  private func isOver(_ state: State) -> Bool {
    state.isStopped || state.failure != nil || cancellation.isCancelled
  }

  /// Deals with the next sample.
  ///
  /// - Returns: `false` if there is none.
  private func prepareNext() -> Bool {
    let claimed = state.access { state -> Int? in
      guard state.next < state.queue.count, !isOver(state) else { return nil }
      state.inPreparation += 1
      state.next += 1
      return state.queue[state.next - 1]
    }
    guard let sample = claimed else { return false }
    var prepared: [PreparedPicture] = []
    do {
      prepared = try prepare(sample)
    } catch {
      state.access { $0.failure = $0.failure ?? error }
    }
    state.access { state in
      state.inPreparation -= 1
      state.ready += prepared
    }
    return true
  }

  /// - Returns: The views of the sample that are to be computed.
  /// - Throws: What ends the whole run.
  private func prepare(_ sample: Int) throws -> [PreparedPicture] {
    let path = samples[sample].path
    do {
      let known = state.look { $0.hashes[sample] }
      // One that was postponed is only read again if it falls to this process.
      if let known {
        guard try !missingViews(of: known).isEmpty else {
          state.access { $0.counts.cached += views.count }
          return []
        }
        if claims.isTaken(known) { return postpone(sample) }
      }
      let bytes = try PictureDecoder.bytes(ofFile: path)
      let picture = PictureHash(of: bytes)
      guard known == nil || known == picture else { throw ChangedFile() }
      guard isFirst(sample, picture) else { return [] }
      let missing = try missingViews(of: picture)
      guard missing.isEmpty || claims.take(picture, rows: missing.count) else {
        return postpone(sample)
      }
      let values: [[Float]]
      do {
        values =
          missing.isEmpty ? [] : try prepare(bytes, path, picture, missing.map(\.view))
      } catch {
        claims.drop(picture)
        throw error
      }
      state.access { $0.counts.cached += views.count - missing.count }
      return zip(missing, values).map { view, values in
        PreparedPicture(sample: sample, picture: picture, view: view.name, values: values)
      }
    } catch let error as FeatureStoreError {
      throw error
    } catch {
      let reason = Self.reason(error, path: path)
      if isStrict { throw ExtractionError.unreadable(path: path, reason: reason) }
      state.access { state in
        state.reasons[sample] = reason
        state.counts.unreadable += views.count
      }
      return []
    }
  }

  private struct ChangedFile: Error, CustomStringConvertible {
    var description: String { "it was written to while it was being looked at" }
  }

  private func missingViews(
    of picture: PictureHash
  ) throws -> [(view: PictureView, name: FeatureView)] {
    try views.filter { try !store.holds(picture, view: $0.name) }
  }

  /// Leaves a sample for later: another process has its picture in hand.
  private func postpone(_ sample: Int) -> [PreparedPicture] {
    state.access { $0.postponed.append(sample) }
    return []
  }

  /// Why a file cannot be read, without its path: the reason is told beside it, and of every file
  /// with the same bytes.
  static func reason(_ error: any Error, path: String) -> String {
    let text = "\(error)"
    return text.hasPrefix(path + ": ") ? String(text.dropFirst(path.count + 2)) : text
  }

  /// Notes the hash of a sample, and whether no sample before it has the same bytes.
  private func isFirst(_ sample: Int, _ picture: PictureHash) -> Bool {
    state.access { state in
      state.hashes[sample] = picture
      // A postponed sample comes here again.
      guard state.first[picture] ?? sample == sample else {
        state.counts.duplicates += views.count
        return false
      }
      state.first[picture] = sample
      return true
    }
  }
}

/// A value that threads share and whose changes they can wait for.
private final class Monitor<Value>: @unchecked Sendable {
  // Sendable, because `value` is only touched while `condition` is locked.
  private let condition = NSCondition()
  private var value: Value

  init(_ value: sending Value) { self.value = value }

  /// Changes the value, alone, and wakes those who wait.
  func access<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    condition.lock()
    defer {
      condition.broadcast()
      condition.unlock()
    }
    return try body(&value)
  }

  /// Reads the value, and wakes nobody.
  func look<Result>(_ body: (Value) -> Result) -> Result {
    condition.lock()
    defer { condition.unlock() }
    return body(value)
  }

  /// Returns when the value meets a condition.
  func wait(until isMet: (Value) -> Bool) {
    condition.lock()
    defer { condition.unlock() }
    // Woken now and then, for a condition may also depend on a signal that came in meanwhile.
    while !isMet(value) { _ = condition.wait(until: Date(timeIntervalSinceNow: 0.2)) }
  }
}
