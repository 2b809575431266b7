import NeuralNetwork
import Pictures

/// Batches of cached features for training: of each picture one of its views, another one in each
/// epoch.
///
/// Which view it is depends on the seed, the picture and the epoch only, not on the order of the
/// pictures.
struct ViewBatches: BatchSource {
  let store: FeatureStore
  let pictures: [PictureHash]
  let labels: [Int]
  /// The views to draw from in an epoch (counted from 1).
  let schedule: ViewSchedule
  let seed: UInt64

  var count: Int { pictures.count }
  var shape: [Int] { [store.shape.height, store.shape.width, store.shape.channels] }

  func batch(_ indices: [Int], epoch: Int) throws -> Batch {
    let views = schedule.views(epoch: epoch).map(\.featureView)
    let rows = indices.map { index in
      FeatureRow(pictures[index], views[view(of: index, epoch: epoch, count: views.count)])
    }
    return Batch(
      inputs: Tensor(shape: [indices.count] + shape, values: try store.read(rows)),
      labels: indices.map { labels[$0] })
  }

  private func view(of index: Int, epoch: Int, count: Int) -> Int {
    guard count > 1 else { return 0 }
    // Each picture walks through all its views, in an order of its own, before it sees one again.
    let walk = UInt64((epoch - 1) / count)
    var generator = Generator.derived(
      seed: seed ^ walk &* 0x9E37_79B9_7F4A_7C15, purpose: pictures[index].firstWord)
    return generator.permutation(count)[(epoch - 1) % count]
  }
}

/// Which augmented views of every picture an epoch draws from.
struct ViewSchedule: Sendable, Equatable {
  let augmentation: Augmentation
  let seed: UInt64
  /// Views at a time.
  let count: Int
  /// After so many epochs half of the views give way to fresh ones; nil for never.
  let freshAfter: Int?

  /// - Parameter epoch: 1 for the first.
  func views(epoch: Int) -> [PictureView] {
    guard !augmentation.isNeutral else { return [.plain] }
    let generation = freshAfter.map { (epoch - 1) / $0 } ?? 0
    let replaced = max(1, count / 2)
    return PictureView.random(
      count, of: augmentation, seed: seed, from: generation * replaced)
  }

  /// The views of an epoch that the one before it did not have.
  func freshViews(epoch: Int) -> [PictureView] {
    let known = epoch > 1 ? Set(views(epoch: epoch - 1)) : []
    return views(epoch: epoch).filter { !known.contains($0) }
  }
}
