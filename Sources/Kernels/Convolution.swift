import CKernels

/// A convolution of one shape that can be trained: forward, and the gradients of both its inputs.
///
///     y[n][oy][ox][co] = b[co] + Σ w[ky][kx][ci][co] x[n][oy·s + ky − p][ox·s + kx − p][ci]
///
/// as Keras' `Conv2D` computes it (a correlation; zero where x is padding). Pictures are NHWC,
/// kernels `[ky][kx][ci][co]`. Results have the same bits at any number of threads, and a picture's
/// output and input gradient do not depend on its neighbours in the batch.
///
/// The convolutions of one pool share their scratch memory, so calls on it from several threads
/// take turns. None may come from a body that runs on that pool.
///
/// Results go into arrays of the caller's, which are used as they are if they have the right
/// number of values (what they hold does not matter) and replaced if not: a loop that gives the
/// same arrays again allocates nothing.
public final class Convolution: Sendable {
  /// What it was made for.
  public let shape: ConvolutionShape

  private let method: any ConvolutionMethod
  private let pool: ThreadPool
  private nonisolated(unsafe) let kernels: UnsafePointer<ck_kernels>

  /// - Throws: `KernelsError` for a `HEADSTART_CPU` that cannot be honoured.
  public convenience init(_ shape: ConvolutionShape, pool: ThreadPool) throws(KernelsError) {
    try self.init(
      shape, pool: pool, instructionSet: try InstructionSet.selected.get(), algorithm: nil)
  }

  /// - Parameter algorithm: nil for the fastest.
  package init(
    _ shape: ConvolutionShape, pool: ThreadPool, instructionSet: InstructionSet,
    algorithm: ConvolutionAlgorithm?
  ) throws(KernelsError) {
    guard let kernels = instructionSet.kernels(bf16: false) else {
      throw .missingInstructionSet(instructionSet)
    }
    self.shape = shape
    self.pool = pool
    self.kernels = kernels
    switch algorithm ?? .fastest(for: shape) {
    case .direct:
      method = DirectConvolution(shape: shape, pool: pool, kernels: kernels)
    case .matrix:
      method = MatrixConvolution(shape: shape, pool: pool)
    case .winograd(let m):
      precondition(ConvolutionAlgorithm.hasTiles(shape), "Winograd needs 3×3 at stride 1")
      method = WinogradConvolution(shape: shape, m: m, pool: pool, kernels: kernels)
    }
  }

  /// The convolution of `count` pictures, plus bias, with ReLU if asked for.
  ///
  /// - Parameters:
  ///   - input: `[count][height][width][inputChannels]`.
  ///   - kernel: `[windowHeight][windowWidth][inputChannels][outputChannels]`.
  ///   - bias: `[outputChannels]`, or empty for none.
  ///   - relu: Replaces negative sums by zero: max(0, y).
  ///   - output: `[count][outputHeight][outputWidth][outputChannels]`.
  /// - Throws: `KernelsError` for arrays of the wrong size or lack of memory.
  public func forward(
    _ input: [Float], count: Int, kernel: [Float], bias: [Float] = [], relu: Bool = false,
    into output: inout [Float]
  ) throws(KernelsError) {
    try checkInput(input, count)
    try checkKernel(kernel)
    guard bias.isEmpty || bias.count == shape.outputChannels else {
      throw .wrongTensorSize(
        layer: Self.name, tensor: "bias", expected: shape.outputChannels, found: bias.count)
    }
    try makeRoom(in: &output, count, shape.window.outputPixels, shape.outputChannels)
    guard !output.isEmpty else { return }
    try pool.scratch.use { scratch throws(KernelsError) in
      try method.prepare(count: count, scratch: &scratch)
      input.withUnsafeBufferPointer { input in
        kernel.withUnsafeBufferPointer { kernel in
          bias.withUnsafeBufferPointer { bias in
            output.withUnsafeMutableBufferPointer { output in
              method.forward(
                input.baseAddress!, count: count, kernel: kernel.baseAddress!,
                bias: bias.isEmpty ? nil : bias.baseAddress!, relu: relu,
                output: output.baseAddress!)
            }
          }
        }
      }
    }
  }

  /// The loss's gradient by the input, from that by the output (before any ReLU).
  ///
  ///     dx[n][y][x][ci] = Σ w[ky][kx][ci][co] dy[n][oy][ox][co],  oy·s + ky − p = y, ox likewise
  ///
  /// - Parameters:
  ///   - outputGradient: `[count][outputHeight][outputWidth][outputChannels]`.
  ///   - kernel: What `forward` was given.
  ///   - inputGradient: `[count][height][width][inputChannels]`.
  /// - Throws: `KernelsError` for arrays of the wrong size or lack of memory.
  public func inputGradient(
    _ outputGradient: [Float], count: Int, kernel: [Float], into inputGradient: inout [Float]
  ) throws(KernelsError) {
    try checkOutputGradient(outputGradient, count)
    try checkKernel(kernel)
    try makeRoom(in: &inputGradient, count, shape.window.inputPixels, shape.inputChannels)
    guard !inputGradient.isEmpty else { return }
    try pool.scratch.use { scratch throws(KernelsError) in
      try method.prepare(count: count, scratch: &scratch)
      outputGradient.withUnsafeBufferPointer { outputGradient in
        kernel.withUnsafeBufferPointer { kernel in
          inputGradient.withUnsafeMutableBufferPointer { inputGradient in
            method.inputGradient(
              outputGradient.baseAddress!, count: count, kernel: kernel.baseAddress!,
              inputGradient: inputGradient.baseAddress!)
          }
        }
      }
    }
  }

