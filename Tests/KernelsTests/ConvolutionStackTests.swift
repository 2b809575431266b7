import Kernels
import Testing

/// The instruction sets of this CPU.
let instructionSets = InstructionSet.allCases.filter(\.isSupported)

/// Convolution stacks against their slow twin.
@Suite struct ConvolutionStackTests {
  /// Rounding of f32: 3e-7 or so of the sums' terms, of which the ReLU of a few outputs may leave
  /// a tenth; the transforms of large tiles make of it some four times as much.
  static func tolerance(m: Int) -> Double { m > 4 ? 2e-5 : 5e-6 }

  /// Rounding of bf16 is 2e-3 of each factor, the transforms double it.
  static func tolerance(_ arithmetic: Arithmetic) -> Double {
    switch arithmetic {
    case .f32: tolerance(m: 4)
    case .f32Fast: tolerance(m: 6)
    case .bf16: 4e-2
    }
  }

  /// The same for a single layer of many outputs, among which errors and values average out.
  static func layerTolerance(_ arithmetic: Arithmetic) -> Double {
    switch arithmetic {
    case .f32: 2e-6
    case .f32Fast: 8e-6
    case .bf16: 2e-2
    }
  }

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
  func everyNumberOfChannels(set: InstructionSet) throws {
    var values = Values(seed: 1)
    let pool = ThreadPool(threads: 3)
    for channels in 1...70 {
      let layers = [
        values.layer("first", 1 + channels % 11, channels, pool: channels % 3 == 0),
        values.layer("second", channels, 71 - channels, pool: channels % 2 == 0),
      ]
      for arithmetic in Arithmetic.allCases where arithmetic != .bf16 || set.hasBF16 {
        let stack = try ConvolutionStack(
          layers: layers, arithmetic: arithmetic, pool: pool, instructionSet: set, tiles: nil)
        let images = values.floats(7 * 6 * layers[0].inputChannels)
        let found = try stack.forward(images, count: 1, height: 7, width: 6)
        let expected = ReferenceConvolution.forward(
          images, count: 1, height: 7, width: 6, layers: layers)
        #expect(found.count == expected.count)
        let error = relativeError(found, expected)
        #expect(error < Self.tolerance(arithmetic), "\(set) \(arithmetic) \(channels) channels")
      }
    }
  }

