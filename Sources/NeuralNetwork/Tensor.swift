/// A row-major array of `Float` with a shape, the batch first and channels last.
public struct Tensor: Sendable, Equatable {
  /// Extents, slowest first: (batch, height, width, channels) or (batch, features).
  public var shape: [Int]

  /// The elements, as many as the product of the extents.
  public var values: [Float]

  /// Wraps values in a shape.
  ///
  /// - Precondition: the count of `values` is the product of `shape`.
  public init(shape: [Int], values: [Float]) {
    precondition(
      shape.allSatisfy { $0 >= 0 } && values.count == shape.product,
      "a tensor of shape \(shape) has \(shape.product) values, not \(values.count)")
    self.shape = shape
    self.values = values
  }

  /// A tensor of zeros.
  public init(zeros shape: [Int]) {
    self.init(shape: shape, values: [Float](repeating: 0, count: shape.product))
  }

  /// The extent of the first axis.
  public var batch: Int { shape.first ?? 1 }

  /// The values of one row of the batch.
  public subscript(row row: Int) -> ArraySlice<Float> {
    let length = shape.dropFirst().product
    return values[row * length..<(row + 1) * length]
  }
}

extension Sequence<Int> {
  /// The product of all elements; 1 if there are none.
  package var product: Int { reduce(1, *) }
}
