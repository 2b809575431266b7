import Kernels

/// A border of zeros around pictures: (h, w, c) → (top + h + bottom, left + w + right, c).
public struct ZeroPadding2D: Layer {
  public var name: String
  public let className = "ZeroPadding2D"
  /// Rows and columns of zeros.
  public let top, bottom, left, right: Int
  private var inputShape: [Int]?

  /// - Throws: ``NeuralNetworkError/setting(name:expected:found:)`` for a width outside 0…4096.
  public init(top: Int, bottom: Int, left: Int, right: Int, name: String = "") throws {
    for width in [top, bottom, left, right] where !(0...4096).contains(width) {
      throw NeuralNetworkError.setting(
        name: "padding", expected: "0 to 4096 pixels", found: "\(width)")
    }
    (self.top, self.bottom, self.left, self.right) = (top, bottom, left, right)
    self.name = name
  }

  /// The same width on all sides; Keras' default is 1.
  public init(_ padding: Int = 1, name: String = "") throws {
    try self.init(top: padding, bottom: padding, left: padding, right: padding, name: name)
  }

  public func outputShape(_ inputShape: [Int]) throws -> [Int] {
    guard inputShape.count == 3, inputShape.allSatisfy({ $0 > 0 }) else {
      throw NeuralNetworkError.shape(
        layer: label, expected: "(height, width, channels)", found: inputShape)
    }
    return [top + inputShape[0] + bottom, left + inputShape[1] + right, inputShape[2]]
  }

  public func callAsFunction(_ input: Tensor, pool: ThreadPool) throws -> Tensor {
    var output = Tensor(zeros: try checkedOutputShape(input))
    let (height, width, channels) = (input.shape[1], input.shape[2], input.shape[3])
    let (rows, line) = (output.shape[1], output.shape[2] * channels)
    let (values, top, start) = (input.values, top, left * channels)
    pool.forEachChunk(of: &output.values, chunk: max(line, 1)) { range, chunk in
      let (picture, row) = (range.lowerBound / line).quotientAndRemainder(dividingBy: rows)
      guard (0..<height).contains(row - top) else { return }
      let source = (picture * height + row - top) * width * channels
      for index in 0..<width * channels { chunk[start + index] = values[source + index] }
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
    var result = Tensor(zeros: try kept(inputShape))
    guard needsInputGradient else { return nil }
    let (height, line) = (result.shape[1], result.shape[2] * result.shape[3])
    let (rows, width) = (gradient.shape[1], gradient.shape[2] * gradient.shape[3])
    let (values, top, start) = (gradient.values, top, left * result.shape[3])
    pool.forEachChunk(of: &result.values, chunk: max(line, 1)) { range, chunk in
      let (picture, row) = (range.lowerBound / line).quotientAndRemainder(dividingBy: height)
      let source = (picture * rows + row + top) * width + start
      for index in 0..<line { chunk[index] = values[source + index] }
    }
    return result
  }

  public mutating func forget() { inputShape = nil }
}
