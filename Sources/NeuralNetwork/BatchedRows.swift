import Kernels

/// The rows that a training loop goes over, whatever holds them.
protocol BatchedRows {
  var count: Int { get }

  /// Calls `body` with batch after batch, in a random order or in that of the source; the last
  /// batch may be smaller than the others.
  func forEachBatch(
    _ batchSize: Int, epoch: Int, shuffledBy generator: inout Generator, shuffle: Bool,
    pool: ThreadPool, _ body: (consuming Tensor, [Int]) throws -> Void) throws
}

/// The inputs of a source, in an order random over all of them, made ahead on another thread.
struct SourceRows: BatchedRows {
  let source: any BatchSource

  var count: Int { source.count }

  func forEachBatch(
    _ batchSize: Int, epoch: Int, shuffledBy generator: inout Generator, shuffle: Bool,
    pool: ThreadPool, _ body: (consuming Tensor, [Int]) throws -> Void
  ) throws {
    let order = shuffle ? generator.permutation(count) : Array(0..<count)
    let batches = stride(from: 0, to: count, by: batchSize).map {
      Array(order[$0..<min($0 + batchSize, count)])
    }
    try BatchPrefetch(source: source, epoch: epoch).forEach(batches) { batch in
      try body(batch.inputs, batch.labels)
    }
  }
}
