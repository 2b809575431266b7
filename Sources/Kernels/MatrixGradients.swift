/// The gradients of a convolution as products of matrices.
extension MatrixConvolution {
  // MARK: By the input

  /// Pieces that the input channels are cut into, so that few pictures keep all threads busy.
  var channelPieces: Int { min(ceilingDivide(shape.inputChannels, 64), 16) }

  func inputGradient(
    _ outputGradient: UnsafePointer<Float>, count: Int, kernel: UnsafePointer<Float>,
    inputGradient: UnsafeMutablePointer<Float>
  ) {
    let pieces = channelPieces
    nonisolated(unsafe) let (outputGradient, kernel, inputGradient) = (
      outputGradient, kernel, inputGradient
    )
    pool.parallelFor(count * pieces) { [self] index, worker in
      let (picture, part) = index.quotientAndRemainder(dividingBy: pieces)
      addTaps(
        outputGradient + picture * shape.outputCount, kernel,
        channels: Self.piece(part, of: pieces, shape.inputChannels),
        to: inputGradient + picture * shape.inputCount, products: scratch[worker])
    }
  }

  /// One picture's gradient by some input channels: for each tap of the kernel, the products of
  /// the output pixels' gradients with its weights, added at the pixels that the tap sees.
  private func addTaps(
    _ outputGradient: UnsafePointer<Float>, _ kernel: UnsafePointer<Float>,
    channels: Range<Int>, to inputGradient: UnsafeMutablePointer<Float>,
    products memory: Memory
  ) {
    let window = shape.window
    let width = channels.count
    let target = inputGradient + channels.lowerBound
    for pixel in 0..<window.inputPixels {
      (target + pixel * shape.inputChannels).update(repeating: 0, count: width)
    }
    let chunk = Self.chunkRows(columns: width)
    precondition(
      min(chunk, window.outputPixels) * width <= memory.count, "products that do not fit")
    let products = memory.floats
    for first in stride(from: 0, to: window.outputPixels, by: chunk) {
      let rows = min(chunk, window.outputPixels - first)
      for tap in 0..<window.taps {
        let weights =
          kernel + (tap * shape.inputChannels + channels.lowerBound)
          * shape.outputChannels
        Self.multiply(
          rows, width, shape.outputChannels, outputGradient + first * shape.outputChannels,
          shape.outputChannels, weights, shape.outputChannels, transposeB: true, products, width)
        for row in 0..<rows {
          let (oy, ox) = (first + row).quotientAndRemainder(dividingBy: window.outputWidth)
          let y = oy * window.strideY + tap / window.windowWidth - window.padTop
          let x = ox * window.strideX + tap % window.windowWidth - window.padLeft
          guard (0..<window.height).contains(y), (0..<window.width).contains(x) else { continue }
          let sums = target + (y * window.width + x) * shape.inputChannels
          let terms = products + row * width
          for channel in 0..<width { sums[channel] += terms[channel] }
        }
      }
    }
  }

  // MARK: By the weights

  /// Parts that the output pixels of all pictures are cut into, each with a partial sum of its
  /// own: as many as memory allows.
  var kernelParts: Int { max(1, min(16, (1 << 20) / shape.kernelCount)) }

  /// Slices that the rows of the kernel's matrix are cut into, where parts do not make enough
  /// pieces of work.
  var kernelSlices: Int { max(1, min(16 / kernelParts, shape.patch / 64)) }

  func kernelGradient(
    input: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>, count: Int,
    kernel: UnsafeMutablePointer<Float>
  ) {
    let (parts, slices) = (kernelParts, kernelSlices)
    let size = shape.kernelCount
    let patches = Patches(shape: shape, input: input)
    nonisolated(unsafe) let (kernel, gradients) = (kernel, outputGradient)
    nonisolated(unsafe) let partial = parts > 1 ? partial!.floats : kernel
    pool.parallelFor(parts * slices) { [self] index, worker in
      let (part, slice) = index.quotientAndRemainder(dividingBy: slices)
      addProducts(
        patches, rows: Self.piece(part, of: parts, count * shape.window.outputPixels),
        columns: Self.piece(slice, of: slices, shape.patch), gradients,
        to: partial + part * size, scratch: scratch[worker])
    }
    if parts > 1 {
      pool.parallelFor(ceilingDivide(size, 1 << 12)) { index in
        let range = index << 12..<min((index + 1) << 12, size)
        for i in range { kernel[i] = partial[i] }
        for part in 1..<parts {
          for i in range { kernel[i] += partial[part * size + i] }
        }
      }
    }
  }

  /// Some rows of the kernel's gradient, from some output pixels: patchesᵀ · outputGradient.
  private func addProducts(
    _ patches: Patches, rows: Range<Int>, columns: Range<Int>,
    _ outputGradient: UnsafePointer<Float>, to kernel: UnsafeMutablePointer<Float>,
    scratch: Memory
  ) {
    let channels = shape.outputChannels
    let result = kernel + columns.lowerBound * channels
    result.update(repeating: 0, count: columns.count * channels)
    let chunk = Self.chunkRows(columns: columns.count)
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: chunk) {
      let some = first..<min(first + chunk, rows.upperBound)
      patches.fill(some, columns: columns, into: scratch)
      Self.multiply(
        columns.count, channels, some.count, scratch.floats, columns.count, transposeA: true,
        outputGradient + first * channels, channels, beta: 1, result, channels)
    }
  }
}
