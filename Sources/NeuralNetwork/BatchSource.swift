/// Some inputs with their labels, to be computed together.
public struct Batch: Sendable {
  /// (rows, …).
  public var inputs: Tensor

  /// The class of each row, in `0..<classes`.
  public var labels: [Int]

  public init(inputs: Tensor, labels: [Int]) {
    self.inputs = inputs
    self.labels = labels
  }
}

/// What a network is trained or measured on: so many inputs, served by batches.
///
/// Batches are asked for on another thread than the one that trains, one at a time and up to two
/// ahead.
public protocol BatchSource: Sendable {
  /// The number of inputs of an epoch.
  var count: Int { get }

  /// The shape of one input, without the batch.
  var shape: [Int] { get }

  /// Some of the inputs, in the order asked for.
  ///
  /// Must depend on its arguments alone, lest a resumed training differ from an uninterrupted one.
  ///
  /// - Parameter epoch: 1 for the first, so that a source can serve another view of each input in
  ///   every epoch.
  func batch(_ indices: [Int], epoch: Int) throws -> Batch
}

extension BatchSource {
  /// A batch, checked.
  func checkedBatch(_ indices: [Int], epoch: Int) throws -> Batch {
    let batch = try batch(indices, epoch: epoch)
    guard batch.inputs.shape == [indices.count] + shape else {
      throw NeuralNetworkError.shape(
        layer: "the model", expected: "a batch of shape \([indices.count] + shape)",
        found: batch.inputs.shape)
    }
    guard batch.labels.count == indices.count else {
      throw NeuralNetworkError.count(
        what: "labels in a batch", expected: indices.count, found: batch.labels.count)
    }
    return batch
  }
}

extension MemoryFeatures: BatchSource {
  public func batch(_ indices: [Int], epoch: Int) throws -> Batch {
    Batch(inputs: try batch(indices), labels: indices.map { labels[$0] })
  }
}
