/// Convolution of any shape as products of matrices: the patches of some output pixels (im2col)
/// times the kernel. Patches are made for a few pixels at a time, so memory is bounded.
///
/// How the work is cut depends on the shape and, for the weights' gradients, on the number of
/// pictures, never on the threads: it decides about the bits.
final class MatrixConvolution: ConvolutionMethod, @unchecked Sendable {
  let shape: ConvolutionShape
  let pool: ThreadPool
  /// Patches, or products, of each worker.
  private(set) var scratch: [Memory] = []
  /// Partial sums of the kernel's gradient.
  private(set) var partial: Memory?

  init(shape: ConvolutionShape, pool: ThreadPool) {
    self.shape = shape
    self.pool = pool
  }

  /// Rows of so many floats that are made at a time: few enough for the caches, but as many as
  /// repay the reading of a large kernel.
  static func chunkRows(columns: Int) -> Int {
    max(1, (1 << 16) / columns, min(192, (1 << 20) / columns))
  }

  static func piece(_ index: Int, of pieces: Int, _ extent: Int) -> Range<Int> {
    extent * index / pieces..<extent * (index + 1) / pieces
  }

  /// C ← op(A)·B + β·C, or op(A)·Bᵀ: C is m × n, the inner extent k.
  static func multiply(
    _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Float>, _ lda: Int, transposeA: Bool = false,
    _ b: UnsafePointer<Float>, _ ldb: Int, transposeB: Bool = false, beta: Float = 0,
    _ c: UnsafeMutablePointer<Float>, _ ldc: Int
  ) {
    Float._gemm(transposeA, transposeB, m, n, k, 1, a, lda, b, ldb, beta, c, ldc)
  }

  func prepare(count: Int, scratch blocks: inout ScratchMemory.Blocks) throws(KernelsError) {
    LinearAlgebra.prepare
    // Pieces are of two widths, and the narrower ones may take more: they have more rows.
    let (channels, pieces) = (shape.inputChannels, channelPieces)
    let widths = [
      shape.patch, shape.patch / kernelSlices, ceilingDivide(shape.patch, kernelSlices),
      channels / pieces, ceilingDivide(channels, pieces),
    ]
    let floats = widths.map { $0 * Self.chunkRows(columns: $0) }.max()!
    partial =
      kernelParts > 1 ? try blocks.take(floats: kernelParts * shape.kernelCount) : nil
    scratch = []
    for _ in 0..<pool.threads { scratch.append(try blocks.take(floats: floats)) }
  }

  func forward(
    _ input: UnsafePointer<Float>, count: Int, kernel: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, relu: Bool, output: UnsafeMutablePointer<Float>
  ) {
    let pixels = shape.window.outputPixels
    let columns = shape.patch
    let channels = shape.outputChannels
    let patches = Patches(shape: shape, input: input)
    // Pieces lie within a picture, so that its neighbours do not matter.
    let pieces = ceilingDivide(pixels, Self.chunkRows(columns: columns))
    nonisolated(unsafe) let (kernel, bias, output) = (kernel, bias, output)
    pool.parallelFor(count * pieces) { [self] index, worker in
      let (picture, part) = index.quotientAndRemainder(dividingBy: pieces)
      let piece = Self.piece(part, of: pieces, pixels)
      let first = picture * pixels + piece.lowerBound
      let matrix = patches.matrix(first..<first + piece.count, scratch: scratch[worker])
      let result = output + first * channels
      if let bias {
        for row in 0..<piece.count {
          (result + row * channels).update(from: bias, count: channels)
        }
      }
      Self.multiply(
        piece.count, channels, columns, matrix, columns, kernel, channels,
        beta: bias == nil ? 0 : 1, result, channels)
      if relu {
        // What is not a number stays so.
        for i in 0..<piece.count * channels { result[i] = result[i] < 0 ? 0 : result[i] }
      }
    }
  }
}
