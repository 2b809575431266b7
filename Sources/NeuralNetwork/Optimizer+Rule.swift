extension Optimizer {
  /// How a gradient becomes a change.
  public enum Rule: Sendable, Equatable {
    /// m ← momentum·m − rate·g; w ← w + m (nesterov: w ← w + momentum·m − rate·g).
    case sgd(momentum: Double = 0, nesterov: Bool = false)
    /// v ← ρ·v + (1−ρ)·g²; w ← w − rate·g / √(v + ε), the quotient through a momentum if not 0.
    case rmsprop(rho: Double = 0.9, momentum: Double = 0, epsilon: Double = 1e-7)
    /// m ← m + (g−m)(1−β₁); v ← v + (g²−v)(1−β₂);
    /// w ← w − rate·√(1−β₂ᵗ)/(1−β₁ᵗ) · m / (√v + ε).
    case adam(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-7)
    /// Adam with ``defaultWeightDecay``, Keras' `AdamW`.
    case adamW(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-7)
    /// v ← v + g², from an initial value on; w ← w − rate·g / √(v + ε).
    case adagrad(initialAccumulator: Double = 0.1, epsilon: Double = 1e-7)

    /// Keras' default learning rate: 0.01 for SGD, 0.001 for the others.
    public var defaultLearningRate: Float {
      if case .sgd = self { 0.01 } else { 0.001 }
    }

    /// Keras' default weight decay: 0.004, decoupled, for AdamW; none for the others.
    public var defaultWeightDecay: WeightDecay? {
      if case .adamW = self { WeightDecay(0.004) } else { nil }
    }

    /// The names of the slots that each parameter has, as in Keras' files.
    public var slotNames: [String] {
      switch self {
      case .sgd(let momentum, _): momentum == 0 ? [] : ["momentum"]
      case .rmsprop(_, let momentum, _): momentum == 0 ? ["velocity"] : ["velocity", "momentum"]
      case .adam, .adamW: ["momentum", "velocity"]
      case .adagrad: ["accumulator"]
      }
    }

    /// What a slot holds before the first step.
    var initialSlot: Float {
      if case .adagrad(let initial, _) = self { Float(initial) } else { 0 }
    }
  }
}
