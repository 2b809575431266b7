import Foundation
import Kernels
import NeuralNetwork

/// A pool shared by tests that do not compare thread counts.
let pool = ThreadPool(threads: 2)

/// Decodes a fixture that `Scripts/fixtures/nn.py` made.
func fixture<T: Decodable>(_ name: String, as type: T.Type = T.self) throws -> T {
  let folder = Bundle.module.url(forResource: "Fixtures", withExtension: nil)
  guard let folder else { throw CocoaError(.fileNoSuchFile) }
  return try JSONDecoder().decode(
    T.self, from: Data(contentsOf: folder.appendingPathComponent(name)))
}

/// A tensor in a fixture.
struct StoredTensor: Decodable {
  let shape: [Int]
  let values: [Double]
  var tensor: Tensor { Tensor(shape: shape, values: values.map { Float($0) }) }
}

/// The largest difference relative to the larger of both magnitudes, differences below `floor`
/// counting as relative to `floor`.
func largestRelativeError<A: BinaryFloatingPoint, B: BinaryFloatingPoint>(
  _ found: [A], _ expected: [B], floor: Double = 1e-3
) -> Double {
  guard found.count == expected.count else { return .infinity }
  return zip(found, expected).reduce(0) { worst, pair in
    let (a, b) = (Double(pair.0), Double(pair.1))
    guard a.isFinite, b.isFinite else { return .infinity }
    return max(worst, abs(a - b) / max(abs(a), abs(b), floor))
  }
}

/// Random values away from 0, so that a finite difference does not step over a kink.
func randomTensor(_ shape: [Int], _ generator: inout Generator, gap: Double = 0.1) -> Tensor {
  let values = (0..<shape.product).map { _ in
    let value = generator.normal()
    return Float(value + (value < 0 ? -gap : gap))
  }
  return Tensor(shape: shape, values: values)
}

/// Two or more well separated clouds of points.
func clouds(
  rows: Int, shape: [Int], classes: Int, spread: Double, seed: UInt64
) throws -> MemoryFeatures {
  var generator = Generator(seed: seed)
  let width = shape.product
  let labels = (0..<rows).map { $0 % classes }
  var centres = Generator(seed: 99)
  let centre = (0..<classes * width).map { _ in centres.normal() * spread }
  let features = labels.flatMap { label in
    (0..<width).map { Float(centre[label * width + $0] + generator.normal()) }
  }
  return try MemoryFeatures(features: features, shape: shape, labels: labels)
}
