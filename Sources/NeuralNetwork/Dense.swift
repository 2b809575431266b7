import Kernels

/// A fully connected layer: y = activation(x·kernel + bias), over the last axis.
public struct Dense: ActivatedLayer {
  public var name: String
  public let className = "Dense"
  /// Applied to the sums.
  public var activation: Activation

  /// (inputs, units).
  public var kernel: Parameter

  /// (units), or nil for none.
  public var bias: Parameter?

  private var input: Tensor?
  private var output: Tensor?

  /// A layer with a Glorot-uniform kernel and a bias of zeros, as Keras makes it.
  public init(
    name: String = "", inputs: Int, units: Int, activation: Activation = .linear,
    useBias: Bool = true, generator: inout Generator
  ) {
    self.name = name
    self.activation = activation
    kernel = Parameter(
      name: "kernel",
      value: generator.glorotUniform(shape: [inputs, units], inputs: inputs, outputs: units))
    bias = useBias ? Parameter(name: "bias", value: Tensor(zeros: [units])) : nil
  }

  /// A layer with given weights.
  ///
  /// - Parameters:
  ///   - kernel: (inputs, units).
  ///   - bias: (units), or nil for none.
  /// - Throws: ``NeuralNetworkError/shape(layer:expected:found:)``.
  public init(
    name: String = "", kernel: Tensor, bias: Tensor?, activation: Activation = .linear
  ) throws {
    guard kernel.shape.count == 2, bias.map({ $0.shape == [kernel.shape[1]] }) ?? true else {
      throw NeuralNetworkError.shape(
        layer: name.isEmpty ? "Dense" : name, expected: "a kernel (inputs, units), a bias (units)",
        found: kernel.shape + (bias?.shape ?? []))
    }
    self.name = name
    self.activation = activation
    self.kernel = Parameter(name: "kernel", value: kernel)
    self.bias = bias.map { Parameter(name: "bias", value: $0) }
  }

  /// Values in.
  public var inputs: Int { kernel.value.shape[0] }
  /// Values out.
  public var units: Int { kernel.value.shape[1] }
  public var parameters: [Parameter] { [kernel] + (bias.map { [$0] } ?? []) }

  public mutating func updateParameters(_ body: (inout Parameter) throws -> Void) rethrows {
    try body(&kernel)
    if bias != nil { try body(&bias!) }
  }

  public func outputShape(_ inputShape: [Int]) throws -> [Int] {
    guard let last = inputShape.last, last == inputs else {
      throw NeuralNetworkError.shape(
        layer: label, expected: "\(inputs) values on the last axis", found: inputShape)
    }
    return inputShape.dropLast() + [units]
  }

  public func callAsFunction(_ input: Tensor, pool: ThreadPool) throws -> Tensor {
    var output = Tensor(zeros: try checkedOutputShape(input))
    let rows = output.values.count / max(units, 1)
    try LinearAlgebra.multiply(
      input.values, kernel.value.values, into: &output.values, m: rows, n: units, k: inputs,
      pool: pool)
    if let bias {
      for row in 0..<rows {
        for unit in 0..<units { output.values[row * units + unit] += bias.value.values[unit] }
      }
    }
    activation.apply(to: &output, pool: pool)
    return output
  }

  public mutating func forward(_ input: Tensor, pool: ThreadPool) throws -> Tensor {
    let output = try self(input, pool: pool)
    self.input = input
    self.output = output
    return output
  }

  public mutating func backward(
    _ gradient: consuming Tensor, needsInputGradient: Bool, pool: ThreadPool
  ) throws -> Tensor? {
    let (input, output) = (try kept(input), try kept(output))
    activation.differentiate(&gradient, output: output, pool: pool)
    let rows = gradient.values.count / max(units, 1)
    if kernel.isTrainable {
      if kernel.gradient.isEmpty {
        kernel.gradient = [Float](repeating: 0, count: inputs * units)
      }
      try LinearAlgebra.multiply(
        input.values, gradient.values, into: &kernel.gradient, m: inputs, n: units, k: rows,
        transposeA: true, pool: pool)
    }
    if bias?.isTrainable == true {
      var sums = [Float](repeating: 0, count: units)
      for row in 0..<rows {
        for unit in 0..<units { sums[unit] += gradient.values[row * units + unit] }
      }
      bias?.gradient = sums
    }
    guard needsInputGradient else { return nil }
    var result = Tensor(zeros: input.shape)
    try LinearAlgebra.multiply(
      gradient.values, kernel.value.values, into: &result.values, m: rows, n: inputs, k: units,
      transposeB: true, pool: pool)
    return result
  }

  public mutating func forget() {
    input = nil
    output = nil
  }
}
