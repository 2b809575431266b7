/// A limit to gradients, with the formulas of Keras' optimizers.
public enum GradientClipping: Sendable, Equatable {
  /// All gradients · limit / max(limit, ‖all gradients‖₂): `global_clipnorm`.
  case globalNorm(Float)
  /// Each parameter's gradient by its own norm: `clipnorm`.
  case norm(Float)
  /// Each value to −limit … limit: `clipvalue`.
  case value(Float)

  var limit: Float {
    switch self {
    case .globalNorm(let limit), .norm(let limit), .value(let limit): limit
    }
  }
}
