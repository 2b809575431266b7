import Foundation

/// How new pixels are made from old ones, named and computed as PIL's resampling filters.
///
/// All but `nearest` are antialiased: when a picture shrinks, the filter widens so that every old
/// pixel counts.
public enum Interpolation: String, Sendable, CaseIterable {
  case nearest, bilinear, bicubic, lanczos

  /// The filter, nil for `nearest`, which picks pixels instead.
  var kernel: ResamplingKernel? {
    switch self {
    case .nearest: nil
    case .bilinear: ResamplingKernel(support: 1) { max(1 - abs($0), 0) }
    case .bicubic: ResamplingKernel(support: 2, weight: ResamplingKernel.keys)
    case .lanczos: ResamplingKernel(support: 3, weight: ResamplingKernel.lanczos3)
    }
  }
}

/// A symmetric filter of one variable.
struct ResamplingKernel {
  /// Its half-width, in pixels of the coarser of the two grids.
  let support: Double
  /// Its weight at a distance from its centre.
  let weight: (Double) -> Double

  /// Keys' cubic with a = -1/2.
  static func keys(_ x: Double) -> Double {
    let (distance, a) = (abs(x), -0.5)
    if distance < 1 { return ((a + 2) * distance - (a + 3)) * distance * distance + 1 }
    if distance < 2 { return (((distance - 5) * distance + 8) * distance - 4) * a }
    return 0
  }

  /// A sinc in the window of a sinc three times as wide.
  static func lanczos3(_ x: Double) -> Double {
    func sinc(_ x: Double) -> Double { x == 0 ? 1 : sin(x * .pi) / (x * .pi) }
    return -3 <= x && x < 3 ? sinc(x) * sinc(x / 3) : 0
  }
}
