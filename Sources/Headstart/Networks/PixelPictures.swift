import Kernels
import NeuralNetwork
import Pictures
import Synchronization

/// Decoded pictures in memory, to train on their pixels.
///
/// Kept as bytes at the size that the network sees, or whole where views are cut out of them; what
/// does not fit the budget is decoded again whenever it is asked for. Either way a view has the bits
/// that ``PicturePreparation`` gives.
struct PixelPictures: Sendable {
  private struct Entry: Sendable {
    let path: String
    /// Nil if there was no room for it.
    let picture: Picture?
  }

  let preparation: PicturePreparation
  private var entries: [PictureHash: Entry] = [:]

  /// Bytes that decoded pictures may take together by default.
  static let budget = 1 << 30

  /// The pixels of a view of a picture that was read at the start.
  ///
  /// - Throws: ``NetworkError/pictureChanged(path:)`` or the decoder's error if the file had to be
  ///   read again and is not what it was.
  func values(_ hash: PictureHash, _ view: PictureView) throws -> [Float] {
    guard let entry = entries[hash] else {
      preconditionFailure("a picture that was read is asked for")
    }
    if let picture = entry.picture { return preparation(picture, hash: hash, view: view) }
    let bytes = try PictureDecoder.bytes(ofFile: entry.path)
    guard PictureHash(of: bytes) == hash else {
      throw NetworkError.pictureChanged(path: entry.path)
    }
    return try preparation(bytes, name: entry.path, picture: hash, views: [view])[0]
  }

  /// Reads and decodes pictures on all threads.
  ///
  /// - Parameters:
  ///   - keepsWhole: whether pictures are kept at their own size, for views that are cut out of
  ///     them.
  ///   - left: bytes that may still be used for keeping; lowered by those that are.
  ///   - isStrict: whether the first picture that cannot be read ends everything.
  /// - Returns: the pictures that can be read, and what became of each sample.
  static func read(
    _ samples: [Sample], preparation: PicturePreparation, keepsWhole: Bool, left: inout Int,
    isStrict: Bool, pool: ThreadPool, cancellation: Cancellation,
    progress: (ExtractionProgress) -> Void
  ) throws -> (pictures: PixelPictures, result: ExtractionResult) {
    let clock = ContinuousClock()
    let start = clock.now
    var pictures = PixelPictures(preparation: preparation)
    var counts = ExtractionProgress()
    counts.total = samples.count
    var outcomes: [ExtractionResult.Outcome] = []
    let room = Atomic(left)
    let chunk = 32 * pool.threads
    for first in stride(from: 0, to: samples.count, by: chunk) {
      try cancellation.check()
      let part = samples[first..<min(first + chunk, samples.count)].map(\.path)
      let read = Mutex([Read?](repeating: nil, count: part.count))
      pool.parallelFor(part.count) { index in
        let one = Read(part[index], preparation, keepsWhole: keepsWhole, room: room)
        read.withLock { $0[index] = one }
      }
      for (path, one) in zip(part, read.withLock { $0.compactMap { $0 } }) {
        switch one.outcome {
        case .unreadable(let reason):
          if isStrict { throw ExtractionError.unreadable(path: path, reason: reason) }
          counts.unreadable += 1
        case .stored(let hash):
          if pictures.entries[hash] == nil {
            pictures.entries[hash] = Entry(path: path, picture: one.picture)
            counts.computed += 1
          } else {
            counts.duplicates += 1
          }
        }
        outcomes.append(one.outcome)
      }
      counts.seconds = (clock.now - start).seconds
      progress(counts)
    }
    left = room.load(ordering: .relaxed)
    return (
      pictures,
      ExtractionResult(
        samples: samples, views: [.plain], outcomes: outcomes, counts: counts, setAside: [])
    )
  }

  /// What became of one file.
  private struct Read: Sendable {
    let outcome: ExtractionResult.Outcome
    var picture: Picture?

    init(
      _ path: String, _ preparation: PicturePreparation, keepsWhole: Bool,
      room: borrowing Atomic<Int>
    ) {
      do {
        let bytes = try PictureDecoder.bytes(ofFile: path)
        let decoded = try preparation.decode(bytes, name: path)
        let kept = keepsWhole ? decoded : preparation.resize(decoded)
        outcome = .stored(PictureHash(of: bytes))
        let size = kept.pixels.count
        if room.subtract(size, ordering: .relaxed).newValue >= 0 {
          picture = kept
        } else {
          room.add(size, ordering: .relaxed)
        }
      } catch {
        outcome = .unreadable(ExtractionFeed.reason(error, path: path))
      }
    }
  }
}

/// Batches of pixels: of each training picture another random view in every epoch.
///
/// A view depends on the seed, the picture's hash and the epoch only.
struct PixelBatches: BatchSource {
  let pictures: PixelPictures
  let rows: LabelledRows
  let augmentation: Augmentation
  let seed: UInt64
  let pool: ThreadPool

  var count: Int { rows.labels.count }
  var shape: [Int] { [pictures.preparation.height, pictures.preparation.width, 3] }

  func batch(_ indices: [Int], epoch: Int) throws -> Batch {
    let view: PictureView =
      augmentation.isNeutral ? .plain : .random(epoch, augmentation, seed: seed)
    let failure = Mutex<(any Error)?>(nil)
    let length = shape.product
    var inputs = Tensor(zeros: [indices.count] + shape)
    // In turns with the training's own work on the same threads: none idles, none is starved.
    pool.forEachChunk(of: &inputs.values, chunk: length) { range, chunk in
      do {
        let values = try pictures.values(rows.pictures[indices[range.lowerBound / length]], view)
        for index in values.indices { chunk[index] = values[index] }
      } catch {
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    return Batch(inputs: inputs, labels: indices.map { rows.labels[$0] })
  }
}
