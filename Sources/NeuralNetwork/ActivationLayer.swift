import Kernels

/// An activation as a layer of its own: Keras' `Activation`.
public struct ActivationLayer: ActivatedLayer {
  public var name: String
  public let className = "Activation"
  /// What is applied to every value.
  public var activation: Activation
  private var output: Tensor?

  public init(_ activation: Activation, name: String = "") {
    self.activation = activation
    self.name = name
  }

  public func outputShape(_ inputShape: [Int]) -> [Int] { inputShape }

  public func callAsFunction(_ input: consuming Tensor, pool: ThreadPool) -> Tensor {
    activation.apply(to: &input, pool: pool)
    return input
  }

  public mutating func forward(_ input: consuming Tensor, pool: ThreadPool) -> Tensor {
    let output = self(input, pool: pool)
    self.output = output
    return output
  }

  public mutating func backward(
    _ gradient: consuming Tensor, needsInputGradient: Bool, pool: ThreadPool
  ) throws -> Tensor? {
    guard needsInputGradient else { return nil }
    activation.differentiate(&gradient, output: try kept(output), pool: pool)
    return gradient
  }

  public mutating func forget() { output = nil }
}
