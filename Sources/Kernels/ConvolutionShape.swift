/// The shape of a convolution: windows on pictures of one size, and channels.
public struct ConvolutionShape: Sendable, Hashable {
  /// How the kernel lies on the pictures.
  public let window: WindowShape
  /// Channels in and out.
  public let inputChannels, outputChannels: Int

  /// - Throws: `KernelsError.invalidChannels` for channels outside 1…65536 or a kernel of more
  ///   than 2³⁰ weights.
  public init(window: WindowShape, inputChannels: Int, outputChannels: Int) throws(KernelsError) {
    let channels = 1...65536
    guard channels.contains(inputChannels), channels.contains(outputChannels),
      window.taps * inputChannels <= (1 << 30) / outputChannels
    else {
      throw .invalidChannels(
        layer: "A convolution", input: inputChannels, output: outputChannels)
    }
    self.window = window
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
  }

  public var outputHeight: Int { window.outputHeight }
  public var outputWidth: Int { window.outputWidth }
  /// Values of one picture's input: height × width × inputChannels.
  public var inputCount: Int { window.inputPixels * inputChannels }
  /// Values of one picture's output: outputHeight × outputWidth × outputChannels.
  public var outputCount: Int { window.outputPixels * outputChannels }
  /// Weights of the kernel: `[windowHeight][windowWidth][inputChannels][outputChannels]`.
  public var kernelCount: Int { patch * outputChannels }

  /// Inputs that an output pixel sees, padding counted in.
  var patch: Int { window.taps * inputChannels }
}
