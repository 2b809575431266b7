import Foundation
import Kernels
import NeuralNetwork
import Testing

@Suite struct ScheduleTests {
  @Test func shapesAreTheirFormulas() {
    let constant = LearningRateSchedule()
    #expect((0..<5).allSatisfy { constant.factor(step: $0, of: 5) == 1 })
    let steps = LearningRateSchedule(.step(drops: 2, factor: 0.1))
    for (step, expected) in [(0, 1), (3, 1), (4, 0.1), (7, 0.1), (8, 0.01), (11, 0.01)] {
      #expect(abs(steps.factor(step: step, of: 12) - expected) < 1e-15)
    }
    let cosine = LearningRateSchedule(.cosine(final: 0.2))
    #expect(cosine.factor(step: 0, of: 10) == 1)
    #expect(abs(cosine.factor(step: 5, of: 10) - 0.6) < 1e-12)
    #expect(abs(cosine.factor(step: 10, of: 10) - 0.2) < 1e-12)
    let inverse = LearningRateSchedule(.inverseTime(decay: 0.5))
    #expect(inverse.factor(step: 4, of: 10) == 1.0 / 3)
    let warm = LearningRateSchedule(.cosine(), warmUp: 0.25)
    let factors = (0..<16).map { warm.factor(step: $0, of: 16) }
    #expect(Array(factors[..<5]) == [0.25, 0.5, 0.75, 1, 1])
    #expect(zip(factors[4...], factors[5...]).allSatisfy { $0 > $1 })
    #expect(constant.rate(0.001, step: 3, of: 9) == 0.001)
    #expect(cosine.rate(0.5, step: 10, of: 10) == 0.1)
  }

  /// One dense layer, one step, gradients known.
  private func stepped(_ optimizer: Optimizer) throws -> [[Float]] {
    var model = try Sequential(
      inputShape: [2],
      layers: [
        Dense(
          name: "first", kernel: Tensor(shape: [2, 1], values: [2, -4]),
          bias: Tensor(shape: [1], values: [8]))
      ])
    _ = try model.forward(Tensor(shape: [1, 2], values: [3, 0]), pool: pool)
    try model.backward(Tensor(shape: [1, 1], values: [4]), pool: pool)
    var optimizer = optimizer
    try optimizer.step(&model, pool: pool)
    return model.weights[0].map(\.values)
  }

  @Test func gradientsAreClippedAndWeightsDecay() throws {
    // Gradients: kernel (12, 0), bias 4.
    #expect(try stepped(Optimizer(.sgd(), learningRate: 0.5)) == [[-4, -4], [6]])
    #expect(
      try stepped(Optimizer(.sgd(), learningRate: 0.5, clipping: .value(2))) == [[1, -4], [7]])
    #expect(
      try stepped(Optimizer(.sgd(), learningRate: 0.5, clipping: .norm(6))) == [[-1, -4], [6]])
    let global = try stepped(Optimizer(.sgd(), learningRate: 1, clipping: .globalNorm(1)))
    let norm = Float(160).squareRoot()
    #expect(largestRelativeError(global[0], [2 - 12 / norm, -4]) < 1e-6)
    #expect(largestRelativeError(global[1], [8 - 4 / norm]) < 1e-6)
    #expect(
      try stepped(Optimizer(.sgd(), learningRate: 1, clipping: .globalNorm(13))) == [
        [-10, -4], [4],
      ],
      "gradients below the limit stay")
    #expect(
      try stepped(Optimizer(.sgd(), learningRate: 0.5, weightDecay: WeightDecay(0.5)))
        == [[1.5 - 6, -3], [4]])
    #expect(
      try stepped(
        Optimizer(.sgd(), learningRate: 0.5, weightDecay: WeightDecay(0.5, kernelsOnly: true)))
        == [[1.5 - 6, -3], [6]])
    #expect(
      try stepped(Optimizer(.sgd(), learningRate: 0.5, weightDecay: WeightDecay(0.5, kind: .l2)))
        == [[2 - 6.5, -3], [4]])
    #expect(
      try stepped(
        Optimizer(.sgd(), learningRate: 0.5, rateMultipliers: ["first": 0.5, "other": 3]))
        == [[-1, -4], [7]])
  }

  @Test func defaultsAreThoseOfKeras() {
    #expect(Optimizer(.adamW()).weightDecay == WeightDecay(0.004))
    #expect(Optimizer(.adamW(), weightDecay: WeightDecay(0)).weightDecay?.rate == 0)
    #expect(Optimizer(.adam()).weightDecay == nil)
    #expect(Optimizer(.adagrad()).learningRate == 0.001)
    #expect(Optimizer.Rule.adagrad() == .adagrad(initialAccumulator: 0.1, epsilon: 1e-7))
    #expect(Optimizer.Rule.adagrad().slotNames == ["accumulator"])
  }
}
