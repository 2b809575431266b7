import Kernels

/// Every row of the batch as one vector, in row-major order (height, width, channels).
public struct Flatten: Layer {
  public var name: String
  public let className = "Flatten"
  private var inputShape: [Int]?

  public init(name: String = "") { self.name = name }

  public func outputShape(_ inputShape: [Int]) -> [Int] { [inputShape.product] }

  public func callAsFunction(_ input: Tensor, pool: ThreadPool) -> Tensor {
    Tensor(shape: [input.batch, input.shape.dropFirst().product], values: input.values)
  }

  public mutating func forward(_ input: Tensor, pool: ThreadPool) -> Tensor {
    inputShape = input.shape
    return self(input, pool: pool)
  }

  public mutating func backward(
    _ gradient: Tensor, needsInputGradient: Bool, pool: ThreadPool
  ) throws -> Tensor? {
    guard needsInputGradient else { return nil }
    return Tensor(shape: try kept(inputShape), values: gradient.values)
  }

  public mutating func forget() { inputShape = nil }
}
