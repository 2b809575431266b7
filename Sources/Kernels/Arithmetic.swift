/// How the convolutions are computed.
///
/// The errors are those of VGG16's `block5_pool` features of photos, relative to f64 (Frobenius);
/// direct convolution in f32, as other frameworks compute it, has 9.5e-7, and in bf16 8e-3.
public enum Arithmetic: String, Sendable, CaseIterable {
  /// f32, more exact than direct convolution: 8e-7.
  case f32
  /// f32 with the tiles that cost least: 1.6e-6.
  case f32Fast = "f32-fast"
  /// Products of bf16, sums in f32: 9e-3. Needs a CPU with AVX512-BF16.
  case bf16

  /// Changes whenever the same weights and pictures would give other bits.
  public var codeVersion: Int {
    switch self {
    case .f32: 3
    case .f32Fast: 2
    case .bf16: 3
    }
  }
}
