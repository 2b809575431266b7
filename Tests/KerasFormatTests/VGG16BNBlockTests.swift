import KerasFormat
import TestSupport
import Testing

/// fast.ai's dense block: Keras 1's layout, Theano's order.
@Suite struct VGG16BNBlockTests {
  private static let (side, channels, units) = (2, 5, 3)
  private static let inputs = side * side * channels

  /// Every number another one.
  private static func block(variance: Float = 0.5) -> VGG16BNBlock {
    func part(_ inputs: Int, from first: Float) -> VGG16BNBlock.Part {
      func vector(_ start: Float) -> [Float] { (0..<units).map { first + start + Float($0) } }
      return VGG16BNBlock.Part(
        kernel: NamedTensor(
          name: "kernel", shape: [inputs, units],
          values: (0..<inputs * units).map { first + Float($0) }),
        bias: vector(100), gamma: vector(200), beta: vector(300), movingMean: vector(400),
        movingVariance: vector(variance))
    }
    return VGG16BNBlock(parts: [part(inputs, from: 0), part(units, from: 1000)])
  }

  private func save(_ block: VGG16BNBlock, _ body: (String) throws -> Void) throws {
    let folder = try TemporaryFolder("block")
    let convolution = VGGWeights.Convolution(
      name: "block1_conv1", inputChannels: 3, outputChannels: Self.channels,
      kernel: (0..<27 * Self.channels).map(Float.init), bias: [1, 2, 3, 4, 5])
    let path = folder.file("vgg16_bn.h5")
    try block.save(path, convolutions: [convolution])
    try body(path)
  }

  private func load(_ path: String) throws -> VGG16BNBlock {
    try VGG16BNBlock.load(path, side: Self.side, channels: Self.channels, units: Self.units)
  }

  @Test func comesBackFromItsFile() throws {
    let block = Self.block()
    try save(block) { path in
      let loaded = try load(path)
      #expect(loaded.parts.count == 2)
      for (found, expected) in zip(loaded.parts, block.parts) {
        #expect(found.kernel.shape == expected.kernel.shape)
        #expect(found.kernel.values == expected.kernel.values)
        #expect(found.bias == expected.bias)
        #expect(found.gamma == expected.gamma && found.beta == expected.beta)
        #expect(found.movingMean == expected.movingMean)
        #expect(found.movingVariance == expected.movingVariance)
      }
    }
  }

  @Test func rowsInTheFileAreInTheOrderOfChannels() throws {
    let block = Self.block()
    try save(block) { path in
      let root = try HDF5File(opening: path).root
      let stored = try root.dataset("dense_1/dense_1_W").read(Float.self)
      let area = Self.side * Self.side
      for channel in 0..<Self.channels {
        for position in 0..<area {
          let theirs = (channel * area + position) * Self.units
          let ours = (position * Self.channels + channel) * Self.units
          #expect(
            stored[theirs..<theirs + Self.units]
              == block.parts[0].kernel.values[ours..<ours + Self.units])
        }
      }
      // Behind a vector there is nothing to permute.
      #expect(
        try root.dataset("dense_2/dense_2_W").read(Float.self) == block.parts[1].kernel.values)
      #expect(
        try root.dataset("batchnormalization_1/batchnormalization_1_running_std")
          .read(Float.self) == block.parts[0].movingVariance)
      // The kernel of a convolution: (out, in, rows, columns), turned by 180 degrees.
      let kernel = try root.dataset("convolution2d_1/convolution2d_1_W")
      #expect(kernel.shape == [Self.channels, 3, 3, 3])
      #expect(try kernel.read(Float.self).first == Float(8 * 3 * Self.channels))
    }
  }

  @Test func otherNetworksAndVariancesAreRefused() throws {
    try save(Self.block()) { path in
      let error = try failure { try VGG16BNBlock.load(path) }
      #expect(error.kind == .unexpected && error.expected.contains("dense 25088→4096"))
    }
    try save(Self.block(variance: -1002)) { path in
      let error = try failure { try load(path) }
      #expect(error.found == "a negative one")
    }
  }
}
