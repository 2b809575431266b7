import Foundation
import Kernels
import Pictures
import Synchronization

/// What an extraction would do and take, found without doing it.
public struct ExtractionPlan: Sendable, Equatable, Codable {
  /// Samples asked for.
  public var pictures = 0
  /// Views of each.
  public var views = 0
  /// Files with the same bytes as another one's, and files that cannot be opened. (Which of the
  /// others are no whole pictures shows only when they are decoded.)
  public var duplicates = 0, unreadable = 0
  /// Views of distinct pictures that are in the store, and that are not.
  public var cached = 0, toCompute = 0
  /// What the missing views will take on the disk, in bytes; an estimate if they are packed.
  public var bytesOnDisk = 0
  /// What is free there, in bytes; `nil` if the system does not tell.
  public var bytesFree: Int?
  /// What the process will need at the most, in bytes: what it needed at the most so far, the trial
  /// batch included, and pictures waiting for the network.
  public var bytesOfMemory = 0
  /// Time for one view, in milliseconds: measured, or as it was given.
  public var msPerView = 0.0

  /// Time for all, in minutes.
  public var minutes: Double { Double(toCompute) * msPerView / 60_000 }

  public init() {}
}

extension Extraction {
  /// Finds what ``run(_:views:cancellation:progress:)`` with the same arguments would do.
  ///
  /// All files are read and hashed; nothing is written. The time is measured on one batch of
  /// pictures among those that are missing, prepared and put through the network.
  ///
  /// - Parameters:
  ///   - msPerView: The time for one view, if it is known; `nil`: to be measured.
  ///   - progress: Called now and then with the number of files read, and of all.
  /// - Throws: As ``run(_:views:cancellation:progress:)``; unreadable files are only counted.
  public func plan(
    _ samples: [Sample], views: [PictureView] = [.plain], msPerView: Double? = nil,
    cancellation: Cancellation = Cancellation(),
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> ExtractionPlan {
    try checkStore()
    let views = try named(views)
    var plan = ExtractionPlan()
    plan.pictures = samples.count
    plan.views = views.count
    var seen: Set<PictureHash> = []
    var trial: [Sample] = []
    let step = 256
    for start in stride(from: 0, to: samples.count, by: step) {
      try cancellation.check()
      let part = Array(samples[start..<min(start + step, samples.count)])
      for (sample, hash) in zip(part, hashes(of: part)) {
        guard let hash else {
          plan.unreadable += 1
          continue
        }
        guard seen.insert(hash).inserted else {
          plan.duplicates += 1
          continue
        }
        let missing = views.count { !store.lists(FeatureRow(hash, $0.name)) }
        plan.cached += views.count - missing
        plan.toCompute += missing
        if missing > 0, trial.count < batchSize { trial.append(sample) }
      }
      progress(start + part.count, samples.count)
    }
    if let msPerView {
      plan.msPerView = msPerView
    } else if let measured = try measure(trial, views.map(\.view)) {
      plan.msPerView = measured
    }
    let rowBytes = store.shape.count * store.storage.precision.size
    plan.bytesOnDisk = Int(
      Double(plan.toCompute * rowBytes) * store.storage.compression.expectedRatio)
    plan.bytesFree = StoreFolder(store.folder).free
    let imageBytes = 4 * 3 * extractor.key.height * extractor.key.width
    let waiting = 2 * batchSize + views.count * (pool.threads + 1)
    plan.bytesOfMemory =
      Self.peakMemory + (plan.toCompute > 0 ? waiting * imageBytes + 2 * batchSize * rowBytes : 0)
    return plan
  }

  /// `nil` for files that cannot be read.
  private func hashes(of samples: [Sample]) -> [PictureHash?] {
    let found = Mutex([PictureHash?](repeating: nil, count: samples.count))
    pool.parallelFor(samples.count) { index in
      let hash = (try? PictureDecoder.bytes(ofFile: samples[index].path)).map(PictureHash.init(of:))
      found.withLock { $0[index] = hash }
    }
    return found.withLock { $0 }
  }

  /// Milliseconds a view on all threads: of one batch, the second of two, for the first one finds
  /// cold caches. `nil` if no picture can be read.
  private func measure(_ samples: [Sample], _ views: [PictureView]) throws -> Double? {
    let clock = ContinuousClock()
    var images: [[Float]] = []
    let prepared = clock.measure {
      let found = Mutex([[[Float]]](repeating: [], count: samples.count))
      pool.parallelFor(samples.count) { index in
        guard let bytes = try? PictureDecoder.bytes(ofFile: samples[index].path),
          let values = try? prepare(
            bytes, samples[index].path, PictureHash(of: bytes), views)
        else { return }
        found.withLock { $0[index] = values }
      }
      images = found.withLock { Array($0.joined()) }
    }
    guard !images.isEmpty else { return nil }
    let batch = Array(images.prefix(batchSize))
    let flat = Array(batch.joined())
    _ = try extractor.features(images: flat, count: batch.count)
    let computed = try clock.measure {
      _ = try extractor.features(images: flat, count: batch.count)
    }
    func milliseconds(_ duration: Duration) -> Double { duration / .milliseconds(1) }
    return milliseconds(prepared) / Double(images.count)
      + milliseconds(computed) / Double(batch.count)
  }

  /// What this process has needed at the most, in bytes.
  private static var peakMemory: Int {
    var usage = rusage()
    #if os(Linux)
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
      return usage.ru_maxrss << 10
    #else
      getrusage(RUSAGE_SELF, &usage)
      return usage.ru_maxrss
    #endif
  }
}
