import CKernels

/// The sum of all rows of a matrix, in f64 and rounded once: the gradient of a bias.
struct RowSums: @unchecked Sendable {
  let rows, channels: Int
  let values: UnsafePointer<Float>
  let kernels: UnsafePointer<ck_kernels>

  /// Pieces of a fixed number, summed in a fixed order.
  private static let pieces = 16

  func write(to sums: UnsafeMutablePointer<Float>, pool: ThreadPool) {
    let pieces = min(Self.pieces, rows)
    var partial = [Double](repeating: 0, count: pieces * channels)
    partial.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let partial = buffer.baseAddress!
      pool.parallelFor(pieces) { piece in
        let first = rows * piece / pieces
        kernels.pointee.add_rows(
          rows * (piece + 1) / pieces - first, Int32(channels), values + first * channels,
          partial + piece * channels)
      }
    }
    for channel in 0..<channels {
      var sum = 0.0
      for piece in 0..<pieces { sum += partial[piece * channels + channel] }
      sums[channel] = Float(sum)
    }
  }
}
