/// Rows of features with labels, read in any order: an array, or a file too large for memory.
public protocol FeatureSource: Sendable {
  /// The number of rows.
  var count: Int { get }

  /// The shape of one row: (height, width, channels), or (channels).
  var shape: [Int] { get }

  /// The class of a row, in `0..<classes`.
  func label(_ row: Int) -> Int

  /// The values of rows, one after the other in the order asked for.
  ///
  /// Training on sources larger than memory asks for long ascending runs.
  func read(_ rows: [Int]) throws -> [Float]
}

extension FeatureSource {
  /// Rows as a batch.
  package func batch(_ rows: [Int]) throws -> Tensor {
    let values = try read(rows)
    guard values.count == rows.count * shape.product else {
      throw NeuralNetworkError.count(
        what: "values in \(rows.count) rows of features", expected: rows.count * shape.product,
        found: values.count)
    }
    return Tensor(shape: [rows.count] + shape, values: values)
  }
}

/// Features held in memory.
public struct MemoryFeatures: FeatureSource {
  public let shape: [Int]
  public let features: [Float]
  public let labels: [Int]

  public var count: Int { labels.count }

  /// - Throws: ``NeuralNetworkError/count(what:expected:found:)``.
  public init(features: [Float], shape: [Int], labels: [Int]) throws {
    guard features.count == labels.count * shape.product else {
      throw NeuralNetworkError.count(
        what: "values in \(labels.count) rows of features",
        expected: labels.count * shape.product, found: features.count)
    }
    self.shape = shape
    self.features = features
    self.labels = labels
  }

  public func label(_ row: Int) -> Int { labels[row] }

  public func read(_ rows: [Int]) -> [Float] {
    let length = shape.product
    if let first = rows.first, rows.elementsEqual(first..<first + rows.count) {
      return Array(features[first * length..<(first + rows.count) * length])
    }
    var result: [Float] = []
    result.reserveCapacity(rows.count * length)
    for row in rows { result += features[row * length..<(row + 1) * length] }
    return result
  }
}
