/// Average-pooling, forward and backward: the mean of each channel in every window.
///
/// Padding does not count: a window at the border has the mean of its pixels inside the picture.
public struct AveragePooling: Sendable {
  /// The windows and the sizes of input and output.
  public let window: WindowShape
  /// Channels in and out.
  public let channels: Int
  private let pool: ThreadPool

  /// - Throws: `KernelsError.invalidChannels` for channels outside 1…65536.
  public init(_ window: WindowShape, channels: Int, pool: ThreadPool) throws(KernelsError) {
    try window.checkPooled(channels: channels)
    self.window = window
    self.channels = channels
    self.pool = pool
  }

  /// The means of `count` pictures' windows.
  ///
  /// - Parameters:
  ///   - input: `[count][height][width][channels]`.
  ///   - output: `[count][outputHeight][outputWidth][channels]`; replaced if its size is another.
  /// - Throws: `KernelsError` for arrays of the wrong size.
  public func forward(_ input: [Float], count: Int, into output: inout [Float])
    throws(KernelsError)
  {
    try window.check(
      input.count, "input", of: "an average-pool", count: count, pixels: window.inputPixels,
      channels: channels)
    try window.makeRoom(
      in: &output, count: count, pixels: window.outputPixels, channels: channels)
    pool.forEachChunk(of: &output, chunk: window.outputWidth * channels) { range, output in
      let row = range.lowerBound / (window.outputWidth * channels)
      output.withUnsafeMutableBufferPointer { output in
        input.withUnsafeBufferPointer {
          means(row, $0.baseAddress!, into: output.baseAddress!)
        }
      }
    }
  }

  /// One row of means.
  private func means(
    _ row: Int, _ input: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>
  ) {
    let (picture, oy) = row.quotientAndRemainder(dividingBy: window.outputHeight)
    let source = input + picture * window.inputPixels * channels
    let rows = window.rows(seenBy: oy)
    for ox in 0..<window.outputWidth {
      let columns = window.columns(seenBy: ox)
      let sums = output + ox * channels
      sums.update(repeating: 0, count: channels)
      for ky in rows {
        let y = oy * window.strideY - window.padTop + ky
        for kx in columns {
          let x = ox * window.strideX - window.padLeft + kx
          let values = source + (y * window.width + x) * channels
          for channel in 0..<channels { sums[channel] += values[channel] }
        }
      }
      let pixels = Float(rows.count * columns.count)
      for channel in 0..<channels { sums[channel] /= pixels }
    }
  }

  /// The gradient by the input: each output's gradient in equal shares to its window's pixels.
  ///
  /// - Parameters:
  ///   - outputGradient: `[count][outputHeight][outputWidth][channels]`.
  ///   - inputGradient: `[count][height][width][channels]`; replaced if its size is another.
  /// - Throws: `KernelsError` for arrays of the wrong size.
  public func gradient(_ outputGradient: [Float], count: Int, into inputGradient: inout [Float])
    throws(KernelsError)
  {
    try window.check(
      outputGradient.count, "output gradient", of: "an average-pool", count: count,
      pixels: window.outputPixels, channels: channels)
    try window.makeRoom(
      in: &inputGradient, count: count, pixels: window.inputPixels, channels: channels)
    pool.forEachChunk(of: &inputGradient, chunk: window.width * channels) { range, chunk in
      let row = range.lowerBound / (window.width * channels)
      chunk.withUnsafeMutableBufferPointer { chunk in
        outputGradient.withUnsafeBufferPointer {
          gradientRow(row, $0.baseAddress!, into: chunk.baseAddress!)
        }
      }
    }
  }

  /// One row of the input's gradient, gathered from the windows that see it.
  private func gradientRow(
    _ row: Int, _ outputGradient: UnsafePointer<Float>, into sums: UnsafeMutablePointer<Float>
  ) {
    let (picture, y) = row.quotientAndRemainder(dividingBy: window.height)
    sums.update(repeating: 0, count: window.width * channels)
    for oy in window.outputRows(seeing: y) {
      let rows = window.rows(seenBy: oy)
      for ox in 0..<window.outputWidth {
        let columns = window.columns(seenBy: ox)
        let share = 1 / Float(rows.count * columns.count)
        let gradients =
          outputGradient
          + (picture * window.outputPixels + oy * window.outputWidth + ox) * channels
        for kx in columns {
          let target = sums + (ox * window.strideX - window.padLeft + kx) * channels
          for channel in 0..<channels { target[channel] += gradients[channel] * share }
        }
      }
    }
  }
}
