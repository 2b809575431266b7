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
