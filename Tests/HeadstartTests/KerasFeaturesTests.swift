import Foundation
import Headstart
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
    let backbone = try #require(Backbone(rawValue: architecture.rawValue))
    let pool = ThreadPool(threads: 2)
    for layer in ["block4_pool", "block5_pool"] {
      for item in Self.cases {
        let network = try VGGBackbone(
          convolutions: weights.convolutions, dense: [],
          settings: FeatureSettings(
            backbone: backbone, layer: layer, height: item.height, width: item.width,
            preprocessing: item.preprocessing),
          source: "seeded", pool: pool)
        let picture = SeededVGG.picture(height: item.height, width: item.width)
        let found = try network.features(images: item.preprocessing.apply(picture), count: 1)
        let expected = try fixture("\(architecture)-\(item.testDescription)-\(layer)")
        try #require(found.count == expected.count)
        #expect(relativeError(found, expected) < 1e-5, "\(layer) of \(item.testDescription)")
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
