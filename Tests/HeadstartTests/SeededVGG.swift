import KerasFormat
import Pictures

/// Weights and pictures that `Scripts/fixtures/features.py` draws in the same way, number by number.
struct SeededVGG {
  /// He-scaled uniform kernels and small biases, seeded by the network's depth.
  static func weights(_ architecture: VGGWeights.Architecture) throws -> VGGWeights {
    var generator = SplitMix64(state: architecture == .vgg16 ? 16 : 19)
    return try VGGWeights(
      architecture: architecture,
      convolutions: architecture.convolutions.map { name, inputs, outputs in
        VGGWeights.Convolution(
          name: name, inputChannels: inputs, outputChannels: outputs,
          kernel: generator.uniform(
            9 * inputs * outputs, bound: (6 / Float(9 * inputs)).squareRoot()),
          bias: generator.uniform(outputs, bound: 0.25))
      })
  }

  /// Slopes and noise.
  static func picture(height: Int, width: Int) -> Picture {
    var generator = SplitMix64(state: UInt64(1000 * height + width))
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        for channel in 0..<3 {
          let slopes = 5 * x + 3 * y + 40 * channel
          pixels.append(UInt8((slopes + Int(generator.next() >> 58)) % 256))
        }
      }
    }
    return Picture(width: width, height: height, pixels: pixels)
  }

  private struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }

    /// Values in -bound ..< bound.
    mutating func uniform(_ count: Int, bound: Float) -> [Float] {
      (0..<count).map { _ in (Float(next() >> 40) / Float(1 << 23) - 1) * bound }
    }
  }
}
