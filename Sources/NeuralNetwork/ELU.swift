import Foundation
import Kernels

/// x where positive, alpha · (eˣ − 1) elsewhere: Keras' layer `ELU`.
public struct ELU: Layer {
  public var name: String
  public let className = "ELU"
  /// The limit below: −α.
  public let alpha: Float
  private var output: Tensor?

  /// - Parameter alpha: At least 0; Keras' default is 1.
  /// - Throws: ``NeuralNetworkError/setting(name:expected:found:)``.
  public init(alpha: Float = 1, name: String = "") throws {
    guard alpha >= 0, alpha.isFinite else {
      throw NeuralNetworkError.setting(name: "alpha", expected: "at least 0", found: "\(alpha)")
    }
    self.alpha = alpha
    self.name = name
  }

  public func outputShape(_ inputShape: [Int]) -> [Int] { inputShape }

  public func callAsFunction(_ input: consuming Tensor, pool: ThreadPool) -> Tensor {
    let alpha = alpha
    input.values.map(pool) { $0 > 0 ? $0 : expm1($0) * alpha }
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
    // alpha·eˣ is the output plus alpha.
    let alpha = alpha
    gradient.values.zip(try kept(output).values, pool) { $1 > 0 ? $0 : $0 * ($1 + alpha) }
    return gradient
  }

  public mutating func forget() { output = nil }
}
