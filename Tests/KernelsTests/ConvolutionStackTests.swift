import Kernels
import Testing

/// The instruction sets of this CPU.
let instructionSets = InstructionSet.allCases.filter(\.isSupported)

/// Convolution stacks against their slow twin.
@Suite struct ConvolutionStackTests {
  /// Rounding of f32: 3e-7 or so of the sums' terms, of which the ReLU of a few outputs may leave
  /// a tenth; the transforms of large tiles make of it some four times as much.
  static func tolerance(m: Int) -> Double { m > 4 ? 2e-5 : 5e-6 }

  @Test(arguments: instructionSets, [1, 2, 3, 4, 5, 6])
  func everyTileSizeOnOddShapes(set: InstructionSet, m: Int) throws {
    var values = Values(seed: UInt64(m))
    let pool = ThreadPool(threads: 2)
    for (count, height, width) in [(1, 1, 1), (1, 2, 3), (3, 7, 5), (2, 13, 18), (1, 37, 24)] {
      for (input, middle, output) in [(3, 8, 5), (1, 33, 70), (8, 17, 1), (40, 64, 32)] {
        if m == 1 && input > 8 { continue }  // too many channels to be computed directly
        for pools in [false, true] where !pools || (height > 1 && width > 1) {
          let layers = [
            values.layer("first", input, middle, pool: false),
            values.layer("second", middle, output, pool: pools),
          ]
          let stack = try ConvolutionStack(
            layers: layers, arithmetic: .f32, pool: pool, instructionSet: set,
            tiles: m == 1 ? [1, 4] : [m, m])
          let images = values.floats(count * height * width * input)
          let found = try stack.forward(images, count: count, height: height, width: width)
          let expected = ReferenceConvolution.forward(
            images, count: count, height: height, width: width, layers: layers)
          #expect(found.count == expected.count)
          let error = relativeError(found, expected)
          #expect(
            error < Self.tolerance(m: m),
            "\(set) m=\(m) \(count)×\(height)×\(width) \(input)→\(middle)→\(output) \(pools)")
        }
      }
    }
  }

  @Test(arguments: instructionSets)
  func sameBitsInAnyBatchAndAtAnyNumberOfThreads(set: InstructionSet) throws {
    var values = Values(seed: 7)
    let layers = [
      values.layer("a", 3, 24), values.layer("b", 24, 40, pool: true),
      values.layer("c", 40, 70, pool: true), values.layer("d", 70, 33),
    ]
    let (height, width) = (29, 22)
    let size = height * width * 3
    let images = values.floats(17 * size)
    for arithmetic in Arithmetic.allCases where arithmetic != .bf16 || set.hasBF16 {
      var features: [Float]?
      for threads in 1...3 {
        let stack = try ConvolutionStack(
          layers: layers, arithmetic: arithmetic, pool: ThreadPool(threads: threads),
          instructionSet: set, tiles: nil)
        let all = try stack.forward(images, count: 17, height: height, width: width)
        if let features { #expect(all == features, "\(set) \(arithmetic) \(threads) threads") }
        features = all
        for batch in [1, 2, 5, 16] {
          var parts: [Float] = []
          for first in stride(from: 0, to: 17, by: batch) {
            let count = min(batch, 17 - first)
            parts += try stack.forward(
              Array(images[(first * size)..<((first + count) * size)]), count: count,
              height: height, width: width)
          }
          #expect(parts == all, "\(set) \(arithmetic) \(threads) threads, batches of \(batch)")
        }
      }
    }
  }
}
