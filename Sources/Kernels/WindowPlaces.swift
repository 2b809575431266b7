/// Which pixels the windows see, padding left out.
extension WindowShape {
  /// The window's rows that lie inside the picture, for output row `oy`; at least one.
  func rows(seenBy oy: Int) -> Range<Int> {
    let first = oy * strideY - padTop
    return max(0, -first)..<min(windowHeight, height - first)
  }

  /// The window's columns that lie inside the picture, for output column `ox`; at least one.
  func columns(seenBy ox: Int) -> Range<Int> {
    let first = ox * strideX - padLeft
    return max(0, -first)..<min(windowWidth, width - first)
  }

  /// The output rows whose windows see input row `y`; none if the stride skips it.
  func outputRows(seeing y: Int) -> Range<Int> {
    let last = min((y + padTop) / strideY + 1, outputHeight)
    let first = max(0, ceilingDivide(y + padTop - windowHeight + 1, strideY))
    return min(first, last)..<last
  }

  func checkPooled(channels: Int) throws(KernelsError) {
    guard (1...65536).contains(channels) else {
      throw .invalidChannels(layer: "A pool", input: channels, output: channels)
    }
  }
}
