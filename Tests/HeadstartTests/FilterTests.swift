import Foundation
import Headstart
import KerasFormat
import Kernels
import NeuralNetwork
import Pictures
import TestSupport
import Testing

/// Filter maximisation on a network of two convolutions.
@Suite struct FilterTests {
  private static let pool = ThreadPool(threads: 2)
  private static let side = 11
  private let base: ConvolutionalBase
  private let picture: Tensor

  /// Network and picture as `Scripts/fixtures/filters.py` draws them.
  init() throws {
    var numbers = SeededNumbers(seed: 5)
    let convolutions = [(3, 5), (5, 7)].enumerated().map { block, channels in
      let (inputs, outputs) = channels
      return VGGWeights.Convolution(
        name: "block\(block + 1)_conv1", inputChannels: inputs, outputChannels: outputs,
        kernel: numbers.uniform(
          9 * inputs * outputs, bound: (6 / Float(9 * inputs)).squareRoot()),
        bias: numbers.uniform(outputs, bound: 0.25))
    }
    base = ConvolutionalBase(name: "tiny", convolutions: convolutions, preprocessing: .none)
    let shape = [1, Self.side, Self.side, 3]
    picture = Tensor(shape: shape, values: numbers.uniform(shape.reduce(1, *), bound: 40))
  }

  private func settings(_ change: (inout FilterSettings) -> Void = { _ in }) -> FilterSettings {
    var settings = FilterSettings()
    settings.size = Self.side
    change(&settings)
    return settings
  }

  private func run(
    _ settings: FilterSettings, base: ConvolutionalBase? = nil, threads: Int = 2
  ) throws -> [MaximizedFilter] {
    try FilterMaximization(
      base ?? self.base, settings: settings, pool: ThreadPool(threads: threads)
    ).run()
  }

  private struct Step: Decodable {
    let filter: Int
    let activation: Double
    let picture: [Float]
  }

