import Kernels

/// x where positive, slope · x elsewhere: Keras' layer `LeakyReLU`.
public struct LeakyReLU: Layer {
  public var name: String
  public let className = "LeakyReLU"
  /// The slope below zero.
  public let negativeSlope: Float
  private var output: Tensor?

  /// - Parameter negativeSlope: At least 0. Keras' default for the layer is 0.3, for the activation
  ///   ``Activation/leakyReLU`` 0.2.
  /// - Throws: ``NeuralNetworkError/setting(name:expected:found:)``.
  public init(negativeSlope: Float = 0.3, name: String = "") throws {
    guard negativeSlope >= 0, negativeSlope.isFinite else {
      throw NeuralNetworkError.setting(
        name: "negative slope", expected: "at least 0", found: "\(negativeSlope)")
    }
    self.negativeSlope = negativeSlope
    self.name = name
  }

  public func outputShape(_ inputShape: [Int]) -> [Int] { inputShape }

  public func callAsFunction(_ input: consuming Tensor, pool: ThreadPool) -> Tensor {
    let slope = negativeSlope
    input.values.map(pool) { $0 < 0 ? $0 * slope : $0 }
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
    // The output is positive where the input was, and only there.
    let slope = negativeSlope
    gradient.values.zip(try kept(output).values, pool) { $1 > 0 ? $0 : $0 * slope }
    return gradient
  }

  public mutating func forget() { output = nil }
}
