import Kernels

/// Each vector x along the last axis normalised by its own mean and variance:
/// γ·(x − mean)/√(variance + ε) + β, the variance divided by the number of values.
///
/// A layer without scale has no γ, one without centre no β: they count as 1 and 0. As Keras'
/// `LayerNormalization` computes it. Source: Ba, Kiros and Hinton, "Layer Normalization" (2016).
public struct LayerNormalization: Layer {
  public var name: String
  public let className = "LayerNormalization"
  /// Nil in a layer without scale.
  public var gamma: Parameter?
  /// Nil in a layer without centre.
  public var beta: Parameter?
  /// Added to the variance.
  public let epsilon: Float

  /// x̂, and 1/√(variance + ε) of each vector.
  private var normalized: Tensor?
  private var inverses: [Float]?

  /// A layer with given weights.
  ///
  /// - Parameters:
  ///   - gamma: nil for a layer without scale.
  ///   - beta: nil for a layer without centre.
  ///   - epsilon: Keras' default is 10⁻³.
  /// - Throws: ``NeuralNetworkError/count(what:expected:found:)``.
  public init(
    gamma: [Float]?, beta: [Float]?, epsilon: Float = 1e-3, name: String = ""
  ) throws {
    if let gamma, let beta, gamma.count != beta.count {
      throw NeuralNetworkError.count(
        what: "values of beta", expected: gamma.count, found: beta.count)
    }
    self.init(name: name, gamma: gamma, beta: beta, epsilon: epsilon)
  }

  /// A new layer as Keras makes it: γ 1, β 0.
  public init(width: Int, epsilon: Float = 1e-3, name: String = "") {
    self.init(
      name: name, gamma: [Float](repeating: 1, count: width),
      beta: [Float](repeating: 0, count: width), epsilon: epsilon)
  }

  /// A layer of arrays of one count.
  private init(name: String, gamma: [Float]?, beta: [Float]?, epsilon: Float) {
    func parameter(_ name: String, _ values: [Float]) -> Parameter {
      Parameter(name: name, value: Tensor(shape: [values.count], values: values))
    }
    self.gamma = gamma.map { parameter("gamma", $0) }
    self.beta = beta.map { parameter("beta", $0) }
    self.epsilon = epsilon
    self.name = name
  }

  public var parameters: [Parameter] { [gamma, beta].compactMap { $0 } }

  public mutating func updateParameters(_ body: (inout Parameter) throws -> Void) rethrows {
    if gamma != nil { try body(&gamma!) }
    if beta != nil { try body(&beta!) }
  }

  public func outputShape(_ inputShape: [Int]) throws -> [Int] {
    let width = (gamma ?? beta)?.value.values.count
    guard let last = inputShape.last, last > 0, width == nil || last == width else {
      throw NeuralNetworkError.shape(
        layer: label, expected: "\(width.map(String.init) ?? "some") values on the last axis",
        found: inputShape)
    }
    return inputShape
  }

  public func callAsFunction(_ input: Tensor, pool: ThreadPool) throws -> Tensor {
    var output = try normalize(input, pool).normalized
    scaleAndShift(&output, pool)
    return output
  }

  public mutating func forward(_ input: Tensor, pool: ThreadPool) throws -> Tensor {
    let (normalized, inverses) = try normalize(input, pool)
    self.normalized = normalized
    self.inverses = inverses
    var output = normalized
    scaleAndShift(&output, pool)
    return output
  }

  /// With ĝ = γ·g: dx = (ĝ − mean(ĝ) − x̂·mean(ĝ·x̂)) / √(variance + ε).
  public mutating func backward(
    _ gradient: Tensor, needsInputGradient: Bool, pool: ThreadPool
  ) throws -> Tensor? {
    let (normalized, inverses) = (try kept(normalized).values, try kept(inverses))
    let width = gradient.shape.last ?? 1
    let rows = gradient.values.count / width
    let gradients = gradient.values
    if gamma?.isTrainable == true {
      gamma?.gradient = columnSums(rows: rows, width: width, pool) { row, sums in
        for index in 0..<sums.count {
          sums[index] += gradients[row * sums.count + index] * normalized[row * sums.count + index]
        }
      }.map { Float($0) }
    }
    if beta?.isTrainable == true {
      beta?.gradient = columnSums(rows: rows, width: width, pool) { row, sums in
        for index in 0..<sums.count { sums[index] += gradients[row * sums.count + index] }
      }.map { Float($0) }
    }
    guard needsInputGradient else { return nil }
    var result = gradient
    let scale = gamma?.value.values
    pool.forEachChunk(of: &result.values, chunk: rowsPerChunk(width) * width) { range, chunk in
      for row in stride(from: 0, to: chunk.count, by: width) {
        let start = range.lowerBound + row
        var (sum, product): (Float, Float) = (0, 0)
        for index in 0..<width {
          if let scale { chunk[row + index] *= scale[index] }
          sum += chunk[row + index]
          product += chunk[row + index] * normalized[start + index]
        }
        let (mean, slope) = (sum / Float(width), product / Float(width))
        for index in 0..<width {
          chunk[row + index] =
            (chunk[row + index] - mean - normalized[start + index] * slope)
            * inverses[start / width]
        }
      }
    }
    return result
  }

  public mutating func forget() {
    normalized = nil
    inverses = nil
  }

  private func normalize(
    _ input: Tensor, _ pool: ThreadPool
  ) throws -> (normalized: Tensor, inverses: [Float]) {
    let shape = try checkedOutputShape(input)
    let (width, values) = (shape[shape.count - 1], input.values)
    // Mean and inverse deviation of each vector, side by side.
    var statistics = [Float](repeating: 0, count: values.count / width * 2)
    pool.forEachChunk(of: &statistics, chunk: rowsPerChunk(width) * 2) { range, chunk in
      for place in stride(from: 0, to: chunk.count, by: 2) {
        let start = (range.lowerBound + place) / 2 * width
        var sum = 0.0
        for index in start..<start + width { sum += Double(values[index]) }
        let mean = sum / Double(width)
        var squares = 0.0
        for index in start..<start + width {
          let deviation = Double(values[index]) - mean
          squares += deviation * deviation
        }
        chunk[place] = Float(mean)
        chunk[place + 1] = Float(1 / (squares / Double(width) + Double(epsilon)).squareRoot())
      }
    }
    var output = input
    pool.forEachChunk(of: &output.values, chunk: rowsPerChunk(width) * width) {
      [statistics] range, chunk in
      for row in stride(from: 0, to: chunk.count, by: width) {
        let place = (range.lowerBound + row) / width * 2
        let (mean, inverse) = (statistics[place], statistics[place + 1])
        for index in row..<row + width { chunk[index] = (chunk[index] - mean) * inverse }
      }
    }
    return (output, stride(from: 1, to: statistics.count, by: 2).map { statistics[$0] })
  }

  private func scaleAndShift(_ tensor: inout Tensor, _ pool: ThreadPool) {
    let (scale, shift) = (gamma?.value.values, beta?.value.values)
    guard scale != nil || shift != nil else { return }
    let width = tensor.shape.last ?? 1
    pool.forEachChunk(of: &tensor.values, chunk: rowsPerChunk(width) * width) { _, chunk in
      for row in stride(from: 0, to: chunk.count, by: width) {
        for index in 0..<width {
          chunk[row + index] = chunk[row + index] * (scale?[index] ?? 1) + (shift?[index] ?? 0)
        }
      }
    }
  }
}
