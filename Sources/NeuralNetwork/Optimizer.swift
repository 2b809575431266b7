import Foundation
import Kernels

/// Changes trainable parameters by their gradients, with Keras' formulas and defaults.
///
/// In the order of Keras: an L2 decay is added to the gradients, they are clipped, weights decay
/// that are to decay apart from gradients, and the rule makes its step. A value: its rule, its step
/// count and its slots (momenta, mean squares) are a checkpoint.
public struct Optimizer: Sendable, Equatable {
  /// How gradients change the weights, with what it remembers.
  public let rule: Rule
  /// Before factors by layer.
  public var learningRate: Float
  /// Nil for none.
  public var weightDecay: WeightDecay?
  /// Nil for none.
  public var clipping: GradientClipping?

  /// Factors to the learning rate by layer name; 1 for layers that are not in it.
  public var rateMultipliers: [String: Float]

  /// Steps done so far.
  public private(set) var iterations: Int

  /// By trainable parameter (in the model's order), then by ``Rule/slotNames``; empty before the
  /// first step.
  public private(set) var slots: [[[Float]]]

  /// An optimizer at its first step, or one restored from a checkpoint.
  ///
  /// - Parameters:
  ///   - learningRate: nil for the rule's default.
  ///   - weightDecay: nil for the rule's default; a rate of 0 for none.
  public init(
    _ rule: Rule, learningRate: Float? = nil, weightDecay: WeightDecay? = nil,
    clipping: GradientClipping? = nil, rateMultipliers: [String: Float] = [:],
    iterations: Int = 0, slots: [[[Float]]] = []
  ) {
    self.rule = rule
    self.learningRate = learningRate ?? rule.defaultLearningRate
    self.weightDecay = weightDecay ?? rule.defaultWeightDecay
    self.clipping = clipping
    self.rateMultipliers = rateMultipliers
    self.iterations = iterations
    self.slots = slots
  }

  /// The same settings at the first step.
  public var fresh: Optimizer {
    var fresh = self
    fresh.iterations = 0
    fresh.slots = []
    return fresh
  }

  /// One step for all trainable parameters of a model, whose gradients a backward pass has set.
  ///
  /// Decay and clipping change the gradients in place.
  ///
  /// - Throws: ``NeuralNetworkError`` if a gradient is missing, or restored slots do not fit the
  ///   trainable parameters; no weight is then changed.
  public mutating func step(_ model: inout Sequential, pool: ThreadPool) throws {
    try prepareGradients(of: &model, pool)
    try prepareSlots(for: model)
    var index = 0
    for layer in model.layers.indices {
      let rate = learningRate * (rateMultipliers[model.layers[layer].name] ?? 1)
      model.layers[layer].updateParameters { parameter in
        guard parameter.isTrainable else { return }
        if let weightDecay, weightDecay.kind == .decoupled, weightDecay.applies(to: parameter) {
          let share = weightDecay.rate
          parameter.value.values.map(pool) { $0 - $0 * share * rate }
        }
        update(&parameter, index, rate, pool)
        index += 1
      }
    }
    iterations += 1
  }

  /// Makes the slots before the first step, and checks those that were restored.
  private mutating func prepareSlots(for model: Sequential) throws {
    let trainable = model.layers.flatMap(\.parameters).filter(\.isTrainable)
    let names = rule.slotNames
    if slots.isEmpty {
      slots = trainable.map { parameter in
        names.map { _ in
          [Float](repeating: rule.initialSlot, count: parameter.value.values.count)
        }
      }
    }
    guard slots.count == trainable.count else {
      throw NeuralNetworkError.count(
        what: "trainable weights with slots of the optimizer", expected: trainable.count,
        found: slots.count)
    }
    for (parameter, slots) in zip(trainable, slots) {
      let count = parameter.value.values.count
      guard slots.count == names.count, slots.allSatisfy({ $0.count == count }) else {
        throw NeuralNetworkError.count(
          what: "values in the optimizer's slots of \(parameter.name)",
          expected: count * names.count, found: slots.reduce(0) { $0 + $1.count })
      }
    }
  }

  private mutating func update(
    _ parameter: inout Parameter, _ index: Int, _ rate: Float, _ pool: ThreadPool
  ) {
    // Taken out and put back: two slots cannot be changed at once inside one array.
    var (first, second): ([Float], [Float]) = ([], [])
    if rule.slotNames.count > 0 { swap(&first, &slots[index][0]) }
    if rule.slotNames.count > 1 { swap(&second, &slots[index][1]) }
    pool.update(
      &parameter.value.values, &first, &second, gradient: parameter.gradient, by: formula(rate))
    if rule.slotNames.count > 0 { swap(&first, &slots[index][0]) }
    if rule.slotNames.count > 1 { swap(&second, &slots[index][1]) }
  }

  /// The rule at this step. As in Keras, constants are rounded to `Float` where they meet one:
  /// 1 − β is the rounded difference, not the difference of the rounded.
  private func formula(_ rate: Float) -> ParameterUpdate {
    switch rule {
    case .sgd(let momentum, _) where momentum == 0:
      return .descent(rate: rate)
    case .sgd(let momentum, let nesterov):
      return .momentum(rate: rate, momentum: Float(momentum), nesterov: nesterov)
    case .rmsprop(let rho, let momentum, let epsilon):
      return .rmsprop(
        rate: rate, rho: Float(rho), rest: Float(1 - rho), momentum: Float(momentum),
        epsilon: Float(epsilon))
    case .adagrad(_, let epsilon):
      return .rmsprop(rate: rate, rho: 1, rest: 1, momentum: 0, epsilon: Float(epsilon))
    case .adam(let beta1, let beta2, let epsilon), .adamW(let beta1, let beta2, let epsilon):
      let step = Float(iterations + 1)
      let alpha =
        rate * (1 - pow(Float(beta2), step)).squareRoot() / (1 - pow(Float(beta1), step))
      return .adam(
        alpha: alpha, rest1: Float(1 - beta1), rest2: Float(1 - beta2), epsilon: Float(epsilon))
    }
  }
}
