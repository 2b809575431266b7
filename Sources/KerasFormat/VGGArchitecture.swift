extension VGGWeights {
  /// The networks of Simonyan & Zisserman with 13 and 16 convolutions (their models D and E).
  public enum Architecture: String, Sendable, CaseIterable {
    case vgg16
    case vgg19

    /// Of each block, the number of convolutions and their output channels.
    public var blocks: [(convolutions: Int, channels: Int)] {
      switch self {
      case .vgg16: [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)]
      case .vgg19: [(2, 64), (2, 128), (4, 256), (4, 512), (4, 512)]
      }
    }

    /// The name, input and output channels of every convolution, first to last.
    public var convolutions: [(name: String, inputChannels: Int, outputChannels: Int)] {
      var result: [(name: String, inputChannels: Int, outputChannels: Int)] = []
      var inputs = 3
      for (block, (count, channels)) in blocks.enumerated() {
        for index in 1...count {
          result.append(("block\(block + 1)_conv\(index)", inputs, channels))
          inputs = channels
        }
      }
      return result
    }
  }
}
