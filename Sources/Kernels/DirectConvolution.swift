import CKernels

/// A convolution of few input channels, such as a network's first layer, computed directly from
/// lines of the input: what an output pixel sees of one input row is adjacent in memory.
///
/// The gradient by the input, which a first layer does not need, is left to products of matrices.
final class DirectConvolution: ConvolutionMethod, @unchecked Sendable {
  private let shape: ConvolutionShape
  private let pool: ThreadPool
  private let kernels: UnsafePointer<ck_kernels>
  private let matrix: MatrixConvolution
  private var packed: (weights: Memory, bias: Memory)?
  private var scratch: [Scratch] = []
  private var sums: Memory?

  /// What a worker has for itself.
  private struct Scratch {
    /// The input rows of a band of output rows, with their padding.
    let input: Memory
    /// A row of output pixels, channels padded.
    let output: Memory
  }

  /// Output rows that are computed at a time, and parts of them with a sum of their own.
  private static let bandRows = 8
  private static let parts = 16

  init(shape: ConvolutionShape, pool: ThreadPool, kernels: UnsafePointer<ck_kernels>) {
    self.shape = shape
    self.pool = pool
    self.kernels = kernels
    matrix = MatrixConvolution(shape: shape, pool: pool)
  }

  private var window: WindowShape { shape.window }
  private var channelBlock: Int { Int(kernels.pointee.channel_block) }
  private var outputChannels: Int { roundUp(shape.outputChannels, to: channelBlock) }
  /// Values of a line of the window, and of an input row with its padding.
  private var line: Int { window.windowWidth * shape.inputChannels }
  private var paddedRow: Int {
    (window.padLeft + window.width + window.padRight) * shape.inputChannels
  }
  private var isPadded: Bool {
    window.padTop + window.padBottom + window.padLeft + window.padRight > 0
  }
  private var inputRows: Int { (Self.bandRows - 1) * window.strideY + window.windowHeight }

  func prepare(count: Int, scratch blocks: inout ScratchMemory.Blocks) throws(KernelsError) {
    try matrix.prepare(count: count, scratch: &blocks)
    packed = (
      try blocks.take(floats: shape.patch * outputChannels),
      try blocks.take(floats: outputChannels)
    )
    sums = try blocks.take(floats: Self.parts * shape.patch * outputChannels)
    scratch = []
    for _ in 0..<pool.threads {
      scratch.append(
        Scratch(
          input: try blocks.take(floats: isPadded ? inputRows * paddedRow : 0),
          output: try blocks.take(floats: window.outputWidth * outputChannels)))
    }
  }

  /// The input rows that some output rows of a picture see, padding included.
  private func lines(
    of input: UnsafePointer<Float>, picture: Int, rows: Range<Int>, worker: Int
  ) -> (first: UnsafePointer<Float>, row: Int) {
    let source = input + picture * shape.inputCount
    let row = window.width * shape.inputChannels
    let first = rows.lowerBound * window.strideY - window.padTop
    guard isPadded else { return (source + first * row, row) }
    let target = scratch[worker].input.floats
    let left = window.padLeft * shape.inputChannels
    for i in 0..<(rows.count - 1) * window.strideY + window.windowHeight {
      let to = target + i * paddedRow
      guard (0..<window.height).contains(first + i) else {
        to.update(repeating: 0, count: paddedRow)
        continue
      }
      to.update(repeating: 0, count: left)
      (to + left).update(from: source + (first + i) * row, count: row)
      (to + left + row).update(repeating: 0, count: paddedRow - left - row)
    }
    return (UnsafePointer(target), paddedRow)
  }

  func forward(
    _ input: UnsafePointer<Float>, count: Int, kernel: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, relu: Bool, output: UnsafeMutablePointer<Float>
  ) {
    pack(kernel, bias)
    let bands = ceilingDivide(window.outputHeight, Self.bandRows)
    nonisolated(unsafe) let (weights, bias) = (packed!.weights.floats, packed!.bias.floats)
    nonisolated(unsafe) let (input, output) = (input, output)
    let least: Float = relu ? 0 : -.infinity
    pool.parallelFor(count * bands) { [self] index, worker in
      let (picture, band) = index.quotientAndRemainder(dividingBy: bands)
      let first = band * Self.bandRows
      let rows = first..<min(first + Self.bandRows, window.outputHeight)
      let lines = lines(of: input, picture: picture, rows: rows, worker: worker)
      for y in rows {
        var row = ck_lines(
          pixels: Int32(window.outputWidth), lines: Int32(window.windowHeight),
          line: Int32(line), input: lines.first + (y - first) * window.strideY * lines.row,
          input_row: lines.row, input_step: window.strideX * shape.inputChannels,
          output_channels: Int32(shape.outputChannels),
          output: output + picture * shape.outputCount
            + y * window.outputWidth * shape.outputChannels)
        kernels.pointee.direct_lines(&row, weights, bias, least)
      }
    }
  }

