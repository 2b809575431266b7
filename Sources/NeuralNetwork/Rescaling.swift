import Kernels

/// x · scale + offset, with one scale and one offset for all values, or one each a channel (the
/// last axis).
///
/// With a scale of 1 and negative offsets it subtracts the means of channels.
public struct Rescaling: Layer {
  public var name: String
  public let className = "Rescaling"

  /// One value, or one a channel.
  public let scale: [Float]

  /// One value, or one a channel.
  public let offset: [Float]

  public init(scale: Float, offset: Float = 0, name: String = "") {
    self.scale = [scale]
    self.offset = [offset]
    self.name = name
  }

  /// - Throws: ``NeuralNetworkError/count(what:expected:found:)`` for two counts that differ and
  ///   are not 1, or for none.
  public init(scale: [Float], offset: [Float], name: String = "") throws {
    let counts = Set([scale.count, offset.count]).subtracting([1])
    guard counts.count <= 1, !counts.contains(0) else {
      throw NeuralNetworkError.count(
        what: "offsets of a rescaling", expected: scale.count, found: offset.count)
    }
    self.scale = scale
    self.offset = offset
    self.name = name
  }

  public func outputShape(_ inputShape: [Int]) throws -> [Int] {
    let channels = max(scale.count, offset.count)
    guard channels == 1 || inputShape.last == channels else {
      throw NeuralNetworkError.shape(
        layer: label, expected: "\(channels) channels", found: inputShape)
    }
    return inputShape
  }

  public func callAsFunction(_ input: consuming Tensor, pool: ThreadPool) throws -> Tensor {
    _ = try checkedOutputShape(input)
    input.values.scaleChannels(by: scale, adding: offset, pool: pool)
    return input
  }

  public mutating func forward(_ input: consuming Tensor, pool: ThreadPool) throws -> Tensor {
    try self(input, pool: pool)
  }

  public mutating func backward(
    _ gradient: consuming Tensor, needsInputGradient: Bool, pool: ThreadPool
  ) -> Tensor? {
    guard needsInputGradient else { return nil }
    gradient.values.scaleChannels(by: scale, adding: [0], pool: pool)
    return gradient
  }

  public mutating func forget() {}
}

extension [Float] {
  /// x · scale + offset in place, each with one value for all or one a channel (the last axis).
  mutating func scaleChannels(by scale: [Float], adding offset: [Float], pool: ThreadPool) {
    let channels = Swift.max(scale.count, offset.count)
    if channels == 1 {
      let (scale, offset) = (scale[0], offset[0])
      pool.forEachChunk(of: &self) { _, chunk in
        for index in chunk.indices { chunk[index] = chunk[index] * scale + offset }
      }
      return
    }
    let scale = scale.count == 1 ? [Float](repeating: scale[0], count: channels) : scale
    let offset = offset.count == 1 ? [Float](repeating: offset[0], count: channels) : offset
    pool.forEachChunk(of: &self, chunk: rowsPerChunk(channels) * channels) { _, chunk in
      for row in stride(from: 0, to: chunk.count, by: channels) {
        for channel in 0..<channels {
          chunk[row + channel] = chunk[row + channel] * scale[channel] + offset[channel]
        }
      }
    }
  }
}