  @Test func aStepEqualsThatOfKeras() throws {
    let url = try #require(
      Bundle.module.url(forResource: "Fixtures/filters/step", withExtension: "json"))
    let expected = try JSONDecoder().decode(Step.self, from: Data(contentsOf: url))
    var objective = try FilterObjective(base, settings: settings())
    let found = try objective.gradient(picture, of: [expected.filter], pool: Self.pool)
    #expect(abs(found.activations[0] - expected.activation) < 1e-5 * expected.activation)
    var stepped = picture
    FilterMaximization.climb(&stepped, found.gradient, step: 1)
    try #require(stepped.values.count == expected.picture.count)
    let error = zip(stepped.values, expected.picture).map { abs($0 - $1) }.max() ?? 1
    #expect(error < 1e-4)
    #expect(zip(stepped.values, picture.values).contains { abs($0 - $1) > 0.5 })
  }

  /// L is linear between its kinks: where the differences to both sides agree there is none, and the
  /// gradient is either.
  @Test func theGradientIsThatOfFiniteDifferences() throws {
    var objective = try FilterObjective(base, settings: settings())
    let filter = 2
    let gradient = try objective.gradient(picture, of: [filter], pool: Self.pool).gradient.values
    func activation(_ place: Int, _ change: Float) throws -> Double {
      var moved = picture
      moved.values[place] += change
      return try objective.activations(moved, pool: Self.pool)[0][filter]
    }
    let middle = try activation(0, 0)
    let scale = Double(gradient.map(abs).max() ?? 0)
    try #require(scale > 0)
    let step: Float = 0.125
    var smooth = 0
    let places = Array(stride(from: 0, to: gradient.count, by: 5))
    for place in places {
      let up = (try activation(place, step) - middle) / Double(step)
      let down = (middle - (try activation(place, -step))) / Double(step)
      guard abs(up - down) < 1e-3 * scale else { continue }
      smooth += 1
      // 2⁻²⁴ of sums of some hundreds, divided by the step.
      #expect(abs((up + down) / 2 - Double(gradient[place])) < 1e-3 * scale, "at \(place)")
    }
    #expect(smooth > places.count / 2)
  }

  @Test func stepsAreMeasuredByTheirRootMeanSquare() {
    var pictures = Tensor(shape: [2, 1, 1, 2], values: [10, 20, 1, 1])
    let gradient = Tensor(shape: [2, 1, 1, 2], values: [3, -4, 0, 0])
    FilterMaximization.climb(&pictures, gradient, step: 5)
    // √((9 + 16) / 2) = 5 / √2.
    let unit = Float(2).squareRoot()
    #expect(abs(pictures.values[0] - (10 + 3 * unit)) < 1e-4)
    #expect(abs(pictures.values[1] - (20 - 4 * unit)) < 1e-4)
    #expect(Array(pictures.values[2...]) == [1, 1])
  }

  @Test func activationsGrow() throws {
    let all = Array(0..<7)
    let reached = try [1, 4, 30].map { steps in
      try run(settings { ($0.indices, $0.steps) = (all, steps) })
    }
    for found in reached { #expect(found.map(\.index) == all) }
    for filter in all {
      let values = reached.map { $0[filter].activation }
      #expect(values[0] < values[1] && values[1] < values[2], "filter \(filter): \(values)")
    }
  }

  @Test func silentFiltersAwake() throws {
    var convolutions = base.convolutions
    let last = convolutions[1]
    let objective = try FilterObjective(base, settings: settings())
    #expect(try objective.activations(picture, pool: Self.pool)[0][3] > 0)
    // Below what any grey noise gives.
    var bias = last.bias
    bias[3] = -2000
    convolutions[1] = VGGWeights.Convolution(
      name: last.name, inputChannels: last.inputChannels, outputChannels: last.outputChannels,
      kernel: last.kernel, bias: bias)
    let silenced = ConvolutionalBase(
      name: "silenced", convolutions: convolutions, preprocessing: .none)
    let few = try run(
      settings { ($0.indices, $0.steps) = ([3], 1) }, base: silenced)
    #expect(few[0].activation == 0)
    let many = try run(
      settings { ($0.indices, $0.steps, $0.stepSize) = ([3], 40, 50) }, base: silenced)
    #expect(many[0].activation > 0)
  }

  @Test func theSameSeedGivesTheSamePicturesAtAnyNumberOfThreads() throws {
    func run(threads: Int, seed: UInt64) throws -> [MaximizedFilter] {
      try self.run(
        settings { ($0.count, $0.steps, $0.size, $0.seed) = (3, 8, 40, seed) }, threads: threads)
    }
    let one = try run(threads: 1, seed: 1)
    let three = try run(threads: 3, seed: 1)
    #expect(one.map(\.index) == three.map(\.index))
    #expect(one.map(\.activation) == three.map(\.activation))
    #expect(one.map(\.picture) == three.map(\.picture))
    #expect(try run(threads: 1, seed: 2).map(\.picture) != one.map(\.picture))
    // A filter's picture does not depend on those that are climbed beside it.
    let alone = try self.run(
      settings { ($0.indices, $0.steps, $0.size, $0.seed) = ([one[1].index], 8, 40, 1) })
    #expect(alone[0].activation == one[1].activation && alone[0].picture == one[1].picture)
  }

  @Test func thoseThatRiseHighestAreShown() throws {
    let found = try run(settings { ($0.count, $0.steps) = (3, 30) })
    let tried = try run(settings { ($0.indices, $0.steps) = (Array(0..<7), 6) })
    let best = tried.sorted { $0.activation > $1.activation }.prefix(3).map(\.index)
    #expect(Set(found.map(\.index)) == Set(best))
    #expect(found.map(\.activation) == found.map(\.activation).sorted(by: >))
    let all = try run(settings { ($0.count, $0.steps, $0.layer) = (99, 2, "block1_conv1") })
    #expect(Set(all.map(\.index)) == Set(0..<5))
  }

  @Test func progressIsToldAndCanBeStopped() throws {
    let maximization = try FilterMaximization(
      base, settings: settings { ($0.count, $0.steps) = (3, 10) }, pool: Self.pool)
    #expect(maximization.layer == "block2_conv1" && maximization.filters == 7)
    var told: [Int] = []
    _ = try maximization.run { done, total in
      told.append(done)
      // Two steps of all seven, then ten of three.
      #expect(total == 2 * 7 + 10 * 3)
    }
    #expect(told == told.sorted() && told.last == 44)
    let cancellation = Cancellation()
    #expect(throws: Cancelled.self) {
      try maximization.run(cancellation: cancellation) { _, _ in cancellation.cancel() }
    }
  }

  @Test func contrastIsBroughtToWhatCanBeSeen() {
    let values: [Float] = [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3]
    let plain = Picture(maximized: values[...], size: 2, preprocessing: .none)
    // σ = √(2/3): .5 ± .1 / .8165 of 255.
    #expect(plain.pixels == [96, 128, 159, 96, 128, 159, 96, 128, 159, 96, 128, 159])
    let caffe = Picture(maximized: values[...], size: 2, preprocessing: .caffe)
    #expect(Array(caffe.pixels.prefix(3)) == [159, 128, 96])
    let flat = Picture(
      maximized: [Float](repeating: 9, count: 12)[...], size: 2, preprocessing: .rescale)
    #expect(Set(flat.pixels) == [128])
    var one = [Float](repeating: 0, count: 300)
    one[0] = 1e6
    #expect(Picture(maximized: one[...], size: 10, preprocessing: .none).pixels[0] == 255)
  }

  @Test func sheetsHaveACellForEachFilter() throws {
    let found = try run(settings { ($0.indices, $0.steps) = ([6, 0], 1) })
    let sheet = try PictureDecoder.decode([UInt8](PictureGrid.filters(found)), name: "sheet")
    // Small pictures are enlarged to cells of 96 pixels, a line of text under each.
    #expect((sheet.width, sheet.height) == (2 * 104 + 8, 96 + 17 + 16))
  }

  @Test func whatCannotBeShownIsSaid() throws {
    func error(_ change: (inout FilterSettings) -> Void) -> FilterError? {
      #expect(throws: FilterError.self) {
        try FilterMaximization(base, settings: settings(change), pool: Self.pool)
      }
    }
    #expect(
      error { $0.layer = "block5_conv1" }
        == .unknownLayer(
          "block5_conv1", known: ["block1_conv1", "block2_conv1"], source: "tiny"))
    #expect(
      error { $0.indices = [0, 7] } == .noSuchFilter(7, layer: "block2_conv1", filters: 7))
    #expect(error { $0.indices = [-1] } == .noSuchFilter(-1, layer: "block2_conv1", filters: 7))
    for change: (inout FilterSettings) -> Void in [
      { $0.count = 0 }, { $0.size = 7 }, { $0.steps = 0 }, { $0.stepSize = .nan },
      { $0.indices = [] }, { ($0.count, $0.size) = (512, 1024) },
    ] {
      guard case .setting = error(change) else {
        Issue.record("a setting out of range was accepted")
        continue
      }
    }
    let vgg = ConvolutionalBase(
      name: "vgg", convolutions: try SeededVGG.weights(.vgg16).convolutions, preprocessing: .caffe)
    #expect(
      throws: FilterError.tooSmall(size: 8, least: 16, layer: "block5_conv3")
    ) {
      try FilterMaximization(vgg, settings: settings { $0.size = 8 }, pool: Self.pool)
    }
  }
}
