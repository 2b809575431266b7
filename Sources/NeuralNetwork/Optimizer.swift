import Foundation
import Kernels

/// Changes trainable parameters by their gradients, with Keras' formulas and defaults.
///
/// A value: its rule, its step count and its slots (momenta, mean squares) are a checkpoint.
public struct Optimizer: Sendable, Equatable {
  /// How a gradient becomes a change.
  public enum Rule: Sendable, Equatable {
    /// m ← momentum·m − rate·g; w ← w + m (nesterov: w ← w + momentum·m − rate·g).
    case sgd(momentum: Double = 0, nesterov: Bool = false)
    /// v ← ρ·v + (1−ρ)·g²; w ← w − rate·g / √(v + ε), the quotient through a momentum if not 0.
    case rmsprop(rho: Double = 0.9, momentum: Double = 0, epsilon: Double = 1e-7)
    /// m ← m + (g−m)(1−β₁); v ← v + (g²−v)(1−β₂);
    /// w ← w − rate·√(1−β₂ᵗ)/(1−β₁ᵗ) · m / (√v + ε).
    case adam(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-7)

    /// Keras' default learning rate: 0.01 for SGD, 0.001 for the others.
    public var defaultLearningRate: Float {
      if case .sgd = self { 0.01 } else { 0.001 }
    }

    /// The names of the slots that each parameter has, as in Keras' files.
    public var slotNames: [String] {
      switch self {
      case .sgd(let momentum, _): momentum == 0 ? [] : ["momentum"]
      case .rmsprop(_, let momentum, _): momentum == 0 ? ["velocity"] : ["velocity", "momentum"]
      case .adam: ["momentum", "velocity"]
      }
    }
  }

  public let rule: Rule
  public var learningRate: Float

  /// Steps done so far.
  public private(set) var iterations: Int

  /// By trainable parameter (in the model's order), then by ``Rule/slotNames``; empty before the
  /// first step.
  public private(set) var slots: [[[Float]]]

  /// An optimizer at its first step, or one restored from a checkpoint.
  public init(
    _ rule: Rule, learningRate: Float? = nil, iterations: Int = 0, slots: [[[Float]]] = []
  ) {
    self.rule = rule
    self.learningRate = learningRate ?? rule.defaultLearningRate
    self.iterations = iterations
    self.slots = slots
  }

  /// One step for all trainable parameters of a model, whose gradients a backward pass has set.
  ///
  /// - Throws: ``NeuralNetworkError`` if a gradient is missing, or restored slots fit no parameter.
  public mutating func step(_ model: inout Sequential, pool: ThreadPool) throws {
    var index = 0
    for layer in model.layers.indices {
      let label = model.layers[layer].label
      try model.layers[layer].updateParameters { parameter in
        guard parameter.isTrainable else { return }
        guard parameter.gradient.count == parameter.value.values.count else {
          throw NeuralNetworkError.backwardBeforeForward(layer: label)
        }
        try update(&parameter, index, pool)
        index += 1
      }
    }
    iterations += 1
  }

  private mutating func update(_ parameter: inout Parameter, _ index: Int, _ pool: ThreadPool)
    throws
  {
    let count = parameter.value.values.count
    if index == slots.count {
      slots.append(rule.slotNames.map { _ in [Float](repeating: 0, count: count) })
    }
    guard slots[index].count == rule.slotNames.count,
      slots[index].allSatisfy({ $0.count == count })
    else {
      throw NeuralNetworkError.count(
        what: "values in the optimizer's slots of \(parameter.name)",
        expected: count * rule.slotNames.count, found: slots[index].reduce(0) { $0 + $1.count })
    }
    // Taken out and put back: two slots cannot be changed at once inside one array.
    var (first, second): ([Float], [Float]) = ([], [])
    if rule.slotNames.count > 0 { swap(&first, &slots[index][0]) }
    if rule.slotNames.count > 1 { swap(&second, &slots[index][1]) }
    change(&parameter.value.values, parameter.gradient, &first, &second, pool)
    if rule.slotNames.count > 0 { swap(&first, &slots[index][0]) }
    if rule.slotNames.count > 1 { swap(&second, &slots[index][1]) }
  }

  /// One step for one parameter. As in Keras, constants are rounded to `Float` where they meet
  /// one: 1 − β is the rounded difference, not the difference of the rounded.
  private func change(
    _ weights: inout [Float], _ gradient: [Float], _ first: inout [Float],
    _ second: inout [Float], _ pool: ThreadPool
  ) {
    let rate = learningRate
    let formula: ParameterUpdate
    switch rule {
    case .sgd(let momentum, _) where momentum == 0:
      formula = .descent(rate: rate)
    case .sgd(let momentum, let nesterov):
      formula = .momentum(rate: rate, momentum: Float(momentum), nesterov: nesterov)
    case .rmsprop(let rho, let momentum, let epsilon):
      formula = .rmsprop(
        rate: rate, rho: Float(rho), rest: Float(1 - rho), momentum: Float(momentum),
        epsilon: Float(epsilon))
    case .adam(let beta1, let beta2, let epsilon):
      let step = Float(iterations + 1)
      let alpha =
        rate * (1 - pow(Float(beta2), step)).squareRoot() / (1 - pow(Float(beta1), step))
      formula = .adam(
        alpha: alpha, rest1: Float(1 - beta1), rest2: Float(1 - beta2), epsilon: Float(epsilon))
    }
    pool.update(&weights, &first, &second, gradient: gradient, by: formula)
  }
}