  @Test(arguments: instructionSets)
  func stacksOfAnyShape(set: InstructionSet) throws {
    var values = Values(seed: 2)
    let pools = (1...3).map { ThreadPool(threads: $0) }
    for trial in 0..<60 {
      let (height, width) = (values.integer(4...30), values.integer(4...30))
      let count = values.integer(1...17)
      var channels = values.integer(1...20)
      var layers: [ConvolutionLayer] = []
      for index in 0..<values.integer(1...4) {
        let output = values.integer(1...48)
        let pooled = layers.count { $0.poolAfter }
        layers.append(
          values.layer(
            "layer \(index)", channels, output, pool: pooled < 2 && values.integer(0...1) == 1))
        channels = output
      }
      let arithmetic: Arithmetic =
        set.hasBF16 && trial % 3 == 2 ? .bf16 : trial % 2 == 0 ? .f32 : .f32Fast
      let stack = try ConvolutionStack(
        layers: layers, arithmetic: arithmetic, pool: pools[trial % 3], instructionSet: set,
        tiles: nil)
      let images = values.floats(count * height * width * layers[0].inputChannels)
      let found = try stack.forward(images, count: count, height: height, width: width)
      let expected = ReferenceConvolution.forward(
        images, count: count, height: height, width: width, layers: layers)
      let shape = stack.outputShape(height: height, width: width)
      #expect(found.count == count * shape.height * shape.width * shape.channels)
      #expect(found.count == expected.count)
      let error = relativeError(found, expected)
      #expect(
        error < Self.tolerance(arithmetic),
        "\(set) \(arithmetic) \(count)×\(height)×\(width), \(layers.map(\.outputChannels))")
    }
  }

  /// Every layer of VGG at 150×150 and 224×224, at the corners and at pixels in between.
  @Test(arguments: instructionSets, [150, 224])
  func shapesOfVGG(set: InstructionSet, size: Int) throws {
    var values = Values(seed: 3)
    let pool = ThreadPool(threads: 2)
    var (input, side) = (3, size)
    for (convolutions, channels) in [(2, 64), (2, 128), (2, 256), (2, 512), (1, 512)] {
      for _ in 0..<convolutions {
        try checkPixels(
          set, height: side, width: side, values.layer("\(side)", input, channels), pool, &values)
        input = channels
      }
      side /= 2
    }
  }

  @Test(arguments: instructionSets)
  func largePictures(set: InstructionSet) throws {
    var values = Values(seed: 4)
    let pool = ThreadPool(threads: 2)
    let (first, second) = (values.layer("first", 3, 10), values.layer("second", 10, 7))
    try checkPixels(set, height: 1203, width: 811, first, pool, &values)
    try checkPixels(set, height: 811, width: 1203, second, pool, &values)
  }

  private func checkPixels(
    _ set: InstructionSet, height: Int, width: Int, _ layer: ConvolutionLayer, _ pool: ThreadPool,
    _ values: inout Values
  ) throws {
    let images = values.floats(height * width * layer.inputChannels)
    var places = [(0, 0), (0, width - 1), (height - 1, 0), (height - 1, width - 1)]
    for _ in 0..<30 {
      places.append((values.integer(0...(height - 1)), values.integer(0...(width - 1))))
    }
    for arithmetic in Arithmetic.allCases where arithmetic != .bf16 || set.hasBF16 {
      let stack = try ConvolutionStack(
        layers: [layer], arithmetic: arithmetic, pool: pool, instructionSet: set, tiles: nil)
      let features = try stack.forward(images, count: 1, height: height, width: width)
      var found: [Float] = []
      var expected: [Double] = []
      for (y, x) in places {
        let pixel = (y * width + x) * layer.outputChannels
        found += features[pixel..<(pixel + layer.outputChannels)]
        expected += ReferenceConvolution.pixel(
          images, picture: 0, y: y, x: x, height: height, width: width, layer)
      }
      let error = relativeError(found, expected)
      #expect(
        error < Self.layerTolerance(arithmetic),
        "\(set) \(arithmetic) \(height)×\(width) \(layer.inputChannels)")
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
    let images = values.floats(37 * size)
    for arithmetic in Arithmetic.allCases where arithmetic != .bf16 || set.hasBF16 {
      var features: [Float]?
      for threads in 1...3 {
        let stack = try ConvolutionStack(
          layers: layers, arithmetic: arithmetic, pool: ThreadPool(threads: threads),
          instructionSet: set, tiles: nil)
        let all = try stack.forward(images, count: 37, height: height, width: width)
        if let features { #expect(all == features, "\(set) \(arithmetic) \(threads) threads") }
        features = all
        for batch in [1, 2, 5, 16, 33] {
          var parts: [Float] = []
          for first in stride(from: 0, to: 37, by: batch) {
            let count = min(batch, 37 - first)
            parts += try stack.forward(
              Array(images[(first * size)..<((first + count) * size)]), count: count,
              height: height, width: width)
          }
          #expect(parts == all, "\(set) \(arithmetic) \(threads) threads, batches of \(batch)")
        }
      }
    }
  }

  /// The two orders of the work, of which the number of tiles and of threads decides, on a layer
  /// that is large enough for both.
  @Test(arguments: instructionSets)
  func sameBitsInEitherOrderOfWork(set: InstructionSet) throws {
    var values = Values(seed: 8)
    let layers = [values.layer("wide", 96, 128)]
    let images = values.floats(8 * 18 * 18 * 96)
    var features: [Float]?
    for threads in [1, 2, 3, 16] {  // 16 threads are too many for private blocks
      let stack = try ConvolutionStack(
        layers: layers, arithmetic: .f32, pool: ThreadPool(threads: threads), instructionSet: set,
        tiles: nil)
      let found = try stack.forward(images, count: 8, height: 18, width: 18)
      if let features { #expect(found == features, "\(set), \(threads) threads") }
      features = found
    }
  }

  @Test func anotherSizeAndBack() throws {
    var values = Values(seed: 9)
    let layers = [values.layer("a", 3, 16, pool: true), values.layer("b", 16, 20)]
    let stack = try ConvolutionStack(layers: layers, pool: ThreadPool(threads: 2))
    var first: [Float]?
    for size in [12, 40, 7, 12] {
      let images = (0..<(3 * size * size * 3)).map { Float($0 % 17) - 8 }
      let found = try stack.forward(images, count: 3, height: size, width: size)
      let expected = ReferenceConvolution.forward(
        images, count: 3, height: size, width: size, layers: layers)
      #expect(relativeError(found, expected) < Self.tolerance(.f32))
      if size == 12 {
        if let first { #expect(found == first) }
        first = found
      }
    }
  }

  @Test(arguments: instructionSets)
  func whatIsNotANumberShowsAndStaysInItsPicture(set: InstructionSet) throws {
    var values = Values(seed: 10)
    let layers = [values.layer("a", 3, 16), values.layer("b", 16, 20, pool: true)]
    let stack = try ConvolutionStack(
      layers: layers, arithmetic: .f32, pool: ThreadPool(threads: 2), instructionSet: set,
      tiles: nil)
    var images = values.floats(3 * 9 * 9 * 3)
    let clean = try stack.forward(images, count: 3, height: 9, width: 9)
    images[9 * 9 * 3 + 100] = .nan
    let found = try stack.forward(images, count: 3, height: 9, width: 9)
    let size = found.count / 3
    // Pixel (3, 6) is seen from rows 1 to 5 and columns 4 to 8: by these windows of 4 × 4.
    for (y, x) in [(0, 2), (0, 3), (1, 2), (1, 3), (2, 2), (2, 3)] {
      let pixel = size + (y * 4 + x) * 20
      #expect(found[pixel..<pixel + 20].allSatisfy { $0.isNaN }, "\(set) window (\(y), \(x))")
    }
    #expect(found[..<size] == clean[..<size])
    #expect(found[(2 * size)...] == clean[(2 * size)...])
    // Nothing of it is left in the memory that later calls use.
    images[9 * 9 * 3 + 100] = 0
    let after = try stack.forward(images, count: 3, height: 9, width: 9)
    #expect(!after.contains { $0.isNaN })
  }

  /// A pool shows what is not a number wherever it is in the window, as ``MaxPooling`` does: on its
  /// own (after tiles of odd size and direct layers) and within the inverse transform.
  @Test(arguments: instructionSets, [1, 2, 3, 4, 5, 6])
  func poolsShowWhatIsNotANumber(set: InstructionSet, m: Int) throws {
    var values = Values(seed: 12)
    var layer = values.layer("layer", 2, 3)
    let pool = ThreadPool(threads: 1)
    func stack(pools: Bool) throws -> ConvolutionStack {
      layer.poolAfter = pools
      return try ConvolutionStack(
        layers: [layer], arithmetic: .f32, pool: pool, instructionSet: set, tiles: [m])
    }
    let (pooled, plain) = (try stack(pools: true), try stack(pools: false))
    let clean = values.floats(12 * 12 * 2)
    var mixed = 0
    for pixel in 0..<144 {
      var image = clean
      image[pixel * 2] = .nan
      let found = try pooled.forward(image, count: 1, height: 12, width: 12)
      let unpooled = try plain.forward(image, count: 1, height: 12, width: 12)
      for index in found.indices {
        let (window, channel) = index.quotientAndRemainder(dividingBy: 3)
        let first = (window / 6 * 24 + window % 6 * 2) * 3 + channel
        let seen = [0, 3, 36, 39].map { unpooled[first + $0].isNaN }
        #expect(found[index].isNaN == seen.contains(true), "\(set) m=\(m) pixel \(pixel)")
        if seen[0] && !seen[3] { mixed += 1 }
      }
    }
    #expect(mixed > 0)
  }

  @Test func timingNamesEveryLayer() throws {
    var values = Values(seed: 11)
    let layers = [values.layer("a", 3, 16, pool: true), values.layer("b", 16, 20)]
    let stack = try ConvolutionStack(layers: layers, pool: ThreadPool(threads: 2))
    let timing = try stack.timing(count: 2, height: 20, width: 31, repetitions: 2)
    #expect(timing.layers.map(\.name) == ["a", "b"])
    #expect(timing.layers.map(\.height) == [20, 10])
    #expect(timing.layers.map(\.width) == [31, 15])
    #expect(timing.layers.allSatisfy { $0.seconds > 0 })
    #expect(timing.layers.reduce(0) { $0 + $1.seconds } <= timing.seconds)
    #expect(timing.layers[1].directOperations == 18 * 10 * 15 * 16 * 20)
  }
}
