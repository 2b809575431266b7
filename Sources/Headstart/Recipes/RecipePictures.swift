import Pictures

/// The pictures that show what a model sees and says.
enum RecipePictures {
  private static let samples = 12
  private static let rows = 4
  private static let views = 5

  /// `samples.png`: single predictions, evenly from the list.
  static func writeSamples(
    _ predictions: [Prediction], classes: [String], to folder: RunFolder
  ) throws {
    guard !predictions.isEmpty else { return try folder.remove("samples.png") }
    try folder.write(
      try PictureGrid.samples(
        some(samples, of: predictions), classes: classes, limit: samples), to: "samples.png")
  }

  /// `augmented.png`: some training pictures and augmented views of each.
  ///
  /// - Parameter paths: that can be read.
  static func writeViews(
    of paths: [String], _ augmentation: Augmentation?, _ settings: FeatureSettings,
    to folder: RunFolder
  ) throws {
    guard let augmentation, !augmentation.isNeutral, !paths.isEmpty else {
      return try folder.remove("augmented.png")
    }
    try folder.write(
      try PictureGrid.augmented(
        some(rows, of: paths), settings: settings, augmentation: augmentation, seed: 0,
        views: views), to: "augmented.png")
  }

  private static func some<Element>(_ count: Int, of elements: [Element]) -> [Element] {
    let step = max(1, elements.count / count)
    return stride(from: 0, to: elements.count, by: step).prefix(count).map { elements[$0] }
  }
}
