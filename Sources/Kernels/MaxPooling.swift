/// Max-pooling, forward and backward: the largest value of each channel in every window.
///
/// The gradient goes to the first of equal values, in the order of rows. A window's value is not a
/// number if one of its values is not.
public struct MaxPooling: Sendable {
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
    if isOfPairs {
      maximaOfPairs(source + 2 * oy * window.width * channels, into: output, places: places)
      return
    }
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
              take(values[channel], tap, &best[channel], &place[channel])
            }
          }
        }
      }
    }
  }

  /// Takes a larger value, or the first that is not a number, and its place.
  @inline(__always) private func take(
    _ value: Float, _ tap: Int32, _ best: inout Float, _ place: inout Int32
  ) {
    // All bits for a value to be taken, none for another: masks, for jumps would be mispredicted.
    let isLarger: Int32 = value <= best ? 0 : -1
    let mask = best == best ? isLarger : 0
    let bits = UInt32(bitPattern: mask)
    best = Float(bitPattern: value.bitPattern & bits | best.bitPattern & ~bits)
    place = tap & mask | place & ~mask
  }

  /// Whether windows are 2 × 2 side by side, without padding, as in most networks.
  private var isOfPairs: Bool {
    window.windowHeight == 2 && window.windowWidth == 2 && window.strideY == 2
      && window.strideX == 2 && window.padTop == 0 && window.padLeft == 0
      && 2 * window.outputHeight <= window.height && 2 * window.outputWidth <= window.width
  }

  /// One row of maxima over pairs of rows and columns.
  private func maximaOfPairs(
    _ upper: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>,
    places: UnsafeMutablePointer<Int32>
  ) {
    let lower = upper + window.width * channels
    for ox in 0..<window.outputWidth {
      let (a, c) = (upper + 2 * ox * channels, lower + 2 * ox * channels)
      let (b, d) = (a + channels, c + channels)
      let (maxima, taps) = (output + ox * channels, places + ox * channels)
      for channel in 0..<channels {
        var (best, place) = (a[channel], Int32(0))
        take(b[channel], 1, &best, &place)
        take(c[channel], 2, &best, &place)
        take(d[channel], 3, &best, &place)
        maxima[channel] = best
        taps[channel] = place
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
    if isOfPairs, y / 2 < window.outputHeight {
      let pixel = (picture * window.outputPixels + y / 2 * window.outputWidth) * channels
      gradientOfPairs(y % 2, outputGradient + pixel, places + pixel, into: sums)
      return
    }
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

  /// One row of the input's gradient where each window is a pair of rows and columns: row `ky` of
  /// its windows.
  private func gradientOfPairs(
    _ ky: Int, _ outputGradient: UnsafePointer<Float>, _ places: UnsafePointer<Int32>,
    into target: UnsafeMutablePointer<Float>
  ) {
    let tap = Int32(2 * ky)
    for ox in 0..<window.outputWidth {
      let (gradients, place) = (outputGradient + ox * channels, places + ox * channels)
      let left = target + 2 * ox * channels
      let right = left + channels
      for channel in 0..<channels {
        let gradient = gradients[channel]  // read in any case, so that no jump is needed
        left[channel] = place[channel] == tap ? gradient : 0
        right[channel] = place[channel] == tap + 1 ? gradient : 0
      }
    }
    // What no window sees at the end of an odd row.
    let seen = 2 * window.outputWidth * channels
    (target + seen).update(repeating: 0, count: window.width * channels - seen)
  }
}
