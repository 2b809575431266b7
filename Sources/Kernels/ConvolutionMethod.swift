/// A way to compute a convolution and its gradients; arrays are checked by the caller, and none is
/// empty. A method is called by one thread at a time, each time after `prepare`.
protocol ConvolutionMethod: AnyObject, Sendable {
  /// Takes the memory for one call with `count` pictures.
  func prepare(count: Int, scratch: inout ScratchMemory.Blocks) throws(KernelsError)

  func forward(
    _ input: UnsafePointer<Float>, count: Int, kernel: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, relu: Bool, output: UnsafeMutablePointer<Float>)

  func inputGradient(
    _ outputGradient: UnsafePointer<Float>, count: Int, kernel: UnsafePointer<Float>,
    inputGradient: UnsafeMutablePointer<Float>)

  func kernelGradient(
    input: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>, count: Int,
    kernel: UnsafeMutablePointer<Float>)
}

/// The ways there are.
package enum ConvolutionAlgorithm: Sendable, Equatable {
  /// Patches times kernel, for any shape.
  case matrix
  /// Winograd's F(m×m, 3×3), m = 2…6, for 3×3 kernels at stride 1.
  case winograd(m: Int)
  /// Sums over lines of the input, for few input channels.
  case direct

  /// Most input channels of a direct convolution that is chosen; with more, Winograd costs less.
  static let mostDirectChannels = 8

  package static func hasTiles(_ shape: ConvolutionShape) -> Bool {
    let window = shape.window
    return window.windowHeight == 3 && window.windowWidth == 3 && window.strideY == 1
      && window.strideX == 1
  }

  /// The one that costs least. It depends on the shape alone, because it decides about the bits.
  static func fastest(for shape: ConvolutionShape) -> ConvolutionAlgorithm {
    if shape.inputChannels <= mostDirectChannels { return .direct }
    guard hasTiles(shape) else { return .matrix }
    // Errors grow with m, from 2e-7 of the results to 1.5e-6 for m = 5, which has to be worth it.
    let tiles = TileCost(
      height: shape.outputHeight, width: shape.outputWidth,
      inputChannels: roundUp(shape.inputChannels, to: 16),
      outputChannels: roundUp(shape.outputChannels, to: 32),
      weightBytes: 3 * 4)  // read, transformed and read again
    let costs = (2...5).map { (m: $0, cost: tiles.seconds(m: $0) * ($0 == 5 ? 1.1 : 1)) }
    let best = costs.min { $0.cost < $1.cost }!
    return best.cost < matrixCost(shape) ? .winograd(m: best.m) : .matrix
  }

  /// Seconds a picture, forward.
  private static func matrixCost(_ shape: ConvolutionShape) -> Double {
    let patches = Double(shape.window.outputPixels * shape.patch)
    return 2 * patches * Double(shape.outputChannels) / 70e9 + patches * 4 / 5e9
  }
}
