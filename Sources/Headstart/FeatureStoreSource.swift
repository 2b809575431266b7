import NeuralNetwork

/// Labelled pictures whose features stand in a store, as the training code reads them: a few rows
/// at a time, so that any number of pictures trains in bounded memory.
public struct StoredFeatures: FeatureSource {
  private let store: FeatureStore
  private let pictures: [PictureHash]
  private let labels: [Int]
  private let view: FeatureView

  /// - Parameters:
  ///   - pictures: The picture of each row.
  ///   - labels: The class of each row.
  public init(
    _ store: FeatureStore, pictures: [PictureHash], labels: [Int], view: FeatureView = .plain
  ) {
    precondition(pictures.count == labels.count, "a label for each picture")
    self.store = store
    self.pictures = pictures
    self.labels = labels
    self.view = view
  }

  public var count: Int { pictures.count }

  /// Height, width and channels.
  public var shape: [Int] { [store.shape.height, store.shape.width, store.shape.channels] }

  public func label(_ row: Int) -> Int { labels[row] }

  /// The features of some rows, in the order asked.
  ///
  /// - Throws: ``FeatureStoreError`` if they cannot be read.
  public func read(_ rows: [Int]) throws -> [Float] {
    try store.read(rows.map { pictures[$0] }, view: view)
  }
}
