import Foundation
import KerasFormat
import Kernels
import Pictures
import Testing

/// VGG16 and VGG19 with seeded weights against what Keras computes with the same weights.
@Suite struct KerasFeaturesTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let height: Int
    let width: Int
    let preprocessing: Preprocessing
    var testDescription: String { "\(height)x\(width)-\(preprocessing.rawValue)" }
  }

  static let cases = [
    Case(height: 64, width: 64, preprocessing: .caffe),
    Case(height: 45, width: 70, preprocessing: .rescale),
  ]

  @Test(arguments: VGGWeights.Architecture.allCases)
  func featuresEqualThoseOfKeras(_ architecture: VGGWeights.Architecture) throws {
    let weights = try SeededVGG.weights(architecture)
    let lastOfBlock = Set(
      zip(1..., architecture.blocks).map { "block\($0)_conv\($1.convolutions)" })
    let layers = weights.convolutions.map {
      ConvolutionLayer(
        name: $0.name, inputChannels: $0.inputChannels, outputChannels: $0.outputChannels,
        kernel: $0.kernel, bias: $0.bias, poolAfter: lastOfBlock.contains($0.name))
    }
    let pool = ThreadPool(threads: 2)
    let block4 = layers.prefix { !$0.name.hasPrefix("block5") }
    for (name, layers) in [("block4_pool", Array(block4)), ("block5_pool", layers)] {
      let stack = try ConvolutionStack(layers: layers, pool: pool)
      for item in Self.cases {
        let picture = SeededVGG.picture(height: item.height, width: item.width)
        let found = try stack.forward(
          item.preprocessing.apply(picture), count: 1, height: item.height, width: item.width)
        let expected = try fixture("\(architecture)-\(item.testDescription)-\(name)")
        try #require(found.count == expected.count)
        #expect(relativeError(found, expected) < 1e-5, "\(name) of \(item.testDescription)")
      }
    }
  }

  /// Little-endian float32 values.
  private func fixture(_ name: String) throws -> [Float] {
    let url = try #require(
      Bundle.module.url(forResource: "Fixtures/features/\(name)", withExtension: "f32"))
    let bytes = [UInt8](try Data(contentsOf: url))
    return stride(from: 0, to: bytes.count, by: 4).map { start in
      Float(
        bitPattern: bytes[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) })
    }
  }

  /// Frobenius norm of the difference over that of the expected values.
  private func relativeError(_ found: [Float], _ expected: [Float]) -> Double {
    let error = zip(found, expected).reduce(0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
    let norm = expected.reduce(0) { $0 + pow(Double($1), 2) }
    return (error / norm).squareRoot()
  }
}
