/// How the convolutions are computed.
public enum Arithmetic: String, Sendable, CaseIterable {
  /// f32, no less exact than direct convolution: error of VGG16's features about 5e-7.
  case f32
  /// f32 with the largest Winograd tiles that pay: about 1.3e-6.
  case f32Fast = "f32-fast"
  /// Products of bf16, sums in f32: about 9e-3. Needs a CPU with AVX512-BF16.
  case bf16

  /// Changes whenever the same weights and pictures would give other bits.
  public var codeVersion: Int {
    switch self {
    case .f32: 1
    case .f32Fast: 1
    case .bf16: 1
    }
  }

  /// The largest tiles m of F(m×m, 3×3).
  var largestTile: Int {
    switch self {
    case .f32: 4
    case .f32Fast: 6
    case .bf16: 4
    }
  }
}
