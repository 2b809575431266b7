import Foundation
import NeuralNetwork
import Testing

@Suite struct GeneratorTests {
  /// The first outputs of the authors' C program from the state 1, 2, 3, 4.
  @Test func numbersAreThoseOfTheReference() throws {
    var generator = try JSONDecoder().decode(
      Generator.self, from: Data(#"{"state":[1,2,3,4]}"#.utf8))
    let expected: [UInt64] = [
      11520, 0, 1_509_978_240, 1_215_971_899_390_074_240, 1_216_172_134_540_287_360,
    ]
    #expect(expected.map { _ in generator.next() } == expected)
    // SplitMix64's first outputs for the seed 1234567.
    #expect(
      Generator(seed: 1_234_567).state == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        4_593_380_528_125_082_431,
      ])
  }

  @Test func theStateIsACheckpoint() throws {
    var generator = Generator(seed: 9)
    _ = generator.normal()
    var restored = try JSONDecoder().decode(
      Generator.self, from: JSONEncoder().encode(generator))
    #expect((0..<5).map { _ in restored.next() } == (0..<5).map { _ in generator.next() })
  }

  @Test func distributionsHaveTheirMoments() {
    var generator = Generator(seed: 1)
    let uniform = (0..<20_000).map { _ in generator.uniform() }
    #expect(uniform.allSatisfy { $0 >= 0 && $0 < 1 })
    // Mean ½ ± 5·0.29/√20000.
    #expect(abs(uniform.reduce(0, +) / 20_000 - 0.5) < 0.0103)
    let normal = (0..<20_000).map { _ in generator.normal() }
    #expect(abs(normal.reduce(0, +) / 20_000) < 0.036)
    #expect(abs(normal.reduce(0) { $0 + $1 * $1 } / 20_000 - 1) < 0.05)
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<14_000 { counts[generator.index(below: 7)] += 1 }
    #expect(counts.allSatisfy { abs($0 - 2000) < 210 })
    #expect(generator.permutation(100).sorted() == Array(0..<100))
  }

  @Test func glorotUniformFillsItsLimits() {
    var generator = Generator(seed: 3)
    let kernel = generator.glorotUniform(shape: [200, 100], inputs: 200, outputs: 100)
    let limit = Float((6.0 / 300).squareRoot())
    #expect(kernel.values.allSatisfy { abs($0) <= limit })
    #expect(kernel.values.max() ?? 0 > 0.99 * limit && kernel.values.min() ?? 0 < -0.99 * limit)
    let variance = kernel.values.reduce(0) { $0 + Double($1 * $1) } / 20_000
    #expect(abs(variance / (Double(limit * limit) / 3) - 1) < 0.05)
  }

  @Test func derivedGeneratorsDiffer() {
    var generators = (0..<4).map { Generator.derived(seed: 0, purpose: $0) }
    let first = generators.indices.map { generators[$0].next() }
    #expect(Set(first).count == 4)
  }
}
