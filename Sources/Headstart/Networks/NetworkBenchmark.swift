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

    /// As the recipe has it.
    func architecture() throws -> NetworkArchitecture {
      let model = try Recipe(yaml: try RecipeBook.text("keras-blog"), file: "keras-blog")
        .model(rawValue)
      guard let network = model?.network else {
        throw RecipeError("keras-blog", expected: "the network \(rawValue)", found: "none")
      }
      return network
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
    let architecture = try network.architecture()
    let stage = NetworkStage(
      features: features, architecture: architecture, settings: settings,
      featuresFolder: "", pool: pool)
    let inputs = try NetworkInputs(
      stage, data, backbone: try PixelBackbone(settings: features), budget: stage.memory,
      cancellation: cancellation, progress: { _ in })
    pictures = inputs.train.count
    decodingSeconds = inputs.extraction.counts.seconds
    let trained = try Trainer(
      settings.training(classWeights: nil, hasValidation: false), pool: pool
    ).train(
      architecture.network(
        inputShape: [size, size, 3], classes: data.classes.count, seed: 0), on: inputs.train
    ) { _ in try cancellation.check() }
    epochSeconds = trained.history.map(\.seconds)
  }
}
