import Kernels

/// Every row of the batch as one vector, in row-major order (height, width, channels).
public struct Flatten: Layer {
  public var name: String
  public let className = "Flatten"
  private var inputShape: [Int]?

  public init(name: String = "") { self.name = name }

  public func outputShape(_ inputShape: [Int]) -> [Int] { [inputShape.product] }

  public func callAsFunction(_ input: consuming Tensor, pool: ThreadPool) -> Tensor {
    input.shape = [input.batch, input.shape.dropFirst().product]
    return input
  }

  public mutating func forward(_ input: consuming Tensor, pool: ThreadPool) -> Tensor {
    inputShape = input.shape
    return self(input, pool: pool)
  }

  public mutating func backward(
    _ gradient: consuming Tensor, needsInputGradient: Bool, pool: ThreadPool
  ) throws -> Tensor? {
    guard needsInputGradient else { return nil }
    gradient.shape = try kept(inputShape)
    return gradient
  }

  public mutating func forget() { inputShape = nil }
}