  /// The loss's gradients by kernel and bias, summed over all pictures.
  ///
  ///     dw[ky][kx][ci][co] = Σ x[n][oy·s + ky − p][ox·s + kx − p][ci] dy[n][oy][ox][co]
  ///     db[co] = Σ dy[n][oy][ox][co]
  ///
  /// - Parameters:
  ///   - input: What `forward` was given.
  ///   - outputGradient: The gradient by its output (before any ReLU).
  ///   - kernel: `[windowHeight][windowWidth][inputChannels][outputChannels]`.
  ///   - bias: `[outputChannels]`.
  /// - Throws: `KernelsError` for arrays of the wrong size or lack of memory.
  public func weightGradients(
    input: [Float], outputGradient: [Float], count: Int, kernel: inout [Float],
    bias: inout [Float]
  ) throws(KernelsError) {
    try checkInput(input, count)
    try checkOutputGradient(outputGradient, count)
    try makeRoom(in: &kernel, 1, shape.patch, shape.outputChannels)
    try makeRoom(in: &bias, 1, 1, shape.outputChannels)
    guard !input.isEmpty, !outputGradient.isEmpty else {
      kernel = Array(repeating: 0, count: kernel.count)
      bias = Array(repeating: 0, count: bias.count)
      return
    }
    try pool.scratch.use { scratch throws(KernelsError) in
      try method.prepare(count: count, scratch: &scratch)
      input.withUnsafeBufferPointer { input in
        outputGradient.withUnsafeBufferPointer { outputGradient in
          kernel.withUnsafeMutableBufferPointer { kernel in
            method.kernelGradient(
              input: input.baseAddress!, outputGradient: outputGradient.baseAddress!,
              count: count, kernel: kernel.baseAddress!)
          }
          bias.withUnsafeMutableBufferPointer { bias in
            RowSums(
              rows: count * shape.window.outputPixels, channels: shape.outputChannels,
              values: outputGradient.baseAddress!, kernels: kernels
            ).write(to: bias.baseAddress!, pool: pool)
          }
        }
      }
    }
  }

  // MARK: Checks

  private static let name = "a convolution"

  private func checkInput(_ input: [Float], _ count: Int) throws(KernelsError) {
    try shape.window.check(
      input.count, "input", of: Self.name, count: count, pixels: shape.window.inputPixels,
      channels: shape.inputChannels)
  }

  private func checkOutputGradient(_ gradient: [Float], _ count: Int) throws(KernelsError) {
    try shape.window.check(
      gradient.count, "output gradient", of: Self.name, count: count,
      pixels: shape.window.outputPixels, channels: shape.outputChannels)
  }

  private func checkKernel(_ kernel: [Float]) throws(KernelsError) {
    guard kernel.count == shape.kernelCount else {
      throw .wrongTensorSize(
        layer: Self.name, tensor: "kernel", expected: shape.kernelCount, found: kernel.count)
    }
  }

  private func makeRoom(in array: inout [Float], _ count: Int, _ pixels: Int, _ channels: Int)
    throws(KernelsError)
  {
    try shape.window.makeRoom(in: &array, count: count, pixels: pixels, channels: channels)
  }
}

extension Convolution {
  /// The convolution of `count` pictures, as a new array.
  public func forward(
    _ input: [Float], count: Int, kernel: [Float], bias: [Float] = [], relu: Bool = false
  ) throws(KernelsError) -> [Float] {
    var output: [Float] = []
    try forward(input, count: count, kernel: kernel, bias: bias, relu: relu, into: &output)
    return output
  }

  /// The gradient by the input, as a new array.
  package func inputGradient(_ outputGradient: [Float], count: Int, kernel: [Float])
    throws(KernelsError) -> [Float]
  {
    var result: [Float] = []
    try inputGradient(outputGradient, count: count, kernel: kernel, into: &result)
    return result
  }

  /// The gradients by kernel and bias, as new arrays.
  package func weightGradients(input: [Float], outputGradient: [Float], count: Int)
    throws(KernelsError) -> (kernel: [Float], bias: [Float])
  {
    var result: (kernel: [Float], bias: [Float]) = ([], [])
    try weightGradients(
      input: input, outputGradient: outputGradient, count: count, kernel: &result.kernel,
      bias: &result.bias)
    return result
  }
}
