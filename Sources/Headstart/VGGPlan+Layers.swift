import KerasFormat
import NeuralNetwork

extension VGGPlan {
  /// Convolutions of VGG (3×3, same-padded, ReLU) and the 2×2 poolings behind some of them, as
  /// layers that give gradients, by their Keras names.
  ///
  /// - Parameter pools: whether a pooling follows, for each of the convolutions.
  static func layers(
    _ convolutions: some Collection<VGGWeights.Convolution>, pools: some Collection<Bool>
  ) throws -> [any Layer] {
    try zip(convolutions, pools).flatMap { weights, pools -> [any Layer] in
      let convolution = try Conv2D(
        name: weights.name,
        kernel: Tensor(
          shape: [3, 3, weights.inputChannels, weights.outputChannels], values: weights.kernel),
        bias: Tensor(shape: [weights.outputChannels], values: weights.bias), padding: .same,
        activation: .relu)
      guard pools else { return [convolution] }
      return [
        convolution, try MaxPooling2D(name: UnfrozenPart.block(of: weights.name) + "_pool"),
      ]
    }
  }
}
