import Kernels

/// The mean of each channel over all positions: (h, w, c) → (c).
public struct GlobalAveragePooling2D: Layer {
  public var name: String
  public let className = "GlobalAveragePooling2D"
  private var inputShape: [Int]?

  public init(name: String = "") { self.name = name }

  public func outputShape(_ inputShape: [Int]) throws -> [Int] {
    try pooledShape(inputShape, label)
  }

  public func callAsFunction(_ input: Tensor, pool: ThreadPool) throws -> Tensor {
    var output = Tensor(zeros: try checkedOutputShape(input))
    let (values, channels) = (input.values, input.shape[3])
    let positions = input.shape[1] * input.shape[2]
    pool.forEachChunk(of: &output.values, chunk: rowsPerChunk(channels * positions) * channels) {
      range, chunk in
      for row in stride(from: 0, to: chunk.count, by: channels) {
        let start = (range.lowerBound + row) * positions
        for position in 0..<positions {
          let offset = start + position * channels
          for channel in 0..<channels { chunk[row + channel] += values[offset + channel] }
        }
      }
      let scale = 1 / Float(positions)
      for index in chunk.indices { chunk[index] *= scale }
    }
    return output
  }

  public mutating func forward(_ input: Tensor, pool: ThreadPool) throws -> Tensor {
    inputShape = input.shape
    return try self(input, pool: pool)
  }

  public mutating func backward(
    _ gradient: Tensor, needsInputGradient: Bool, pool: ThreadPool
  ) throws -> Tensor? {
    guard needsInputGradient else { return nil }
    var result = Tensor(zeros: try kept(inputShape))
    let (gradients, channels) = (gradient.values, result.shape[3])
    let positions = result.shape[1] * result.shape[2]
    let scale = 1 / Float(positions)
    pool.forEachChunk(of: &result.values, chunk: rowsPerChunk(channels) * channels) {
      range, chunk in
      for position in stride(from: 0, to: chunk.count, by: channels) {
        let row = (range.lowerBound + position) / (channels * positions)
        for channel in 0..<channels {
          chunk[position + channel] = gradients[row * channels + channel] * scale
        }
      }
    }
    return result
  }

  public mutating func forget() { inputShape = nil }
}

/// The largest value of each channel over all positions: (h, w, c) → (c).
///
/// The gradient goes to the first of equal values. What is not a number counts as the largest.
public struct GlobalMaxPooling2D: Layer {
  public var name: String
  public let className = "GlobalMaxPooling2D"
  private var input: Tensor?

  public init(name: String = "") { self.name = name }

  public func outputShape(_ inputShape: [Int]) throws -> [Int] {
    try pooledShape(inputShape, label)
  }

  public func callAsFunction(_ input: Tensor, pool: ThreadPool) throws -> Tensor {
    var output = Tensor(zeros: try checkedOutputShape(input))
    let (values, channels) = (input.values, input.shape[3])
    let positions = input.shape[1] * input.shape[2]
    pool.forEachChunk(of: &output.values, chunk: rowsPerChunk(channels * positions) * channels) {
      range, chunk in
      for row in stride(from: 0, to: chunk.count, by: channels) {
        let start = (range.lowerBound + row) * positions
        for channel in 0..<channels { chunk[row + channel] = values[start + channel] }
        for position in 0..<positions {
          let offset = start + position * channels
          for channel in 0..<channels {
            chunk[row + channel] = larger(chunk[row + channel], values[offset + channel])
          }
        }
      }
    }
    return output
  }

  public mutating func forward(_ input: Tensor, pool: ThreadPool) throws -> Tensor {
    self.input = input
    return try self(input, pool: pool)
  }

  public mutating func backward(
    _ gradient: Tensor, needsInputGradient: Bool, pool: ThreadPool
  ) throws -> Tensor? {
    guard needsInputGradient else { return nil }
    let input = try kept(input)
    var result = Tensor(zeros: input.shape)
    let channels = input.shape[3]
    let positions = input.shape[1] * input.shape[2]
    for row in 0..<input.batch {
      for channel in 0..<channels {
        let start = row * positions * channels + channel
        var best = start
        for place in stride(from: start, to: start + positions * channels, by: channels)
        where isLarger(input.values[place], than: input.values[best]) {
          best = place
        }
        result.values[best] = gradient.values[row * channels + channel]
      }
    }
    return result
  }

  public mutating func forget() { input = nil }
}

/// Whether a maximum passes on to a value: if it is larger, or the first that is not a number.
private func isLarger(_ value: Float, than best: Float) -> Bool {
  !(value <= best) && best == best
}

private func larger(_ best: Float, _ value: Float) -> Float {
  isLarger(value, than: best) ? value : best
}

private func pooledShape(_ inputShape: [Int], _ label: String) throws -> [Int] {
  guard inputShape.count == 3, inputShape[0] > 0, inputShape[1] > 0 else {
    throw NeuralNetworkError.shape(
      layer: label, expected: "(height, width, channels) with at least one position",
      found: inputShape)
  }
  return [inputShape[2]]
}
