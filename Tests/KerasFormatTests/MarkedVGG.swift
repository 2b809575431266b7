import KerasFormat
import Testing

/// The weights that Scripts/fixtures/keras_weights.py puts into every VGG fixture (its function `mark`).
struct MarkedVGG {
  let architecture: VGGWeights.Architecture

  private static func kernel(
    _ layer: Int, _ height: Int, _ width: Int, _ inputs: Int, _ outputs: Int
  ) -> [Float] {
    var values = [Float](repeating: 0, count: height * width * inputs * outputs)
    for k in 0..<8 {
      let row = (layer + k) % height
      let column = (layer + 2 * k + 1) % width
      let input = (7 * layer + 5 * k) % inputs
      let output = (11 * layer + 13 * k + 1) % outputs
      values[((row * width + column) * inputs + input) * outputs + output] =
        Float(layer + 1) + Float(k) / 16
    }
    return values
  }

  private static func bias(_ layer: Int, _ outputs: Int) -> [Float] {
    var values = [Float](repeating: 0, count: outputs)
    for k in 0..<8 { values[(3 * layer + k) % outputs] = -Float(layer + 1) - Float(k) / 16 }
    return values
  }

  /// Compares all convolutions, and the top if there should be one.
  func expect(
    _ weights: VGGWeights, top: Bool, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    #expect(weights.architecture == architecture, sourceLocation: sourceLocation)
    var inputs = 3
    var index = 0
    for (block, (count, channels)) in architecture.blocks.enumerated() {
      for convolution in 1...count {
        let layer = weights.convolutions[index]
        #expect(layer.name == "block\(block + 1)_conv\(convolution)")
        #expect(layer.inputChannels == inputs && layer.outputChannels == channels)
        // Booleans, so that a failure does not print millions of numbers.
        let kernelIsEqual = layer.kernel == Self.kernel(index, 3, 3, inputs, channels)
        #expect(kernelIsEqual, "kernel of \(layer.name)", sourceLocation: sourceLocation)
        let biasIsEqual = layer.bias == Self.bias(index, channels)
        #expect(biasIsEqual, "bias of \(layer.name)", sourceLocation: sourceLocation)
        inputs = channels
        index += 1
      }
    }
    #expect(weights.convolutions.count == index, sourceLocation: sourceLocation)
    guard top else {
      #expect(weights.dense.isEmpty, sourceLocation: sourceLocation)
      return
    }
    #expect(weights.dense.map(\.name) == ["fc1", "fc2", "predictions"])
    for (layer, (side, channels, units)) in zip(
      weights.dense, [(2, 512, 4096), (1, 4096, 4096), (1, 4096, 10)])
    {
      #expect(layer.inputs == side * side * channels && layer.outputs == units)
      let kernelIsEqual = layer.kernel == Self.kernel(index, side, side, channels, units)
      #expect(kernelIsEqual, "kernel of \(layer.name)", sourceLocation: sourceLocation)
      let biasIsEqual = layer.bias == Self.bias(index, units)
      #expect(biasIsEqual, "bias of \(layer.name)", sourceLocation: sourceLocation)
      index += 1
    }
  }
}
