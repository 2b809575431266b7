/// Max-pooling, forward and backward: the largest value of each channel in every window.
///
/// The gradient goes to the first of equal values, in the order of rows. A window's value is not a
/// number if one of its values is not.
public struct MaxPooling: Sendable {
  public let window: WindowShape
  public let channels: Int
  private let pool: ThreadPool

  /// - Throws: `KernelsError.invalidChannels` for channels outside 1…65536.
  public init(_ window: WindowShape, channels: Int, pool: ThreadPool) throws(KernelsError) {
    try window.checkPooled(channels: channels)
    self.window = window
    self.channels = channels
    self.pool = pool
  }

  /// The maxima of `count` pictures' windows, and where in the windows they were.
  ///
  /// - Parameters:
  ///   - input: `[count][height][width][channels]`.
  ///   - output: `[count][outputHeight][outputWidth][channels]`; replaced if its size is another.
  ///   - places: As many: the place `ky · windowWidth + kx` in the window, for `gradient`.
  /// - Throws: `KernelsError` for arrays of the wrong size.
  public func forward(
    _ input: [Float], count: Int, into output: inout [Float], places: inout [Int32]
  ) throws(KernelsError) {
    try window.check(
      input.count, "input", of: "a max-pool", count: count, pixels: window.inputPixels,
      channels: channels)
    try window.makeRoom(
      in: &output, count: count, pixels: window.outputPixels, channels: channels)
    try window.makeRoom(
      in: &places, count: count, pixels: window.outputPixels, channels: channels)
    pool.forEachChunk(of: &output, &places, chunk: window.outputWidth * channels) {
      range, output, places in
      let row = range.lowerBound / (window.outputWidth * channels)
      output.withUnsafeMutableBufferPointer { output in
        places.withUnsafeMutableBufferPointer { places in
          input.withUnsafeBufferPointer {
            maxima(
              row, $0.baseAddress!, into: output.baseAddress!, places: places.baseAddress!)
          }
        }
      }
    }
  }

  /// One row of maxima.
  private func maxima(
    _ row: Int, _ input: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>,
    places: UnsafeMutablePointer<Int32>
  ) {
    let (picture, oy) = row.quotientAndRemainder(dividingBy: window.outputHeight)
    let source = input + picture * window.inputPixels * channels
    for ox in 0..<window.outputWidth {
      let best = output + ox * channels
      let place = places + ox * channels
      var isFirst = true
      for ky in window.rows(seenBy: oy) {
        let y = oy * window.strideY - window.padTop + ky
        for kx in window.columns(seenBy: ox) {
          let x = ox * window.strideX - window.padLeft + kx
          let values = source + (y * window.width + x) * channels
          let tap = Int32(ky * window.windowWidth + kx)
          if isFirst {
            best.update(from: values, count: channels)
            place.update(repeating: tap, count: channels)
            isFirst = false
          } else {
            for channel in 0..<channels {
              let (value, former) = (values[channel], best[channel])
              // All bits for a larger value or the first that is not a number, none for another or
              // if the best is not a number: masks, for jumps would be mispredicted.
              let isLarger: Int32 = value <= former ? 0 : -1
              let mask = former == former ? isLarger : 0
              let bits = UInt32(bitPattern: mask)
              best[channel] = Float(
                bitPattern: value.bitPattern & bits | former.bitPattern & ~bits)
              place[channel] = tap & mask | place[channel] & ~mask
            }
          }
        }
      }
    }
  }

  /// The gradient by the input: each output's gradient at its maximum's place, zero elsewhere.
  ///
  /// - Parameters:
  ///   - outputGradient: `[count][outputHeight][outputWidth][channels]`.
  ///   - places: What `forward` gave.
  ///   - inputGradient: `[count][height][width][channels]`; replaced if its size is another.
  /// - Throws: `KernelsError` for arrays of the wrong size.
  public func gradient(
    _ outputGradient: [Float], places: [Int32], count: Int, into inputGradient: inout [Float]
  ) throws(KernelsError) {
    for (found, what) in [(outputGradient.count, "output gradient"), (places.count, "places")] {
      try window.check(
        found, what, of: "a max-pool", count: count, pixels: window.outputPixels,
        channels: channels)
    }
    try window.makeRoom(
      in: &inputGradient, count: count, pixels: window.inputPixels, channels: channels)
    pool.forEachChunk(of: &inputGradient, chunk: window.width * channels) { range, chunk in
      let row = range.lowerBound / (window.width * channels)
      chunk.withUnsafeMutableBufferPointer { chunk in
        outputGradient.withUnsafeBufferPointer { outputGradient in
          places.withUnsafeBufferPointer {
            gradientRow(
              row, outputGradient.baseAddress!, $0.baseAddress!, into: chunk.baseAddress!)
          }
        }
      }
    }
  }

  /// One row of the input's gradient, gathered from the windows that see it.
  private func gradientRow(
    _ row: Int, _ outputGradient: UnsafePointer<Float>, _ places: UnsafePointer<Int32>,
    into sums: UnsafeMutablePointer<Float>
  ) {
    let (picture, y) = row.quotientAndRemainder(dividingBy: window.height)
    sums.update(repeating: 0, count: window.width * channels)
    for oy in window.outputRows(seeing: y) {
      let ky = y + window.padTop - oy * window.strideY
      for ox in 0..<window.outputWidth {
        let pixel =
          (picture * window.outputPixels + oy * window.outputWidth + ox) * channels
        let (gradients, place) = (outputGradient + pixel, places + pixel)
        for kx in window.columns(seenBy: ox) {
          let x = ox * window.strideX - window.padLeft + kx
          let tap = Int32(ky * window.windowWidth + kx)
          let target = sums + x * channels
          for channel in 0..<channels {
            let gradient = gradients[channel]  // read in any case, so that no jump is needed
            target[channel] += place[channel] == tap ? gradient : 0
          }
        }
      }
    }
  }
}
