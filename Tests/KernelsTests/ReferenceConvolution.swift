import Kernels

/// The slow twin of the kernels: convolution by its definition, in f64.
enum ReferenceConvolution {
  /// Runs `layers` on NHWC pictures.
  static func forward(
    _ images: [Float], count: Int, height: Int, width: Int, layers: [ConvolutionLayer]
  ) -> [Double] {
    var values = images.map(Double.init)
    var (h, w) = (height, width)
    for layer in layers {
      values = convolve(values, count: count, height: h, width: w, layer)
      if layer.poolAfter {
        values = pool(values, count: count, height: h, width: w, channels: layer.outputChannels)
        (h, w) = (h / 2, w / 2)
      }
    }
    return values
  }

  /// All channels of one output pixel of one layer without pool.
  static func pixel(
    _ images: [Float], picture: Int, y: Int, x: Int, height: Int, width: Int,
    _ layer: ConvolutionLayer
  ) -> [Double] {
    let (cin, cout) = (layer.inputChannels, layer.outputChannels)
    var sums = layer.bias.map(Double.init)
    for dy in 0..<3 where (0..<height).contains(y + dy - 1) {
      for dx in 0..<3 where (0..<width).contains(x + dx - 1) {
        let pixel = ((picture * height + y + dy - 1) * width + x + dx - 1) * cin
        for ci in 0..<cin {
          let row = ((dy * 3 + dx) * cin + ci) * cout
          let value = Double(images[pixel + ci])
          for co in 0..<cout { sums[co] += value * Double(layer.kernel[row + co]) }
        }
      }
    }
    return sums.map { max(0, $0) }
  }

  private static func convolve(
    _ input: [Double], count: Int, height: Int, width: Int, _ layer: ConvolutionLayer
  ) -> [Double] {
    let (cin, cout) = (layer.inputChannels, layer.outputChannels)
    let kernel = layer.kernel.map(Double.init)
    var output: [Double] = []
    output.reserveCapacity(count * height * width * cout)
    for n in 0..<count {
      for y in 0..<height {
        for x in 0..<width {
          var sums = layer.bias.map(Double.init)
          for dy in 0..<3 where (0..<height).contains(y + dy - 1) {
            for dx in 0..<3 where (0..<width).contains(x + dx - 1) {
              let pixel = ((n * height + y + dy - 1) * width + x + dx - 1) * cin
              for ci in 0..<cin {
                let row = ((dy * 3 + dx) * cin + ci) * cout
                let value = input[pixel + ci]
                for co in 0..<cout { sums[co] += value * kernel[row + co] }
              }
            }
          }
          output += sums.map { max(0, $0) }
        }
      }
    }
    return output
  }

  private static func pool(
    _ input: [Double], count: Int, height: Int, width: Int, channels: Int
  ) -> [Double] {
    var output: [Double] = []
    for n in 0..<count {
      for y in 0..<(height / 2) {
        for x in 0..<(width / 2) {
          for c in 0..<channels {
            let corner = ((n * height + 2 * y) * width + 2 * x) * channels + c
            let below = corner + width * channels
            output.append(
              max(input[corner], input[corner + channels], input[below], input[below + channels]))
          }
        }
      }
    }
    return output
  }
}

/// ‖found − expected‖ / ‖expected‖ (Frobenius).
func relativeError(_ found: [Float], _ expected: [Double]) -> Double {
  var (error, norm) = (0.0, 0.0)
  for (a, b) in zip(found, expected) {
    error += (Double(a) - b) * (Double(a) - b)
    norm += b * b
  }
  return (error / max(norm, .leastNormalMagnitude)).squareRoot()
}

/// Reproducible values (SplitMix64).
struct Values {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// `count` values in -bound ..< bound.
  mutating func floats(_ count: Int, bound: Float = 1) -> [Float] {
    (0..<count).map { _ in (Float(next() >> 40) / Float(1 << 23) - 1) * bound }
  }

  /// A value in `range`.
  mutating func integer(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(next() % UInt64(range.count))
  }

  /// A layer whose output is about as large as its input.
  mutating func layer(_ name: String, _ input: Int, _ output: Int, pool: Bool = false)
    -> ConvolutionLayer
  {
    ConvolutionLayer(
      name: name, inputChannels: input, outputChannels: output,
      kernel: floats(9 * input * output, bound: (6 / Float(9 * input)).squareRoot()),
      bias: floats(output, bound: 0.25), poolAfter: pool)
  }
}
