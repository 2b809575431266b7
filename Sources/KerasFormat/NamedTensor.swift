/// An array of numbers with a name and a shape, in C order.
public struct NamedTensor: Sendable, Equatable {
  public var name: String
  /// As it is in the file.
  public var shape: [Int]
  /// Row by row.
  public var values: [Float]

  public init(name: String, shape: [Int], values: [Float]) {
    self.name = name
    self.shape = shape
    self.values = values
  }
}
