import Kernels

extension Optimizer {
  /// Checks that every trainable parameter has a gradient, adds an L2 decay to them, and clips
  /// them.
  func prepareGradients(of model: inout Sequential, _ pool: ThreadPool) throws {
    var square = 0.0
    for layer in model.layers.indices {
      let label = model.layers[layer].label
      try model.layers[layer].updateParameters { parameter in
        guard parameter.isTrainable else { return }
        guard parameter.gradient.count == parameter.value.values.count else {
          throw NeuralNetworkError.backwardBeforeForward(layer: label)
        }
        if let weightDecay, weightDecay.kind == .l2, weightDecay.applies(to: parameter) {
          let rate = weightDecay.rate
          parameter.gradient.zip(parameter.value.values, pool) { $0 + rate * $1 }
        }
        switch clipping {
        case .value(let limit):
          parameter.gradient.map(pool) { min(max($0, -limit), limit) }
        case .norm(let limit):
          scale(
            &parameter.gradient, norm: squares(parameter.gradient, pool).squareRoot(), limit, pool)
        case .globalNorm: square += squares(parameter.gradient, pool)
        case nil: break
        }
      }
    }
    guard case .globalNorm(let limit) = clipping else { return }
    for layer in model.layers.indices {
      model.layers[layer].updateParameters { parameter in
        guard parameter.isTrainable else { return }
        scale(&parameter.gradient, norm: square.squareRoot(), limit, pool)
      }
    }
  }

  /// g · limit / max(limit, norm).
  private func scale(_ gradient: inout [Float], norm: Double, _ limit: Float, _ pool: ThreadPool) {
    guard !(norm <= Double(limit)) else { return }
    let factor = Float(Double(limit) / norm)
    gradient.map(pool) { $0 * factor }
  }

  /// Σg², in chunks of a fixed size and in their order.
  private func squares(_ values: [Float], _ pool: ThreadPool) -> Double {
    let length = 1 << 14
    var partial = [Double](repeating: 0, count: (values.count + length - 1) / length)
    pool.forEachChunk(of: &partial, chunk: 1) { range, sums in
      let first = range.lowerBound * length
      var sum = 0.0
      for index in first..<min(first + length, values.count) {
        sum += Double(values[index]) * Double(values[index])
      }
      sums[0] = sum
    }
    return partial.reduce(0, +)
  }
}
