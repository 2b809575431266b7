extension ThreadPool {
  /// g ← g where y > 0, else 0: the loss's gradient through y = max(0, x), in place.
  ///
  /// - Precondition: gradients and outputs are as many.
  public func differentiateRelu(_ gradient: inout [Float], output: [Float]) {
    precondition(gradient.count == output.count, "a gradient has the count of its output")
    forEachChunk(of: &gradient) { range, chunk in
      chunk.withUnsafeMutableBufferPointer { chunk in
        output.withUnsafeBufferPointer { output in
          let (g, y) = (chunk.baseAddress!, output.baseAddress! + range.lowerBound)
          for i in 0..<range.count {
            let value = g[i]  // read in any case, or there would be a jump for each
            g[i] = y[i] > 0 ? value : 0
          }
        }
      }
    }
  }
}
