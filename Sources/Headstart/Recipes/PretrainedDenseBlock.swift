import Foundation
import KerasFormat
import NeuralNetwork

/// Frozen layers with weights of their own between a backbone's features and a new last layer.
package struct PretrainedDenseBlock {
  private let layers: [any Layer]
  private let inputShape: [Int]

  /// Finds the weight file that holds both the convolutions and the block.
  ///
  /// - Throws: ``RecipeError`` if there is none.
  static func weightFile(_ block: RecipeModel.DenseBlock) throws -> String {
    let paths = ["vgg16_bn.h5", UntrainedWeights.Network.vgg16bn.fileName].map {
      (WeightsLocation.folder as NSString).appendingPathComponent($0)
    }
    guard let path = paths.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
      throw RecipeError(
        "denseBlock \(block.name.rawValue)",
        expected: "fast.ai's \(paths[0]), or a stand-in with an untrained dense block, which"
          + " `headstart weights make vgg16bn` writes", found: "neither")
    }
    return path
  }

  /// - Parameters:
  ///   - epsilon: of batch normalisation, which the block's file does not say.
  ///   - inputShape: of the backbone's features.
  ///   - seed: of dropout.
  /// - Throws: ``RecipeError`` for another size of pictures.
  package init(
    _ block: VGG16BNBlock, epsilon: Float, inputShape: FeatureShape, seed: UInt64
  ) throws {
    self.inputShape = [inputShape.height, inputShape.width, inputShape.channels]
    let inputs = block.parts[0].kernel.shape[0]
    guard inputShape.count == inputs else {
      throw RecipeError(
        "denseBlock", expected: "\(inputs) features, those of 224 × 224 pixels",
        found: "\(inputShape.count)")
    }
    var layers: [any Layer] = [Flatten(name: "flatten")]
    for (index, part) in block.parts.enumerated() {
      layers.append(
        try Dense(
          name: "fc\(index + 1)",
          kernel: Tensor(shape: part.kernel.shape, values: part.kernel.values),
          bias: Tensor(shape: [part.bias.count], values: part.bias), activation: .relu))
      layers.append(
        try BatchNormalization(
          gamma: part.gamma, beta: part.beta, movingMean: part.movingMean,
          movingVariance: part.movingVariance, epsilon: epsilon, name: "bn\(index + 1)"))
      for place in layers.indices { layers[place].setTrainable(false) }
      layers.append(try Dropout(0.5, seed: seed &+ UInt64(index), name: "dropout\(index + 1)"))
    }
    self.layers = layers
  }

  /// The block below a new network, which alone trains.
  package func network(
    with architecture: NetworkArchitecture, classes: Int, seed: UInt64
  ) throws -> Sequential {
    let block = try Sequential(inputShape: inputShape, layers: layers)
    let top = try architecture.network(
      inputShape: try block.outputShape(), classes: classes, seed: seed)
    return try Sequential(inputShape: inputShape, layers: layers + top.layers)
  }
}
