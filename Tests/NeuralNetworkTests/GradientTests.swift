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
    normalization.usesBatchStatistics = false
    func bare(_ gamma: [Float]?, _ beta: [Float]?) throws -> BatchNormalization {
      var layer = try BatchNormalization(
        gamma: gamma, beta: beta, movingMean: [0.1, -0.3], movingVariance: [0.5, 2])
      layer.setTrainable(true)
      layer.usesBatchStatistics = false
      return layer
    }
    var cases: [(String, any Layer, [Int])] = [
      ("flatten", Flatten(), [2, 3, 2, 3]),
      ("average", GlobalAveragePooling2D(), [2, 3, 2, 5]),
      ("max", GlobalMaxPooling2D(), [3, 2, 3, 4]),
      ("unit", UnitNormalization(), [3, 19]),
      ("rescaling", Rescaling(scale: -0.7, offset: 2), [2, 5]),
      (
        "rescaling-channels", try Rescaling(scale: [2, -1, 0.5], offset: [0, 1, 2]), [2, 3, 1, 3]
      ),
      ("preprocessing", try Normalization(mean: [1, -1], variance: [4, 0.09]), [3, 2, 1, 2]),
      ("normalization", normalization, [2, 2, 2, 3]),
      ("leaky", try LeakyReLU(negativeSlope: 0.3), [3, 4]),
      ("elu-layer", try ELU(alpha: 0.6), [3, 4]),
      ("padding", try ZeroPadding2D(top: 1, bottom: 0, left: 2, right: 3), [2, 3, 2, 2]),
      ("padding-none", try ZeroPadding2D(0), [1, 2, 3, 2]),
      ("average-valid", try AveragePooling2D(), [2, 5, 7, 3]),
      (
        "average-same", try AveragePooling2D(size: 3, strides: 2, padding: .same), [3, 6, 5, 2]
      ),
      (
        "average-overlapping",
        try AveragePooling2D(size: Extent2D(height: 3, width: 2), strides: 1), [1, 4, 5, 2]
      ),
    ]
    // The layer, then the picture it is given: odd sizes, strides that leave pixels out.
    let convolutions: [(Extent2D, Extent2D, Padding, Int, Int, [Int], Activation, Bool)] = [
      (3, 1, .valid, 3, 4, [2, 7, 6], .linear, true),
      (3, 1, .same, 2, 5, [3, 5, 3], .elu, true),
      (3, 2, .same, 4, 3, [2, 6, 7], .tanh, false),
      (1, 1, .valid, 5, 2, [2, 3, 3], .sigmoid, true),
      (1, 3, .same, 2, 2, [1, 7, 5], .linear, true),
      (
        Extent2D(height: 2, width: 5), Extent2D(height: 3, width: 1), .same, 1, 3, [2, 7, 4],
        .linear, true
      ),
      (Extent2D(height: 4, width: 1), 2, .valid, 3, 1, [1, 9, 5], .softsign, true),
      (5, 1, .same, 17, 19, [1, 3, 2], .linear, false),
    ]
    for (size, strides, padding, channels, filters, shape, activation, useBias) in convolutions {
      cases.append(
        (
          "conv-\(size.height)x\(size.width)-\(strides.height)-\(padding)-\(activation)",
          try Conv2D(
            inputChannels: channels, filters: filters, kernelSize: size, strides: strides,
            padding: padding, activation: activation, useBias: useBias, generator: &generator),
          shape + [channels]
        ))
    }
    for activation in Activation.allCases {
      cases.append((activation.rawValue, ActivationLayer(activation), [3, 5]))
      cases.append(
        (
          "dense-\(activation.rawValue)",
          Dense(inputs: 4, units: 3, activation: activation, generator: &generator), [5, 4]
        ))
    }
    cases.append(("dense-wide", Dense(inputs: 130, units: 70, generator: &generator), [70, 130]))
    cases += try [
      ("normalization-unscaled", bare(nil, [1, 2]), [2, 3, 2]),
      ("normalization-uncentred", bare([0.5, -1], nil), [2, 3, 2]),
      ("normalization-bare", bare(nil, nil), [2, 3, 2]),
      (
        "dense-unbiased",
        try Dense(kernel: Tensor(shape: [2, 3], values: [1, 2, -1, 0.5, 3, -2]), bias: nil), [4, 2]
      ),
      (
        "layer-normalization", try LayerNormalization(gamma: [1, -2, 0.5], beta: [0, 1, 2]),
        [2, 3, 3]
      ),
      ("layer-unscaled", try LayerNormalization(gamma: nil, beta: [1, 0, 2, 3, 4]), [3, 5]),
      ("layer-bare", try LayerNormalization(gamma: nil, beta: nil, epsilon: 0.1), [2, 4]),
      ("reshape", try Reshape([3, -1, 2]), [2, 3, 2, 2]),
    ]
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

  /// Distinct values far apart, so that a finite difference does not change a maximum.
  @Test(arguments: [(2, 2, Padding.valid), (3, 2, .same), (3, 1, .same), (2, 3, .valid)])
  func maximaMeetFiniteDifferences(size: Int, strides: Int, padding: Padding) throws {
    var generator = Generator(seed: 8)
    let shape = [2, 7, 6, 3]
    let input = Tensor(
      shape: shape, values: generator.permutation(shape.product).map { Float($0) / 16 })
    var layer = try MaxPooling2D(
      size: Extent2D(size), strides: Extent2D(strides), padding: padding)
    let output = try layer.forward(input, pool: pool)
    let weights = randomTensor(output.shape, &generator)
    let found = try #require(try layer.backward(weights, needsInputGradient: true, pool: pool))
    func loss(_ input: Tensor) throws -> Double {
      zip(try layer(input, pool: pool).values, weights.values).reduce(0) {
        $0 + Double($1.0) * Double($1.1)
      }
    }
    for index in input.values.indices {
      var (up, down) = (input, input)
      up.values[index] += 1 / 64
      down.values[index] -= 1 / 64
      let numeric = (try loss(up) - loss(down)) * 32
      #expect(abs(numeric - Double(found.values[index])) < 1e-4, "\(index)")
    }
  }

  /// Through the statistics of the batch, by the training pass itself.
  @Test func batchStatisticsMeetFiniteDifferences() throws {
    var generator = Generator(seed: 6)
    var layer = BatchNormalization(channels: 3)
    layer.gamma?.value.values = [0.5, -2, 1.5]
    layer.beta?.value.values = [1, 0, -1]
    let input = randomTensor([3, 2, 2, 3], &generator)
    let weights = randomTensor(input.shape, &generator)
    func loss(_ layer: BatchNormalization, _ input: Tensor) throws -> Double {
      var layer = layer
      return zip(try layer.forward(input, pool: pool).values, weights.values).reduce(0) {
        $0 + Double($1.0) * Double($1.1)
      }
    }
    var trained = layer
    _ = try trained.forward(input, pool: pool)
    let found = try #require(try trained.backward(weights, needsInputGradient: true, pool: pool))
    let step: Float = 1.0 / 128
    for index in input.values.indices {
      var (up, down) = (input, input)
      up.values[index] += step
      down.values[index] -= step
      let numeric = (try loss(layer, up) - loss(layer, down)) / Double(2 * step)
      #expect(abs(numeric - Double(found.values[index])) < 2e-3, "input \(index)")
    }
    for channel in 0..<3 {
      var (up, down) = (layer, layer)
      up.gamma?.value.values[channel] += step
      down.gamma?.value.values[channel] -= step
      let byGamma = (try loss(up, input) - loss(down, input)) / Double(2 * step)
      let gradient = try #require(trained.gamma?.gradient[channel])
      #expect(abs(byGamma - Double(gradient)) < 2e-3)
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
