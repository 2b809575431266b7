import Kernels

/// Every row of the batch in another shape, its values in the same order: Keras' `Reshape`.
public struct Reshape: Layer {
  public var name: String
  public let className = "Reshape"
  /// Without the batch axis; one extent may be -1, for what the others leave.
  public let targetShape: [Int]
  private var inputShape: [Int]?

  /// - Throws: ``NeuralNetworkError/setting(name:expected:found:)`` for extents that are not
  ///   positive, but for one that may be -1.
  public init(_ targetShape: [Int], name: String = "") throws {
    guard targetShape.allSatisfy({ $0 > 0 || $0 == -1 }), targetShape.count(where: { $0 == -1 }) < 2
    else {
      throw NeuralNetworkError.setting(
        name: "target shape", expected: "positive extents, one of them perhaps -1",
        found: "\(targetShape)")
    }
    self.targetShape = targetShape
    self.name = name
  }

  public func outputShape(_ inputShape: [Int]) throws -> [Int] {
    let count = inputShape.product
    var known = 1
    for extent in targetShape where extent != -1 {
      let (product, overflow) = known.multipliedReportingOverflow(by: extent)
      known = overflow ? 0 : product
    }
    let fits = targetShape.contains(-1) ? known > 0 && count % known == 0 : count == known
    guard fits else {
      throw NeuralNetworkError.shape(
        layer: label, expected: "what fits into \(targetShape)", found: inputShape)
    }
    return targetShape.map { $0 == -1 ? count / known : $0 }
  }

  public func callAsFunction(_ input: consuming Tensor, pool: ThreadPool) throws -> Tensor {
    let shape = try checkedOutputShape(input)
    input.shape = shape
    return input
  }

  public mutating func forward(_ input: consuming Tensor, pool: ThreadPool) throws -> Tensor {
    inputShape = input.shape
    return try self(input, pool: pool)
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
