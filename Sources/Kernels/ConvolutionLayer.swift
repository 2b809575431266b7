/// A 3×3 convolution with "same" padding, bias and ReLU, and a 2×2 max-pool if there is one.
///
///     y = max(0, b + Σ w[dy][dx][cin][·] x[y + dy − 1][x + dx − 1][cin]),  x = 0 outside
public struct ConvolutionLayer: Sendable {
  public var name: String
  /// Channels of the input.
  public var inputChannels: Int
  /// Channels of the output.
  public var outputChannels: Int
  /// `[3][3][inputChannels][outputChannels]`, as Keras stores it.
  public var kernel: [Float]
  /// `[outputChannels]`.
  public var bias: [Float]
  /// A max-pool of 2×2 pixels at stride 2 follows; an odd last row or column is dropped.
  public var poolAfter: Bool

  public init(
    name: String, inputChannels: Int, outputChannels: Int, kernel: [Float], bias: [Float],
    poolAfter: Bool = false
  ) {
    self.name = name
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.kernel = kernel
    self.bias = bias
    self.poolAfter = poolAfter
  }

  func check() throws(KernelsError) {
    guard (1...65536).contains(inputChannels), (1...65536).contains(outputChannels) else {
      throw .invalidChannels(layer: name, input: inputChannels, output: outputChannels)
    }
    let expected = 9 * inputChannels * outputChannels
    guard kernel.count == expected else {
      throw .wrongTensorSize(
        layer: name, tensor: "kernel", expected: expected, found: kernel.count)
    }
    guard bias.count == outputChannels else {
      throw .wrongTensorSize(
        layer: name, tensor: "bias", expected: outputChannels, found: bias.count)
    }
  }
}