  /// The kernel as `[cout / N][patch][N]` and the bias, zeros added up to whole blocks.
  private func pack(_ kernel: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?) {
    let (weights, padded) = (packed!.weights.floats, packed!.bias.floats)
    weights.update(repeating: 0, count: shape.patch * outputChannels)
    padded.update(repeating: 0, count: outputChannels)
    for channel in 0..<shape.outputChannels {
      padded[channel] = bias.map { $0[channel] } ?? 0
      let to =
        weights + channel / channelBlock * shape.patch * channelBlock
        + channel % channelBlock
      for value in 0..<shape.patch {
        to[value * channelBlock] = kernel[value * shape.outputChannels + channel]
      }
    }
  }

  func inputGradient(
    _ outputGradient: UnsafePointer<Float>, count: Int, kernel: UnsafePointer<Float>,
    inputGradient: UnsafeMutablePointer<Float>
  ) {
    matrix.inputGradient(
      outputGradient, count: count, kernel: kernel, inputGradient: inputGradient)
  }

  func kernelGradient(
    input: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>, count: Int,
    kernel: UnsafeMutablePointer<Float>
  ) {
    let bands = ceilingDivide(window.outputHeight, Self.bandRows)
    let size = shape.patch * outputChannels
    nonisolated(unsafe) let (sums, input, outputGradient) = (sums!.floats, input, outputGradient)
    pool.parallelFor(Self.parts) { [self] part, worker in
      let own = sums + part * size
      own.update(repeating: 0, count: size)
      for index in count * bands * part / Self.parts..<count * bands * (part + 1) / Self.parts {
        let (picture, band) = index.quotientAndRemainder(dividingBy: bands)
        let first = band * Self.bandRows
        let rows = first..<min(first + Self.bandRows, window.outputHeight)
        let lines = lines(of: input, picture: picture, rows: rows, worker: worker)
        for y in rows {
          addRow(
            lines.first + (y - first) * window.strideY * lines.row, lines.row,
            outputGradient + picture * shape.outputCount
              + y * window.outputWidth * shape.outputChannels, to: own, worker: worker)
        }
      }
    }
    let (width, padded) = (shape.outputChannels, outputChannels)
    nonisolated(unsafe) let kernel = kernel
    pool.parallelFor(shape.patch) { row in
      for channel in 0..<width {
        var sum: Float = 0
        for part in 0..<Self.parts { sum += sums[part * size + row * padded + channel] }
        kernel[row * width + channel] = sum
      }
    }
  }

  /// Adds the products of a row of output pixels: each line of the input, times the gradient.
  private func addRow(
    _ input: UnsafePointer<Float>, _ inputRow: Int, _ outputGradient: UnsafePointer<Float>,
    to sums: UnsafeMutablePointer<Float>, worker: Int
  ) {
    var gradient = outputGradient
    if outputChannels != shape.outputChannels {
      let copy = scratch[worker].output.floats
      for x in 0..<window.outputWidth {
        (copy + x * outputChannels).update(
          from: outputGradient + x * shape.outputChannels, count: shape.outputChannels)
        (copy + x * outputChannels + shape.outputChannels).update(
          repeating: 0, count: outputChannels - shape.outputChannels)
      }
      gradient = UnsafePointer(copy)
    }
    for ky in 0..<window.windowHeight {
      for channel in stride(from: 0, to: outputChannels, by: channelBlock) {
        kernels.pointee.add_outer(
          Int32(window.outputWidth), Int32(line), input + ky * inputRow,
          window.strideX * shape.inputChannels, gradient + channel, outputChannels,
          sums + ky * line * outputChannels + channel, outputChannels)
      }
    }
  }
}
