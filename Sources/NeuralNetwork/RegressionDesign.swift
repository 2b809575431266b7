import Kernels

/// The matrix that a regression works on, and the way back to weights on plain features.
///
/// Features are centred (or standardised), a column of ones is added; with more features than
/// rows they are first rotated into the rows' span.
struct RegressionDesign: Sendable {
  /// rows × (rank + 1), the last column all ones.
  let matrix: [Double]

  /// The number of columns without the ones.
  let rank: Int

  /// The sum of the columns' variances.
  let totalVariance: Double

  private let scaling: Standardization
  private let standardize: Bool

  /// rank × features: the rotation, if there was one.
  private let rotation: [Double]?

  /// - Throws: ``NeuralNetworkError`` for features that are not finite, or not as many as said.
  init(_ features: [Float], rows: Int, columns: Int, standardize: Bool, pool: ThreadPool) throws {
    guard rows > 0, columns > 0, features.count == rows * columns else {
      throw NeuralNetworkError.count(
        what: "features", expected: rows * columns, found: features.count)
    }
    for (index, value) in features.enumerated() where !value.isFinite {
      throw NeuralNetworkError.notFinite(what: "features", row: index / columns)
    }
    let scaling = Standardization(features, rows: rows, columns: columns)
    // Where nothing is rotated, this is the matrix already: a second one would double the memory.
    let isRotated = columns > rows
    let width = isRotated ? columns : columns + 1
    var centred = [Double](repeating: 1, count: rows * width)
    var squares = 0.0
    for row in 0..<rows {
      for column in 0..<columns {
        let difference = Double(features[row * columns + column]) - scaling.mean[column]
        let value = standardize ? difference * scaling.inverseDeviation[column] : difference
        centred[row * width + column] = value
        squares += value * value
      }
    }
    totalVariance = squares / Double(rows)
    self.scaling = scaling
    self.standardize = standardize

    if isRotated {
      let span = try Self.span(centred, rows: rows, columns: columns, pool: pool)
      rank = span.rank
      rotation = span.rotation
      matrix = Self.withOnes(span.coordinates, rows: rows, columns: span.rank)
    } else {
      rank = columns
      rotation = nil
      matrix = centred
    }
  }

  /// Weights (outputs × (rank + 1)) on the matrix as kernel (features, outputs) and bias on plain
  /// features.
  func fold(
    _ weights: [Double], outputs: Int
  ) throws -> (kernel: [Double], bias: [Double]) {
    var slopes: [Double] = []
    var bias: [Double] = []
    for output in 0..<outputs {
      slopes += weights[output * (rank + 1)..<output * (rank + 1) + rank]
      bias.append(weights[(output + 1) * (rank + 1) - 1])
    }
    // The softmax does not see a constant added to all logits; take the one of mean zero.
    if outputs > 1 {
      let mean = bias.reduce(0, +) / Double(outputs)
      bias = bias.map { $0 - mean }
    }
    let features = scaling.mean.count
    if let rotation {
      var rotated = [Double](repeating: 0, count: outputs * features)
      try LinearAlgebra.multiply(
        slopes, rotation, into: &rotated, m: outputs, n: features, k: rank)
      slopes = rotated
    }
    var kernel = [Double](repeating: 0, count: features * outputs)
    for output in 0..<outputs {
      for feature in 0..<features {
        let slope = slopes[output * features + feature]
        let value = standardize ? slope * scaling.inverseDeviation[feature] : slope
        kernel[feature * outputs + output] = value
        bias[output] -= value * scaling.mean[feature]
      }
    }
    return (kernel, bias)
  }

  private static func withOnes(_ values: [Double], rows: Int, columns: Int) -> [Double] {
    var result = [Double](repeating: 1, count: rows * (columns + 1))
    for row in 0..<rows {
      for column in 0..<columns {
        result[row * (columns + 1) + column] = values[row * columns + column]
      }
    }
    return result
  }

  /// Coordinates (rows × rank) of the rows in an orthonormal basis (rank × columns) of their span,
  /// from the eigenvectors of X·Xᵀ.
  private static func span(
    _ values: [Double], rows: Int, columns: Int, pool: ThreadPool
  ) throws -> (coordinates: [Double], rank: Int, rotation: [Double]) {
    var products = [Double](repeating: 0, count: rows * rows)
    try LinearAlgebra.multiply(
      values, values, into: &products, m: rows, n: rows, k: columns, transposeB: true, pool: pool)
    let eigen = try SymmetricEigen(products, order: rows)
    let largest = eigen.values.last ?? 0
    let kept = eigen.values.indices.filter { eigen.values[$0] > 1e-12 * largest }
    let rank = kept.count
    var coordinates = [Double](repeating: 0, count: rows * rank)
    var basis = [Double](repeating: 0, count: rank * rows)
    for (index, source) in kept.enumerated() {
      let root = eigen.values[source].squareRoot()
      for row in 0..<rows {
        let value = eigen.vectors[source * rows + row]
        coordinates[row * rank + index] = value * root
        basis[index * rows + row] = value / root
      }
    }
    var rotation = [Double](repeating: 0, count: rank * columns)
    try LinearAlgebra.multiply(
      basis, values, into: &rotation, m: rank, n: columns, k: rows, pool: pool)
    return (coordinates, rank, rotation)
  }
}
