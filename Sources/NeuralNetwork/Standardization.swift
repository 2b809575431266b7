/// The affine map that gives each feature mean 0 and variance 1, and its folding into a dense
/// layer.
public struct Standardization: Sendable, Equatable {
  /// Of each column.
  public let mean: [Double]

  /// 1/√variance; 0 for a constant feature, which then takes no part.
  public let inverseDeviation: [Double]

  /// The statistics of a matrix (rows × columns), variance with the divisor n.
  public init(_ features: [Float], rows: Int, columns: Int) {
    precondition(features.count == rows * columns, "the matrix has rows × columns values")
    var (mean, squares) = (
      [Double](repeating: 0, count: columns), [Double](repeating: 0, count: columns)
    )
    for row in 0..<rows {
      for column in 0..<columns { mean[column] += Double(features[row * columns + column]) }
    }
    for column in 0..<columns { mean[column] /= Double(max(rows, 1)) }
    for row in 0..<rows {
      for column in 0..<columns {
        let difference = Double(features[row * columns + column]) - mean[column]
        squares[column] += difference * difference
      }
    }
    self.mean = mean
    inverseDeviation = zip(squares, mean).map { squares, mean in
      let variance = squares / Double(max(rows, 1))
      // Below the rounding of the features themselves there is only noise.
      return variance.squareRoot() <= 1e-7 * abs(mean) ? 0 : 1 / variance.squareRoot()
    }
  }

  /// Standardises the rows of a matrix in place.
  public func apply(to features: inout [Float]) {
    let columns = mean.count
    for row in stride(from: 0, to: features.count, by: max(columns, 1)) {
      for column in 0..<columns {
        features[row + column] = Float(
          (Double(features[row + column]) - mean[column]) * inverseDeviation[column])
      }
    }
  }

  /// The weights that give on plain features what these give on standardised ones.
  ///
  /// - Parameters:
  ///   - kernel: (features, units) on standardised features.
  ///   - bias: (units).
  public func fold(kernel: [Double], bias: [Double]) -> (kernel: [Double], bias: [Double]) {
    let units = bias.count
    var (kernel, bias) = (kernel, bias)
    for feature in mean.indices {
      for unit in 0..<units {
        kernel[feature * units + unit] *= inverseDeviation[feature]
        bias[unit] -= mean[feature] * kernel[feature * units + unit]
      }
    }
    return (kernel, bias)
  }
}
