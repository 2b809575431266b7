import NeuralNetwork

/// Labelled pictures whose features stand in a store, as the training code reads them: a few rows
/// at a time, so that any number of pictures trains in bounded memory.
public struct StoredFeatures: FeatureSource {
  private let store: FeatureStore
  private let pictures: [PictureHash]
  private let labels: [Int]
  private let views: [FeatureView]

  /// - Parameters:
  ///   - pictures: Each is a row of the first view; then come the rows of the next one.
  ///   - labels: The class of each picture.
  public init(
    _ store: FeatureStore, pictures: [PictureHash], labels: [Int],
    views: [FeatureView] = [.plain]
  ) {
    precondition(pictures.count == labels.count, "a label for each picture")
    precondition(!views.isEmpty, "a view at least")
    self.store = store
    self.pictures = pictures
    self.labels = labels
    self.views = views
  }

  public var count: Int { pictures.count * views.count }

  /// Height, width and channels.
  public var shape: [Int] { [store.shape.height, store.shape.width, store.shape.channels] }

  public func label(_ row: Int) -> Int { labels[row % labels.count] }

  /// The features of some rows, in the order asked.
  ///
  /// - Throws: ``FeatureStoreError`` if they cannot be read.
  public func read(_ rows: [Int]) throws -> [Float] {
    try store.read(
      rows.map { FeatureRow(pictures[$0 % pictures.count], views[$0 / pictures.count]) })
  }
}
