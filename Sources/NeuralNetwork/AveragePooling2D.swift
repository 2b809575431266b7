import Kernels

/// The mean of each channel in every window: (h, w, c) → (h′, w′, c).
///
/// Padding does not count.
public struct AveragePooling2D: Layer {
  public var name: String
  public let className = "AveragePooling2D"
  /// Of the window.
  public let size: Extent2D
  /// From window to window.
  public let strides: Extent2D
  /// `same`: windows reach beyond the edge; `valid`: they do not.
  public let padding: Padding
  private var inputShape: [Int]?

  /// - Parameter strides: nil for those of the window's size.
  /// - Throws: ``NeuralNetworkError/setting(name:expected:found:)`` for extents that are not
  ///   positive.
  public init(
    size: Extent2D = 2, strides: Extent2D? = nil, padding: Padding = .valid, name: String = ""
  ) throws {
    try size.check("pool size")
    try (strides ?? size).check("strides")
    self.size = size
    self.strides = strides ?? size
    self.padding = padding
    self.name = name
  }

  public func outputShape(_ inputShape: [Int]) throws -> [Int] {
    let window = try window(inputShape)
    return [window.outputHeight, window.outputWidth, inputShape[2]]
  }

  private func window(_ inputShape: [Int]) throws -> WindowShape {
    try WindowShape(inputShape, window: size, strides: strides, padding: padding, layer: label)
  }

  private func pooling(_ shape: [Int], _ pool: ThreadPool) throws -> AveragePooling {
    try AveragePooling(try window(Array(shape.dropFirst())), channels: shape[3], pool: pool)
  }

  public func callAsFunction(_ input: Tensor, pool: ThreadPool) throws -> Tensor {
    let shape = try checkedOutputShape(input)
    var values: [Float] = []
    try pooling(input.shape, pool).forward(input.values, count: input.batch, into: &values)
    return Tensor(shape: shape, values: values)
  }

  public mutating func forward(_ input: Tensor, pool: ThreadPool) throws -> Tensor {
    inputShape = input.shape
    return try self(input, pool: pool)
  }

  public mutating func backward(
    _ gradient: Tensor, needsInputGradient: Bool, pool: ThreadPool
  ) throws -> Tensor? {
    let shape = try kept(inputShape)
    guard needsInputGradient else { return nil }
    var values: [Float] = []
    try pooling(shape, pool).gradient(
      gradient.values, count: shape[0], into: &values)
    return Tensor(shape: shape, values: values)
  }

  public mutating func forget() { inputShape = nil }
}
