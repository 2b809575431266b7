import Kernels

/// Sums over rows, one for each column: in `Float` within a chunk of few rows, in `Double` over the
/// chunks, in their order.
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
