import Kernels

/// The rows that a head is trained or measured on, after the fixed layers: in memory where they
/// fit, else read from their source by windows.
struct HeadRows: BatchedRows, Sendable {
  let source: any FeatureSource

  /// The fixed layers, up to the pooled vector.
  let pipeline: Sequential
  let labels: [Int]

  /// Values of a row after the pipeline.
  let width: Int

  /// Rows of a window, if the rows are streamed.
  private let windowRows: Int

  /// count × width, if the rows are in memory.
  private(set) var memory: [Float]?

  /// What is done to rows that are streamed; those in memory have it behind them.
  private var standardization: Standardization?

  /// Bytes read at once while loading.
  private static let blockBytes = 32 << 20

  /// Rows that stay neighbours when streamed rows are shuffled.
  private static let runRows = 32

  init(
    _ source: any FeatureSource, pipeline: Sequential, classes: Int, memoryBudget: Int,
    pool: ThreadPool, progress: (HeadProgress) throws -> Void
  ) throws {
    guard source.shape == pipeline.inputShape else {
      throw NeuralNetworkError.shape(
        layer: "the head", expected: "features of shape \(pipeline.inputShape)",
        found: source.shape)
    }
    self.source = source
    self.pipeline = pipeline
    labels = (0..<source.count).map { source.label($0) }
    try checkLabels(labels, classes: classes)
    width = try pipeline.outputShape().product
    let rowBytes = 4 * max(width, source.shape.product, 1)
    windowRows = max(Self.runRows, memoryBudget / 4 / rowBytes)
    guard 4 * width * source.count <= memoryBudget else { return }

    var values: [Float] = []
    values.reserveCapacity(width * source.count)
    let blockRows = max(1, Self.blockBytes / rowBytes)
    try progress(.reading(done: 0, total: source.count))
    for start in stride(from: 0, to: source.count, by: blockRows) {
      let rows = Array(start..<min(start + blockRows, source.count))
      values += try features(rows, pool)
      try progress(.reading(done: start + rows.count, total: source.count))
    }
    memory = values
  }

  var count: Int { labels.count }

  /// Bytes that the rows take: all of them, or the window that is read at a time.
  var bytes: Int {
    memory.map { 4 * $0.count } ?? 4 * max(width, source.shape.product) * windowRows
  }

  /// The map that standardises the rows; nil if they are not in memory.
  var standardizing: Standardization? {
    memory.map { Standardization($0, rows: count, columns: width) }
  }

  /// Standardises the rows: those in memory in place, others whenever they are read.
  mutating func standardize(_ map: Standardization) {
    if memory == nil { standardization = map }
    // Taken out: changed while it is shared, it would be copied.
    guard var values = memory.take() else { return }
    map.apply(to: &values)
    memory = values
  }

  /// Some rows after the pipeline, one after the other.
  ///
  /// - Throws: ``NeuralNetworkError/notFinite(what:row:)``, and what the source throws.
  private func features(_ rows: [Int], _ pool: ThreadPool) throws -> [Float] {
    let values = try pipeline(source.batch(rows), pool: pool).values
    for (index, value) in values.enumerated() where !value.isFinite {
      throw NeuralNetworkError.notFinite(what: "features", row: rows[index / width])
    }
    return values
  }

  /// Calls `body` with batch after batch, in a random order or in that of the source.
  ///
  /// The last batch may be smaller than the others. Streamed rows are shuffled in two steps: runs
  /// of neighbouring rows over the whole source, then single rows within a window of many runs.
  func forEachBatch(
    _ batchSize: Int, epoch: Int, shuffledBy generator: inout Generator, shuffle: Bool,
    pool: ThreadPool, _ body: (consuming Tensor, [Int]) throws -> Void
  ) throws {
    if memory != nil {
      let order = shuffle ? generator.permutation(count) : Array(0..<count)
      try batches(of: order, batchSize, body) { gather($0, memory ?? []) }
      return
    }
    var runs = stride(from: 0, to: count, by: Self.runRows).map {
      $0..<min($0 + Self.runRows, count)
    }
    if shuffle { generator.shuffle(&runs) }
    let order = runs.flatMap { Array($0) }
    let length = max(1, windowRows / batchSize) * batchSize
    for start in stride(from: 0, to: count, by: length) {
      var window = Array(order[start..<min(start + length, count)])
      let sorted = window.sorted()
      if shuffle { generator.shuffle(&window) }
      var values = try features(sorted, pool)
      standardization?.apply(to: &values)
      var position: [Int: Int] = [:]
      for (index, row) in sorted.enumerated() { position[row] = index }
      try batches(of: window, batchSize, body) { rows in
        gather(rows.map { position[$0] ?? 0 }, values)
      }
    }
  }

  private func batches(
    of order: [Int], _ batchSize: Int, _ body: (consuming Tensor, [Int]) throws -> Void,
    features: ([Int]) -> [Float]
  ) throws {
    for start in stride(from: 0, to: order.count, by: batchSize) {
      let rows = Array(order[start..<min(start + batchSize, order.count)])
      try body(
        Tensor(shape: [rows.count, width], values: features(rows)), rows.map { labels[$0] })
    }
  }

  private func gather(_ rows: [Int], _ values: [Float]) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(rows.count * width)
    for row in rows { result += values[row * width..<(row + 1) * width] }
    return result
  }
}
