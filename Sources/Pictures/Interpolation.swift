import Foundation

/// How new pixels are made from old ones, named and computed as PIL's resampling filters.
///
/// All but `nearest` are antialiased: when a picture shrinks, the filter widens so that every old
/// pixel counts.
public enum Interpolation: String, Sendable, CaseIterable {
  case nearest, bilinear, bicubic, lanczos

  /// The filter's half-width in pixels of the larger of the two grids.
  var support: Double {
    switch self {
    case .nearest: 0.5
    case .bilinear: 1
    case .bicubic: 2
    case .lanczos: 3
    }
  }

  /// The filter's weight at distance `x` from its centre.
  func weight(_ x: Double) -> Double {
    let distance = abs(x)
    switch self {
    case .nearest:
      return distance <= 0.5 ? 1 : 0
    case .bilinear:
      return distance < 1 ? 1 - distance : 0
    case .bicubic:  // Keys' cubic with a = -1/2
      let a = -0.5
      if distance < 1 { return ((a + 2) * distance - (a + 3)) * distance * distance + 1 }
      if distance < 2 { return (((distance - 5) * distance + 8) * distance - 4) * a }
      return 0
    case .lanczos:
      return -3 <= x && x < 3 ? Self.sinc(x) * Self.sinc(x / 3) : 0
    }
  }

  private static func sinc(_ x: Double) -> Double {
    x == 0 ? 1 : sin(x * .pi) / (x * .pi)
  }
}
