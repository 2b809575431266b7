/// How an optimizer pulls weights towards zero.
public struct WeightDecay: Sendable, Equatable {
  /// Where the decay comes in.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// w ← w − learning rate · rate · w before each step, apart from the gradients: Keras'
    /// `weight_decay`.
    case decoupled
    /// g ← g + rate · w, as if the loss had the term rate/2 · Σw².
    case l2
  }

  /// The share by which weights shrink in a step, per unit of learning rate where it is decoupled.
  public var rate: Float
  /// Where the decay comes in.
  public var kind: Kind

  /// Whether only kernels decay, and no biases and no weights of normalisations. In Keras all do.
  public var kernelsOnly: Bool

  public init(_ rate: Float, kind: Kind = .decoupled, kernelsOnly: Bool = false) {
    self.rate = rate
    self.kind = kind
    self.kernelsOnly = kernelsOnly
  }

  func applies(to parameter: Parameter) -> Bool { !kernelsOnly || parameter.name == "kernel" }
}
