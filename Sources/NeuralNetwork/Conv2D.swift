import Kernels
import Synchronization

/// A convolution of pictures (height, width, channels): y = activation(x ∗ kernel + bias), as Keras'
/// `Conv2D` computes it.
///
///     y[oy][ox][co] = b[co] + Σ w[ky][kx][ci][co] x[oy·s + ky − p][ox·s + kx − p][ci]
public struct Conv2D: ActivatedLayer {
  public var name: String
  public let className = "Conv2D"
  /// Applied to the sums.
  public var activation: Activation

  /// (height, width, input channels, filters).
  public var kernel: Parameter

  /// (filters), or nil for none.
  public var bias: Parameter?
  /// From window to window.
  public let strides: Extent2D
  /// `same`: windows reach beyond the edge; `valid`: they do not.
  public let padding: Padding

  private let engine = ConvolutionEngine()
  private var input: Tensor?
  private var inputShape: [Int]?
  private var output: Tensor?

  /// A layer with a Glorot-uniform kernel and a bias of zeros, as Keras makes it.
  ///
  /// - Throws: ``NeuralNetworkError/setting(name:expected:found:)`` for extents that are not
  ///   positive.
  public init(
    name: String = "", inputChannels: Int, filters: Int, kernelSize: Extent2D,
    strides: Extent2D = 1, padding: Padding = .valid, activation: Activation = .linear,
    useBias: Bool = true, generator: inout Generator
  ) throws {
    try kernelSize.check("kernel size")
    try Extent2D(height: inputChannels, width: filters).check("channels")
    let taps = kernelSize.height * kernelSize.width
    try self.init(
      name: name,
      kernel: generator.glorotUniform(
        shape: [kernelSize.height, kernelSize.width, inputChannels, filters],
        inputs: taps * inputChannels, outputs: taps * filters),
      bias: useBias ? Tensor(zeros: [filters]) : nil, strides: strides, padding: padding,
      activation: activation)
  }

  /// A layer with given weights.
  ///
  /// - Parameters:
  ///   - kernel: (height, width, input channels, filters).
  ///   - bias: (filters), or nil for none.
  /// - Throws: ``NeuralNetworkError`` for weights that do not fit together, or strides that are
  ///   not positive.
  public init(
    name: String = "", kernel: Tensor, bias: Tensor?, strides: Extent2D = 1,
    padding: Padding = .valid, activation: Activation = .linear
  ) throws {
    try strides.check("strides")
    guard kernel.shape.count == 4, kernel.shape.allSatisfy({ $0 > 0 }),
      bias.map({ $0.shape == [kernel.shape[3]] }) ?? true
    else {
      throw NeuralNetworkError.shape(
        layer: name.isEmpty ? "Conv2D" : name,
        expected: "a kernel (height, width, input channels, filters), a bias (filters)",
        found: kernel.shape + (bias?.shape ?? []))
    }
    self.name = name
    self.kernel = Parameter(name: "kernel", value: kernel)
    self.bias = bias.map { Parameter(name: "bias", value: $0) }
    self.strides = strides
    self.padding = padding
    self.activation = activation
  }

  /// Of the window.
  public var kernelSize: Extent2D {
    Extent2D(height: kernel.value.shape[0], width: kernel.value.shape[1])
  }
  /// Channels of the input.
  public var inputChannels: Int { kernel.value.shape[2] }
  /// Channels of the output.
  public var filters: Int { kernel.value.shape[3] }
  public var parameters: [Parameter] { [kernel] + (bias.map { [$0] } ?? []) }

  public mutating func updateParameters(_ body: (inout Parameter) throws -> Void) rethrows {
    try body(&kernel)
    if bias != nil { try body(&bias!) }
  }

  public func outputShape(_ inputShape: [Int]) throws -> [Int] {
    let shape = try shape(inputShape)
    return [shape.outputHeight, shape.outputWidth, filters]
  }

  private func shape(_ inputShape: [Int]) throws -> ConvolutionShape {
    guard inputShape.last == inputChannels else {
      throw NeuralNetworkError.shape(
        layer: label, expected: "(height, width, \(inputChannels))", found: inputShape)
    }
    return try ConvolutionShape(
      window: WindowShape(
        inputShape, window: kernelSize, strides: strides, padding: padding, layer: label),
      inputChannels: inputChannels, outputChannels: filters)
  }

  private func convolution(_ shape: [Int], _ pool: ThreadPool) throws -> Convolution {
    try engine.convolution(try self.shape(Array(shape.dropFirst())), pool)
  }

  public func callAsFunction(_ input: Tensor, pool: ThreadPool) throws -> Tensor {
    let shape = try checkedOutputShape(input)
    var output = Tensor(
      shape: shape,
      values: try convolution(input.shape, pool).forward(
        input.values, count: input.batch, kernel: kernel.value.values,
        bias: bias?.value.values ?? [], relu: activation == .relu))
    if activation != .relu { activation.apply(to: &output, pool: pool) }
    return output
  }

  public mutating func forward(_ input: Tensor, pool: ThreadPool) throws -> Tensor {
    let output = try self(input, pool: pool)
    inputShape = input.shape
    self.input = isTrainable ? input : nil
    self.output = activation == .linear ? nil : output
    return output
  }

  public mutating func backward(
    _ gradient: consuming Tensor, needsInputGradient: Bool, pool: ThreadPool
  ) throws -> Tensor? {
    let shape = try kept(inputShape)
    let convolution = try convolution(shape, pool)
    if activation != .linear {
      activation.differentiate(&gradient, output: try kept(output), pool: pool)
      output = nil
    }
    // The input's memory takes the gradient by it, unless another layer has kept it as well.
    var values: [Float] = []
    if kernel.isTrainable || bias?.isTrainable ?? false {
      values = try kept(input).values
      input = nil
      var (byKernel, byBias): ([Float], [Float]) = ([], [])
      swap(&byKernel, &kernel.gradient)
      try convolution.weightGradients(
        input: values, outputGradient: gradient.values, count: shape[0], kernel: &byKernel,
        bias: &byBias)
      if kernel.isTrainable { swap(&byKernel, &kernel.gradient) }
      if bias?.isTrainable ?? false { bias?.gradient = byBias }
    }
    guard needsInputGradient else { return nil }
    try convolution.inputGradient(
      gradient.values, count: shape[0], kernel: kernel.value.values, into: &values)
    return Tensor(shape: shape, values: values)
  }

  public mutating func forget() {
    input = nil
    inputShape = nil
    output = nil
  }
}

/// The kernels' side of a convolution for the latest size of pictures, shared by copies of a layer.
private final class ConvolutionEngine: Sendable {
  private struct Latest {
    let convolution: Convolution
    let pool: ThreadPool
  }

  private let latest = Mutex<Latest?>(nil)

  func convolution(_ shape: ConvolutionShape, _ pool: ThreadPool) throws -> Convolution {
    try latest.withLock {
      if let latest = $0, latest.convolution.shape == shape, latest.pool === pool {
        return latest.convolution
      }
      let made = try Convolution(shape, pool: pool)
      $0 = Latest(convolution: made, pool: pool)
      return made
    }
  }
}
