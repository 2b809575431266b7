import Kernels
import NeuralNetwork
import Testing

/// Every backward pass against central differences of its forward pass.
@Suite struct GradientTests {
  static func cases() throws -> [(String, any Layer, [Int])] {
    var generator = Generator(seed: 11)
    var normalization = try BatchNormalization(
      gamma: [1, -2, 0.5], beta: [0, 1, 2], movingMean: [0.1, 0, -0.3],
      movingVariance: [1, 0.5, 2])
    normalization.setTrainable(true)
    var cases: [(String, any Layer, [Int])] = [
      ("flatten", Flatten(), [2, 3, 2, 3]),
      ("average", GlobalAveragePooling2D(), [2, 3, 2, 5]),
      ("max", GlobalMaxPooling2D(), [3, 2, 3, 4]),
      ("unit", UnitNormalization(), [3, 19]),
      ("rescaling", Rescaling(scale: -0.7, offset: 2), [2, 5]),
      ("normalization", normalization, [2, 2, 2, 3]),
    ]
    for activation in Activation.allCases {
      cases.append((activation.rawValue, ActivationLayer(activation), [3, 5]))
      cases.append(
        (
          "dense-\(activation.rawValue)",
          Dense(inputs: 4, units: 3, activation: activation, generator: &generator), [5, 4]
        ))
    }
    cases.append(("dense-wide", Dense(inputs: 130, units: 70, generator: &generator), [70, 130]))
    return cases
  }

  @Test func gradientsMeetFiniteDifferences() throws {
    var generator = Generator(seed: 5)
    for (name, layer, shape) in try Self.cases() {
      var layer = layer
      let input = randomTensor(shape, &generator)
      let output = try layer.forward(input, pool: pool)
      // The loss is a random weighting of the outputs, so its gradient is those weights.
      let weights = randomTensor(output.shape, &generator)
      let found = try #require(
        try layer.backward(weights, needsInputGradient: true, pool: pool), "\(name)")
      #expect(found.shape == input.shape)

      func loss(_ layer: any Layer, _ input: Tensor) throws -> Double {
        zip(try layer(input, pool: pool).values, weights.values).reduce(0) {
          $0 + Double($1.0) * Double($1.1)
        }
      }
      // Step h: truncation O(h²), rounding 2⁻²⁴·|y|/h summed over the outputs.
      let step: Float = 1.0 / 128
      func check(_ what: String, _ gradient: [Float], _ shifted: (Int, Float) throws -> Double)
        throws
      {
        let scale = gradient.reduce(0) { max($0, abs($1)) }
        let stride = max(1, gradient.count / 40)
        for index in Swift.stride(from: 0, to: gradient.count, by: stride) {
          let numeric = (try shifted(index, step) - shifted(index, -step)) / Double(2 * step)
          #expect(
            abs(numeric - Double(gradient[index])) < 2e-3 * Double(scale) + 1e-4,
            "\(name) \(what)[\(index)]: \(gradient[index]), differences give \(numeric)")
        }
      }
      try check("input", found.values) { index, shift in
        var changed = input
        changed.values[index] += shift
        return try loss(layer, changed)
      }
      for (number, parameter) in layer.parameters.enumerated() where parameter.isTrainable {
        try check(parameter.name, parameter.gradient) { index, shift in
          var (changed, position) = (layer, 0)
          changed.updateParameters {
            if position == number { $0.value.values[index] += shift }
            position += 1
          }
          return try loss(changed, input)
        }
      }
    }
  }

  @Test func aChainOfLayersMeetsFiniteDifferences() throws {
    var generator = Generator(seed: 3)
    var model = try Sequential(
      inputShape: [2, 3, 4],
      layers: [
        GlobalAveragePooling2D(), ActivationLayer(.softsign), UnitNormalization(),
        Dense(inputs: 4, units: 6, activation: .tanh, generator: &generator),
        Dense(inputs: 6, units: 3, generator: &generator),
      ])
    let input = randomTensor([5, 2, 3, 4], &generator)
    let labels = [0, 2, 1, 1, 0]
    let loss = CrossEntropy(labelSmoothing: 0.1, classWeights: [1, 2, 0.5])
    let result = try loss(logits: try model.forward(input, pool: pool), labels: labels)
    try model.backward(result.gradient, pool: pool)
    for layer in [3, 4] {
      for (number, parameter) in model.layers[layer].parameters.enumerated() {
        for index in parameter.gradient.indices {
          func shifted(_ shift: Float) throws -> Double {
            var (changed, position) = (model, 0)
            changed.layers[layer].updateParameters {
              if position == number { $0.value.values[index] += shift }
              position += 1
            }
            return try loss(logits: changed(input, pool: pool), labels: labels).loss
          }
          let numeric = (try shifted(0.01) - shifted(-0.01)) / 0.02
          #expect(abs(numeric - Double(parameter.gradient[index])) < 2e-4)
        }
      }
    }
  }
}
