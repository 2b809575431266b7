/// The patches of pictures that the output pixels of a convolution see, as rows of a matrix
/// (im2col): `[pixel][ky][kx][ci]`, zeros for padding.
struct Patches: @unchecked Sendable {
  let shape: ConvolutionShape
  let input: UnsafePointer<Float>

  /// All columns of some rows: the input itself where it holds them, else `scratch`, filled.
  func matrix(_ rows: Range<Int>, scratch: Memory) -> UnsafePointer<Float> {
    if shape.window.isPointwise { return input + rows.lowerBound * shape.inputChannels }
    fill(rows, columns: 0..<shape.patch, into: scratch)
    return UnsafePointer(scratch.floats)
  }

  /// Writes the columns `columns` of the rows `rows`, counted through all pictures' output pixels.
  func fill(
    _ rows: Range<Int>, columns: Range<Int>, into matrix: Memory
  ) {
    precondition(rows.count * columns.count <= matrix.count, "patches that do not fit")
    let window = shape.window
    let line = window.windowWidth * shape.inputChannels
    var destination = matrix.floats
    for row in rows {
      let (picture, pixel) = row.quotientAndRemainder(dividingBy: window.outputPixels)
      let (oy, ox) = pixel.quotientAndRemainder(dividingBy: window.outputWidth)
      let source = input + picture * shape.inputCount
      for ky in (columns.lowerBound / line)...((columns.upperBound - 1) / line) {
        let from = max(columns.lowerBound - ky * line, 0)
        let to = min(columns.upperBound - ky * line, line)
        let y = oy * window.strideY + ky - window.padTop
        let x = ox * window.strideX - window.padLeft
        copyLine(source, y: y, x: x, from: from, to: to, into: destination)
        destination += to - from
      }
    }
  }

  /// The values `from ..< to` of the kernel's line whose first pixel is (y, x).
  private func copyLine(
    _ source: UnsafePointer<Float>, y: Int, x: Int, from: Int, to: Int,
    into destination: UnsafeMutablePointer<Float>
  ) {
    let channels = shape.inputChannels
    let width = shape.window.width
    guard (0..<shape.window.height).contains(y) else {
      destination.update(repeating: 0, count: to - from)
      return
    }
    let inside = min(max(-x * channels, from), to)
    let outside = min(max((width - x) * channels, inside), to)
    let line = source + (y * width + x) * channels
    destination.update(repeating: 0, count: inside - from)
    (destination + (inside - from)).update(from: line + inside, count: outside - inside)
    (destination + (outside - from)).update(repeating: 0, count: to - outside)
  }
}
