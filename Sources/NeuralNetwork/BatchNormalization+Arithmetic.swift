import Kernels

// The sums over a batch, and what is done to each value.

extension BatchNormalization {
  /// 1/√(variance + ε).
  func inverseDeviations(_ variance: [Float]) -> [Float] {
    variance.map { 1 / ($0 + epsilon).squareRoot() }
  }

  /// γ·inverse.
  func scales(_ inverse: [Float]) -> [Float] {
    guard let gamma else { return inverse }
    return zip(inverse, gamma.value.values).map { $0 * $1 }
  }

  /// γ·(x − mean)·inverse + β in place.
  func normalize(_ values: inout [Float], mean: [Float], inverse: [Float], _ pool: ThreadPool) {
    let channels = channels
    let scale = scales(inverse)
    let shift = beta?.value.values ?? [Float](repeating: 0, count: channels)
    pool.forEachChunk(of: &values, chunk: rowsPerChunk(channels) * channels) { _, chunk in
      for row in stride(from: 0, to: chunk.count, by: channels) {
        for channel in 0..<channels {
          chunk[row + channel] =
            (chunk[row + channel] - mean[channel]) * scale[channel] + shift[channel]
        }
      }
    }
  }

  /// Mean and variance (divided by the count) of each channel.
  func statistics(of values: [Float], _ pool: ThreadPool) -> (mean: [Float], variance: [Float]) {
    let rows = Double(max(values.count / channels, 1))
    let mean = columnSums(rows: values.count / channels, width: channels, pool) { row, sums in
      for channel in 0..<sums.count { sums[channel] += values[row * sums.count + channel] }
    }.map { Float($0 / rows) }
    let variance = columnSums(rows: values.count / channels, width: channels, pool) { row, sums in
      for channel in 0..<sums.count {
        let deviation = values[row * sums.count + channel] - mean[channel]
        sums[channel] += deviation * deviation
      }
    }.map { Float($0 / rows) }
    return (mean, variance)
  }

  /// moving · momentum + batch's · (1 − momentum).
  func move(_ moving: inout Parameter, towards batch: [Float]) {
    // As in Keras 1 − momentum is the rounded difference, not the difference of the rounded.
    let (old, new) = (Float(momentum), Float(1 - momentum))
    for channel in batch.indices {
      moving.value.values[channel] =
        moving.value.values[channel] * old + batch[channel] * new
    }
  }

  /// The gradients by γ, Σ g·x̂, and by β, Σ g.
  func gradientSums(
    _ values: [Float], _ gradient: [Float], mean: [Float], inverse: [Float], _ pool: ThreadPool
  ) -> (gamma: [Float], beta: [Float]) {
    let channels = channels
    let sums = columnSums(rows: values.count / channels, width: 2 * channels, pool) { row, sums in
      for channel in 0..<channels {
        let index = row * channels + channel
        sums[channel] += gradient[index] * ((values[index] - mean[channel]) * inverse[channel])
        sums[channels + channel] += gradient[index]
      }
    }.map { Float($0) }
    return (Array(sums[..<channels]), Array(sums[channels...]))
  }

  /// g − mean(g) − x̂·mean(g·x̂) in place: what batch statistics take from a gradient.
  func subtractMeans(
    _ gradient: inout [Float], _ values: [Float], mean: [Float], inverse: [Float],
    _ sums: (gamma: [Float], beta: [Float]), _ pool: ThreadPool
  ) {
    let channels = channels
    let rows = Float(values.count / channels)
    let slope = zip(sums.gamma, inverse).map { $0 / rows * $1 }
    let constant = sums.beta.map { $0 / rows }
    pool.forEachChunk(of: &gradient, chunk: rowsPerChunk(channels) * channels) { range, chunk in
      for row in stride(from: 0, to: chunk.count, by: channels) {
        for channel in 0..<channels {
          let value = values[range.lowerBound + row + channel] - mean[channel]
          chunk[row + channel] -= constant[channel] + value * slope[channel]
        }
      }
    }
  }
}
