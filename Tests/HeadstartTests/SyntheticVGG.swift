import KerasFormat

/// VGG16 with made-up weights of the right shapes.
enum SyntheticVGG {
  /// Every value is its own position among all values, modulo 1000.
  static func counting() throws -> VGGWeights {
    var position = 0
    func next(_ count: Int) -> [Float] {
      defer { position += count }
      return (position..<position + count).map { Float($0 % 1000) }
    }
    return try VGGWeights(
      architecture: .vgg16,
      convolutions: VGGWeights.Architecture.vgg16.convolutions.map { layer in
        .init(
          name: layer.name, inputChannels: layer.inputChannels,
          outputChannels: layer.outputChannels,
          kernel: next(9 * layer.inputChannels * layer.outputChannels),
          bias: next(layer.outputChannels))
      })
  }

  /// ``counting()`` in Python: `sha256((np.arange(14714688) % 1000).astype("<f4").tobytes())`.
  static let countingSHA256 = "f9200ca71a0a1e7fa6638b0a7830e46e4b2d6eec1746dc13fde8d93c017599b4"

  /// As an ONNX model with kernels (out, in, height, width).
  static func onnx(_ weights: VGGWeights) -> [UInt8] {
    ONNXFile.model(
      weights.convolutions.flatMap { layer in
        let (inputs, outputs) = (layer.inputChannels, layer.outputChannels)
        var kernel: [Float] = []
        kernel.reserveCapacity(layer.kernel.count)
        for output in 0..<outputs {
          for input in 0..<inputs {
            for position in 0..<9 {
              kernel.append(layer.kernel[(position * inputs + input) * outputs + output])
            }
          }
        }
        let prefix = "functional_1/\(layer.name)_1/"
        return [
          ONNXFile.tensor(
            prefix + "convolution/ReadVariableOp:0",
            dimensions: [UInt64(outputs), UInt64(inputs), 3, 3], data: ONNXFile.bytes(kernel)),
          ONNXFile.tensor(
            prefix + "Squeeze:0", dimensions: [UInt64(outputs)], data: ONNXFile.bytes(layer.bias)),
        ]
      })
  }
}
