import Headstart
import KerasFormat
import Kernels
import Testing

@Suite struct VGGBackboneTests {
  static let pool = ThreadPool(threads: 2)

  private func backbone(
    _ layer: String, size: Int = 32, dense: [VGGWeights.Dense] = []
  ) throws -> VGGBackbone {
    let weights = try SeededVGG.weights(.vgg16)
    return try VGGBackbone(
      convolutions: weights.convolutions, dense: dense,
      settings: FeatureSettings(layer: layer, height: size, width: size), source: "test.h5",
      pool: Self.pool)
  }

  @Test(arguments: [
    ("block1_conv1", FeatureShape(height: 37, width: 37, channels: 64)),
    ("block1_pool", FeatureShape(height: 18, width: 18, channels: 64)),
    ("block3_conv2", FeatureShape(height: 9, width: 9, channels: 256)),
    ("block4_pool", FeatureShape(height: 2, width: 2, channels: 512)),
    ("block5_conv3", FeatureShape(height: 2, width: 2, channels: 512)),
    ("block5_pool", FeatureShape(height: 1, width: 1, channels: 512)),
  ])
  func everyLayerHasItsShape(_ layer: String, _ shape: FeatureShape) throws {
    let backbone = try backbone(layer, size: 37)
    #expect(backbone.outputShape == shape)
    let image = [Float](repeating: 0.5, count: 37 * 37 * 3)
    #expect(try backbone.features(images: image, count: 1).count == shape.count)
  }

  /// A pooled layer is the 2×2 maximum of the convolution before it, an odd last row dropped.
  @Test func poolingFollowsTheLastConvolutionOfABlock() throws {
    let image = SeededVGG.picture(height: 37, width: 37).pixels.map(Float.init)
    let before = try backbone("block1_conv2", size: 37).features(images: image, count: 1)
    let pooled = try backbone("block1_pool", size: 37).features(images: image, count: 1)
    for (y, x, c) in [(0, 0, 0), (17, 17, 63), (5, 11, 30)] {
      let window = [(0, 0), (0, 1), (1, 0), (1, 1)].map {
        before[((2 * y + $0.0) * 37 + 2 * x + $0.1) * 64 + c]
      }
      #expect(pooled[(y * 18 + x) * 64 + c] == window.max())
    }
  }

  @Test func denseLayersFollowFlatten() throws {
    let inputs = 512
    let kernel = (0..<inputs * 3).map { Float($0 % 5) - 2 }
    let dense = VGGWeights.Dense(
      name: "fc1", inputs: inputs, outputs: 3, kernel: kernel, bias: [0.5, -1e6, 2])
    let image = SeededVGG.picture(height: 32, width: 32).pixels.map(Float.init)
    let flat = try backbone("block5_pool").features(images: image, count: 1)
    let found = try backbone("fc1", dense: [dense]).features(images: image, count: 1)
    #expect(try backbone("fc1", dense: [dense]).outputShape.count == 3)
    for unit in 0..<3 {
      let sum = flat.indices.reduce(Double(dense.bias[unit])) {
        $0 + Double(flat[$1]) * Double(kernel[$1 * 3 + unit])
      }
      let expected = max(0, sum)
      let scale = flat.reduce(1) { $0 + abs(Double($1)) * 2 }
      #expect(abs(Double(found[unit]) - expected) < 1e-6 * scale)
    }
    #expect(throws: BackboneError.self) {
      _ = try backbone("fc1", size: 64, dense: [dense])
    }
  }

  /// BLAS sums in another order for another number of rows.
  @Test func bitsOfDenseLayersDoNotDependOnTheBatch() throws {
    let dense = [(512, 300), (300, 70)].enumerated().map { index, size in
      VGGWeights.Dense(
        name: "fc\(index + 1)", inputs: size.0, outputs: size.1,
        kernel: (0..<size.0 * size.1).map { Float(($0 &* 7919) % 1013) / 1013 - 0.5 },
        bias: (0..<size.1).map { Float($0 % 7) / 7 })
    }
    let size = 32 * 32 * 3
    let images = (0..<18 * size).map { Float(($0 &* 31 &+ $0 / size &* 17) % 255) - 127 }
    let backbone = try backbone("fc2", dense: dense)
    let all = try backbone.features(images: images, count: 18)
    #expect(all.count == 18 * 70 && all.contains { $0 > 0 })
    for batch in [1, 3, 16] {
      var found: [Float] = []
      for start in stride(from: 0, to: 18, by: batch) {
        let end = min(18, start + batch)
        found += try backbone.features(
          images: Array(images[start * size..<end * size]), count: end - start)
      }
      #expect(found.map(\.bitPattern) == all.map(\.bitPattern), "batches of \(batch)")
    }
  }

  @Test func unknownLayersAreNamed() throws {
    let error = #expect(throws: BackboneError.self) { _ = try backbone("block6_pool") }
    #expect(try #require(error).description.contains("test.h5 has no layer named block6_pool"))
    #expect(try #require(error).description.contains("block5_conv3, block5_pool"))
    #expect(throws: BackboneError.self) { _ = try backbone("fc1") }
    #expect(throws: BackboneError.tooSmall(height: 31, width: 31)) {
      _ = try backbone("block5_pool", size: 31)
    }
  }

  /// Layers behind the one asked for do not change its key; those before it do.
  @Test func keyDependsOnTheLayersInUse() throws {
    let weights = try SeededVGG.weights(.vgg16)
    func key(changing name: String) throws -> FeatureKey {
      let convolutions = weights.convolutions.map { layer in
        layer.name != name
          ? layer
          : VGGWeights.Convolution(
            name: layer.name, inputChannels: layer.inputChannels,
            outputChannels: layer.outputChannels, kernel: layer.kernel,
            bias: layer.bias.map { $0 + 1 })
      }
      return try VGGBackbone(
        convolutions: convolutions, dense: [],
        settings: FeatureSettings(layer: "block2_pool", height: 32, width: 32), source: "test.h5",
        pool: Self.pool
      ).key
    }
    let plain = try key(changing: "")
    #expect(try key(changing: "block3_conv1") == plain)
    #expect(try key(changing: "block2_conv2") != plain)
  }
}
