import Kernels
import NeuralNetwork
import Pictures

/// Fitting a head's one dense layer to augmented views, with everything below as it is.
///
/// A head fitted to plain pictures is all but certain of them; what it gets wrong of augmented
/// views would be unlearned by the convolutions first. A head that has seen the views leaves them
/// only what is theirs to learn.
struct HeadRefit {
  let store: FeatureStore
  let pool: ThreadPool

  /// Whether a head is fixed layers and one dense layer, which a convex fit finds.
  static func applies(to head: Sequential) -> Bool {
    head.layers.last is Dense && head.layers.count { $0.isTrainable } == 1
  }

  /// Replaces the last layer of `network` by one fitted to all views of all pictures.
  ///
  /// - Parameters:
  ///   - labels: the class of each picture.
  ///   - groups: pictures of equal number share a fold; so do the views of each.
  func run(
    _ network: inout Sequential, pictures: [PictureHash], labels: [Int], groups: [Int],
    views: [PictureView], classes: Int, balanced: Bool, seed: UInt64,
    progress: (HeadProgress) throws -> Void
  ) throws {
    guard let dense = network.layers.last as? Dense else { return }
    let below = try Sequential(
      inputShape: network.inputShape, layers: Array(network.layers.dropLast()))
    let rows = views.flatMap { view in pictures.map { FeatureRow($0, view.featureView) } }
    var features: [Float] = []
    features.reserveCapacity(rows.count * dense.inputs)
    for start in stride(from: 0, to: rows.count, by: Self.batch) {
      let part = Array(rows[start..<min(start + Self.batch, rows.count)])
      let input = Tensor(shape: [part.count] + network.inputShape, values: try store.read(part))
      features += try below(input, pool: pool).values
      try progress(.reading(done: start + part.count, total: rows.count))
    }
    var settings = HeadSettings()
    settings.seed = seed
    settings.balanced = balanced
    var configuration = settings.configuration(
      pooling: .flatten, labels: labels, groups: groups, classes: classes)
    configuration.afterPooling = []
    let allLabels = views.flatMap { _ in labels }
    let trained = try HeadTrainer(configuration, classes: classes, pool: pool).train(
      on: MemoryFeatures(features: features, shape: [dense.inputs], labels: allLabels),
      groups: views.flatMap { _ in groups }, progress: progress)
    guard var fitted = trained.model.layers.last as? Dense else { return }
    fitted.name = dense.name
    network.layers[network.layers.count - 1] = fitted
  }

  private static let batch = 32
}
