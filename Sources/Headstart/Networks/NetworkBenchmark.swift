import Foundation
import Kernels
import NeuralNetwork
import Pictures

/// How long an epoch of a network from scratch takes on a folder of photos, files, augmentation and
/// all.
public struct NetworkBenchmark: Encodable, Sendable {
  /// The networks that can be timed.
  public enum Network: String, CaseIterable, Sendable, Encodable {
    /// The first network of the Keras blog's "powerful image classification models using very
    /// little data": three convolutions, 1,212,513 parameters at 150 × 150.
    case smallConvnet = "small-convnet"

    var architecture: NetworkArchitecture {
      let convolutions: [LayerSpecification] = [32, 32, 64].flatMap { filters in
        [
          LayerSpecification(
            "Conv2D", ["filters": .integer(filters), "kernel_size": 3, "activation": "relu"]),
          LayerSpecification("MaxPooling2D"),
        ]
      }
      return NetworkArchitecture(
        layers: convolutions + [
          LayerSpecification("Flatten"),
          LayerSpecification("Dense", ["units": 64, "activation": "relu"]),
          LayerSpecification("Dropout", ["rate": 0.5]),
          LayerSpecification(LayerSpecification.output),
        ])
    }
  }

  public let network: Network
  public let cpu: String
  public let threads: Int
  /// Pixels square.
  public let size: Int
  public let batch: Int
  public let pictures: Int
  /// To read and decode all files, once.
  public let decodingSeconds: Double
  /// Of each epoch: augmentation, forward, backward and update of all pictures.
  public let epochSeconds: [Double]

  /// - Parameters:
  ///   - data: only the training pictures count; shear 11.46°, zoom .2 and horizontal flip are drawn.
  ///   - epochs: at least one.
  public init(
    _ network: Network, data: DataSet, size: Int, batch: Int, epochs: Int, pool: ThreadPool,
    cancellation: Cancellation
  ) throws {
    let machine = Manifest.Machine(threads: pool.threads)
    self.network = network
    cpu = machine.cpu
    threads = machine.threads
    self.size = size
    self.batch = batch
    let features = FeatureSettings(
      backbone: .none, height: size, width: size, preprocessing: .rescale,
      interpolation: .nearest, ignoreEXIF: true)
    var settings = NetworkSettings()
    settings.batchSize = batch
    settings.epochs = epochs
    settings.augmentation.shearRange = 11.46
    settings.augmentation.zoomRange = Augmentation.zoom(0.2)
    settings.augmentation.horizontalFlip = true
    let stage = NetworkStage(
      features: features, architecture: network.architecture, settings: settings,
      featuresFolder: "", pool: pool)
    let inputs = try NetworkInputs(
      stage, data, backbone: try PixelBackbone(settings: features), budget: stage.memory,
      cancellation: cancellation, progress: { _ in })
    pictures = inputs.train.count
    decodingSeconds = inputs.extraction.counts.seconds
    let trained = try Trainer(
      settings.training(classWeights: nil, hasValidation: false), pool: pool
    ).train(
      network.architecture.network(
        inputShape: [size, size, 3], classes: data.classes.count, seed: 0), on: inputs.train
    ) { _ in try cancellation.check() }
    epochSeconds = trained.history.map(\.seconds)
  }
}
