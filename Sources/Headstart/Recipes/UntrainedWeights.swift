import Foundation
import KerasFormat
import NeuralNetwork

/// Weight files of networks whose trained weights cannot be had: the same layers and shapes,
/// drawn at random. Good for trying a pipeline, not for its results.
public struct UntrainedWeights: Sendable {
  /// What stand-ins can be made for.
  public enum Network: String, Sendable, CaseIterable {
    /// VGG19 without top.
    case vgg19
    /// fast.ai's VGG16BN: VGG16's own convolutions with an untrained dense block.
    case vgg16bn

    /// Told apart from a trained file at a glance.
    public var fileName: String { "\(rawValue)-untrained.h5" }
  }

  /// The stand-in for a backbone in the folder of the weights, if one was made.
  static func standIn(for backbone: Backbone) -> String? {
    guard backbone == .vgg19 else { return nil }
    let path = (WeightsLocation.folder as NSString)
      .appendingPathComponent(Network.vgg19.fileName)
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }

  /// What is to be said of a network that has the weights of a file; nil of trained ones.
  static func remark(_ path: String?) -> String? {
    guard let path,
      let network = Network.allCases.first(where: {
        $0.fileName == (path as NSString).lastPathComponent
      })
    else { return nil }
    return switch network {
    case .vgg19: "the weights of \(path) are untrained: the figures say nothing of VGG19"
    case .vgg16bn: "the dense block of \(path) is untrained: random projections, normalised"
    }
  }

  public let network: Network
  /// The same seed makes the same weights.
  public let seed: UInt64

  public init(_ network: Network, seed: UInt64) {
    self.network = network
    self.seed = seed
  }

  /// Writes the file into a folder; its path.
  ///
  /// Convolutions are drawn as He et al. do (arXiv:1502.01852), normal with variance 2 / inputs, so
  /// that activations keep their size through sixteen of them; dense kernels glorot-uniform;
  /// biases zero; normalisations neutral.
  ///
  /// - Throws: `StageError` if VGG16's weights are needed and not there, `KerasFormatError` if the
  ///   file cannot be written.
  public func write(into folder: String) throws -> String {
    try StageError.create(folder: folder)
    let path = (folder as NSString).appendingPathComponent(network.fileName)
    var generator = Generator.derived(seed: seed, purpose: 0x0E16)
    switch network {
    case .vgg19:
      let convolutions = VGGWeights.Architecture.vgg19.convolutions.map { layer in
        let count = 9 * layer.inputChannels * layer.outputChannels
        let deviation = (2 / Float(9 * layer.inputChannels)).squareRoot()
        return VGGWeights.Convolution(
          name: layer.name, inputChannels: layer.inputChannels,
          outputChannels: layer.outputChannels,
          kernel: (0..<count).map { _ in deviation * Float(generator.normal()) },
          bias: Array(repeating: 0, count: layer.outputChannels))
      }
      try VGGWeights(architecture: .vgg19, convolutions: convolutions).save(path)
    case .vgg16bn:
      let source = try VGGWeights.load(try WeightsLocation.find(.vgg16, layer: "block5_pool"))
      let units = 4096
      let parts = [25088, units].map { inputs in
        VGG16BNBlock.Part(
          kernel: NamedTensor(
            name: "kernel", shape: [inputs, units],
            values: generator.glorotUniform(
              shape: [inputs, units], inputs: inputs, outputs: units
            ).values),
          bias: Array(repeating: 0, count: units), gamma: Array(repeating: 1, count: units),
          beta: Array(repeating: 0, count: units), movingMean: Array(repeating: 0, count: units),
          movingVariance: Array(repeating: 1, count: units))
      }
      try VGG16BNBlock(parts: parts).save(path, convolutions: source.convolutions)
    }
    return path
  }
}
