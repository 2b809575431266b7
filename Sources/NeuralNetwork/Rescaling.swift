import Kernels

/// x · scale + offset, with one scale and one offset for all values.
public struct Rescaling: Layer {
  public var name: String
  public let className = "Rescaling"
  public let scale: Float
  public let offset: Float

  public init(scale: Float, offset: Float = 0, name: String = "") {
    self.scale = scale
    self.offset = offset
    self.name = name
  }

  public func outputShape(_ inputShape: [Int]) -> [Int] { inputShape }

  public func callAsFunction(_ input: Tensor, pool: ThreadPool) -> Tensor {
    var output = input
    let (scale, offset) = (scale, offset)
    pool.forEachChunk(of: &output.values) { _, chunk in
      for index in chunk.indices { chunk[index] = chunk[index] * scale + offset }
    }
    return output
  }

  public mutating func forward(_ input: Tensor, pool: ThreadPool) -> Tensor {
    self(input, pool: pool)
  }

  public mutating func backward(
    _ gradient: Tensor, needsInputGradient: Bool, pool: ThreadPool
  ) -> Tensor? {
    needsInputGradient ? Rescaling(scale: scale)(gradient, pool: pool) : nil
  }

  public mutating func forget() {}
}
