import Kernels

// Elementwise work on large arrays, in place and shared out over the threads.

extension [Float] {
  /// x ← f(x).
  mutating func map(_ pool: ThreadPool, _ function: @Sendable (Float) -> Float) {
    pool.forEachChunk(of: &self) { _, chunk in
      for index in chunk.indices { chunk[index] = function(chunk[index]) }
    }
  }

  /// x ← f(x, y), with the elements of an array of the same count.
  mutating func zip(
    _ others: [Float], _ pool: ThreadPool, _ function: @Sendable (Float, Float) -> Float
  ) {
    precondition(others.count == count, "arrays taken together have one count")
    pool.forEachChunk(of: &self) { range, chunk in
      for index in chunk.indices {
        chunk[index] = function(chunk[index], others[range.lowerBound + index])
      }
    }
  }
}

/// Rows of this width that make a piece of work worth a thread's while.
func rowsPerChunk(_ width: Int) -> Int { max(1, (1 << 14) / max(1, width)) }

/// Sums over rows, one for each column: in `Float` within a chunk of few rows, in `Double` over the chunks, in their
/// order.
func columnSums(
  rows: Int, width: Int, _ pool: ThreadPool,
  _ add: @Sendable (_ row: Int, _ sums: inout MutableSpan<Float>) -> Void
) -> [Double] {
  let rowsAtOnce = min(256, rowsPerChunk(width))
  let chunks = (rows + rowsAtOnce - 1) / rowsAtOnce
  var partial = [Float](repeating: 0, count: chunks * width)
  pool.forEachChunk(of: &partial, chunk: width) { range, sums in
    let first = range.lowerBound / width * rowsAtOnce
    for row in first..<min(first + rowsAtOnce, rows) { add(row, &sums) }
  }
  var result = [Double](repeating: 0, count: width)
  for index in partial.indices { result[index % width] += Double(partial[index]) }
  return result
}
