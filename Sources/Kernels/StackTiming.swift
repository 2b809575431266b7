/// How long one run of a stack took.
public struct StackTiming: Sendable {
  /// One layer's share of it, with its pool.
  public struct Layer: Sendable {
    public let name: String
    /// Pixels of its input.
    public let height, width: Int
    public let inputChannels, outputChannels: Int
    /// The m of Winograd's F(m×m, 3×3), 1 for direct convolution.
    public let tile: Int
    public let seconds: Double

    /// The work of direct convolution: 18 operations for each pixel, input and output channel.
    public var directOperations: Int { 18 * height * width * inputChannels * outputChannels }
  }

  /// Pictures of the run.
  public let count: Int
  public let seconds: Double
  /// In the order in which they are computed.
  public let layers: [Layer]

  public var millisecondsPerPicture: Double { 1e3 * seconds / Double(count) }
}
