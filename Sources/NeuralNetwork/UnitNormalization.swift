import Kernels

/// Each vector along the last axis divided by its Euclidean length: x · min(1/√(Σx²), 10¹²).
///
/// A zero vector stays zero. As Keras 3 computes it.
public struct UnitNormalization: Layer {
  public var name: String
  public let className = "UnitNormalization"
  private var output: Tensor?
  private var scales: [Float]?

  public init(name: String = "") { self.name = name }

  public func outputShape(_ inputShape: [Int]) throws -> [Int] {
    guard let last = inputShape.last, last > 0 else {
      throw NeuralNetworkError.shape(
        layer: label, expected: "at least one value on the last axis", found: inputShape)
    }
    return inputShape
  }

  public func callAsFunction(_ input: Tensor, pool: ThreadPool) throws -> Tensor {
    try normalized(input, pool).output
  }

  public mutating func forward(_ input: Tensor, pool: ThreadPool) throws -> Tensor {
    let (output, scales) = try normalized(input, pool)
    self.output = output
    self.scales = scales
    return output
  }

  public mutating func backward(
    _ gradient: Tensor, needsInputGradient: Bool, pool: ThreadPool
  ) throws -> Tensor? {
    guard needsInputGradient else { return nil }
    let (outputs, scales) = (try kept(output).values, try kept(scales))
    var result = gradient
    let width = gradient.shape.last ?? 1
    // dx = (g − y·(g·y)) / |x|.
    pool.forEachChunk(of: &result.values, chunk: rowsPerChunk(width) * width) { range, chunk in
      for row in stride(from: 0, to: chunk.count, by: width) {
        let start = range.lowerBound + row
        var product: Float = 0
        for index in 0..<width { product += chunk[row + index] * outputs[start + index] }
        let scale = scales[start / width]
        for index in 0..<width {
          chunk[row + index] = (chunk[row + index] - outputs[start + index] * product) * scale
        }
      }
    }
    return result
  }

  public mutating func forget() {
    output = nil
    scales = nil
  }

  private func normalized(
    _ input: Tensor, _ pool: ThreadPool
  ) throws -> (output: Tensor, scales: [Float]) {
    let shape = try checkedOutputShape(input)
    let (width, values) = (shape[shape.count - 1], input.values)
    var scales = [Float](repeating: 0, count: values.count / width)
    pool.forEachChunk(of: &scales, chunk: rowsPerChunk(width)) { range, chunk in
      for row in chunk.indices {
        let start = (range.lowerBound + row) * width
        // Sixteen sums side by side: faster, and less rounding, than one.
        var sums = SIMD16<Float>()
        var index = start
        while index + 16 <= start + width {
          var vector = SIMD16<Float>()
          for lane in 0..<16 { vector[lane] = values[index + lane] }
          sums += vector * vector
          index += 16
        }
        var sum = sums.sum()
        while index < start + width {
          sum += values[index] * values[index]
          index += 1
        }
        chunk[row] = min(1 / sum.squareRoot(), 1e12)
      }
    }
    var output = input
    pool.forEachChunk(of: &output.values, chunk: rowsPerChunk(width) * width) {
      [scales] range, chunk in
      for row in stride(from: 0, to: chunk.count, by: width) {
        let scale = scales[(range.lowerBound + row) / width]
        for index in row..<row + width { chunk[index] *= scale }
      }
    }
    return (output, scales)
  }
}
