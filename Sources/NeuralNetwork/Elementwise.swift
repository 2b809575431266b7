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

  /// x · scale + offset in place, each with one value for all or one a channel (the last axis).
  mutating func scaleChannels(by scale: [Float], adding offset: [Float], pool: ThreadPool) {
    let channels = Swift.max(scale.count, offset.count)
    if channels == 1 {
      let (scale, offset) = (scale[0], offset[0])
      pool.forEachChunk(of: &self) { _, chunk in
        for index in chunk.indices { chunk[index] = chunk[index] * scale + offset }
      }
      return
    }
    let scale = scale.count == 1 ? [Float](repeating: scale[0], count: channels) : scale
    let offset = offset.count == 1 ? [Float](repeating: offset[0], count: channels) : offset
    pool.forEachChunk(of: &self, chunk: rowsPerChunk(channels) * channels) { _, chunk in
      for row in stride(from: 0, to: chunk.count, by: channels) {
        for channel in 0..<channels {
          chunk[row + channel] = chunk[row + channel] * scale[channel] + offset[channel]
        }
      }
    }
  }
}

/// Rows of this width that make a piece of work worth a thread's while.
func rowsPerChunk(_ width: Int) -> Int { max(1, (1 << 14) / max(1, width)) }
