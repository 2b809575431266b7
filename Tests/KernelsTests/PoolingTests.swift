import Kernels
import Testing

/// Pools against their definition.
@Suite struct PoolingTests {
  /// Calls `body` with every window's output index and the input indices it sees, in rows' order.
  private func forEachWindow(
    _ window: WindowShape, channels: Int, count: Int,
    _ body: (_ output: Int, _ inputs: [(index: Int, place: Int)]) -> Void
  ) {
    for n in 0..<count {
      for oy in 0..<window.outputHeight {
        for ox in 0..<window.outputWidth {
          for c in 0..<channels {
            var inputs: [(Int, Int)] = []
            for ky in 0..<window.windowHeight {
              for kx in 0..<window.windowWidth {
                let y = oy * window.strideY + ky - window.padTop
                let x = ox * window.strideX + kx - window.padLeft
                guard (0..<window.height).contains(y), (0..<window.width).contains(x) else {
                  continue
                }
                inputs.append(
                  (
                    ((n * window.height + y) * window.width + x) * channels + c,
                    ky * window.windowWidth + kx
                  ))
              }
            }
            body(
              ((n * window.outputHeight + oy) * window.outputWidth + ox) * channels + c, inputs)
          }
        }
      }
    }
  }

  @Test func anyWindowStrideAndPadding() throws {
    var values = Values(seed: 30)
    let pools = (1...3).map { ThreadPool(threads: $0) }
    for trial in 0..<200 {
      let window = try ConvolutionTests.window(
        &values, largest: 4, height: values.integer(4...11), width: values.integer(4...11))
      let (channels, count) = (values.integer(1...20), values.integer(1...3))
      let pool = pools[trial % 3]
      // Few different values, so that many are equal.
      let input = (0..<(count * window.height * window.width * channels)).map { _ in
        Float(values.integer(-2...2))
      }
      let size = count * window.outputHeight * window.outputWidth * channels
      let gradient = values.floats(size)
      var maxima = [Float](repeating: .nan, count: size)
      var places = [Int32](repeating: -1, count: size)
      var means: [Float] = []
      var (byMaximum, byMean) = ([Float](repeating: .nan, count: input.count), [Float]())
      let maximum = try MaxPooling(window, channels: channels, pool: pool)
      let average = try AveragePooling(window, channels: channels, pool: pool)
      try maximum.forward(input, count: count, into: &maxima, places: &places)
      try maximum.gradient(gradient, places: places, count: count, into: &byMaximum)
      try average.forward(input, count: count, into: &means)
      try average.gradient(gradient, count: count, into: &byMean)
      #expect(maxima.count == size)
      #expect(means.count == size)
      var expectedByMaximum = [Double](repeating: 0, count: input.count)
      var expectedByMean = expectedByMaximum
      forEachWindow(window, channels: channels, count: count) { output, inputs in
        let largest = inputs.map { input[$0.index] }.max()!
        let first = inputs.first { input[$0.index] == largest }!
        let mean = inputs.reduce(0.0) { $0 + Double(input[$1.index]) } / Double(inputs.count)
        #expect(maxima[output] == largest)
        #expect(places[output] == Int32(first.place))
        #expect(abs(Double(means[output]) - mean) < 1e-6)
        expectedByMaximum[first.index] += Double(gradient[output])
        for place in inputs {
          expectedByMean[place.index] += Double(gradient[output]) / Double(inputs.count)
        }
      }
      #expect(relativeError(byMaximum, expectedByMaximum) < 1e-6, "\(window)")
      #expect(relativeError(byMean, expectedByMean) < 1e-6, "\(window)")
    }
  }

  @Test func whatIsNotANumberShows() throws {
    let window = try WindowShape(
      height: 2, width: 4, windowHeight: 2, windowWidth: 2, strideY: 2, strideX: 2,
      padding: .valid)
    let maximum = try MaxPooling(window, channels: 1, pool: ThreadPool(threads: 1))
    var (output, places): ([Float], [Int32]) = ([], [])
    try maximum.forward([1, .nan, 4, 3, 5, 2, .nan, 6], count: 1, into: &output, places: &places)
    #expect(output[0].isNaN && output[1].isNaN)
    #expect(places == [1, 2])
  }

  @Test func whatIsRefused() throws {
    let window = try WindowShape(height: 4, width: 4, windowHeight: 2, windowWidth: 2)
    let pool = ThreadPool(threads: 1)
    #expect(throws: KernelsError.invalidChannels(layer: "A pool", input: 0, output: 0)) {
      try MaxPooling(window, channels: 0, pool: pool)
    }
    #expect(throws: KernelsError.invalidChannels(layer: "A pool", input: .max, output: .max)) {
      try AveragePooling(window, channels: .max, pool: pool)
    }
    var (floats, places): ([Float], [Int32]) = ([], [])
    let maximum = try MaxPooling(window, channels: 1, pool: pool)
    #expect(
      throws: KernelsError.wrongTensorSize(
        layer: "a max-pool", tensor: "input", expected: 16, found: 15)
    ) {
      try maximum.forward(
        [Float](repeating: 0, count: 15), count: 1, into: &floats, places: &places)
    }
    #expect(
      throws: KernelsError.wrongTensorSize(
        layer: "a max-pool", tensor: "places", expected: 9, found: 8)
    ) {
      try maximum.gradient(
        [Float](repeating: 0, count: 9), places: [0, 0, 0, 0, 0, 0, 0, 0], count: 1, into: &floats)
    }
    let average = try AveragePooling(window, channels: 1, pool: pool)
    #expect(throws: KernelsError.invalidPictures(count: .max, height: 4, width: 4)) {
      try average.forward([], count: .max, into: &floats)
    }
    #expect(
      throws: KernelsError.wrongTensorSize(
        layer: "an average-pool", tensor: "output gradient", expected: 9, found: 0)
    ) { try average.gradient([], count: 1, into: &floats) }
  }
}
