import Pictures

/// The pictures that show what a model sees and says.
package enum RecipePictures {
  private static let samples = 12
  /// Rows of `augmented.png`, and views of each picture in it.
  private static let rows = 4
  private static let views = 5
  /// Pictures in `strip.png`.
  private static let stripped = 5

  /// `samples.png`: single predictions, equally many of each class, evenly from the list.
  static func writeSamples(_ judged: JudgedPredictions?, to folder: RunFolder) throws {
    guard let judged, !judged.predictions.isEmpty else { return try folder.remove("samples.png") }
    let chosen = spread(samples, over: judged.labels)
    try folder.write(
      try PictureGrid.samples(
        chosen.map { judged.predictions[$0] }, labels: chosen.map { judged.labels[$0] },
        classes: judged.classes, limit: samples), to: "samples.png")
  }

  /// `augmented.png`: some training pictures, and the first of the augmented views of each that were
  /// made for training.
  ///
  /// - Parameters:
  ///   - pictures: that can be read.
  ///   - model: with the run's own seed.
  ///   - epochs: that were trained.
  static func writeViews(
    of pictures: [Sample], _ model: RecipeModel, epochs: Int, _ settings: FeatureSettings,
    to folder: RunFolder
  ) throws {
    let views = Array(model.trainedViews(epochs: epochs).prefix(views))
    guard !views.isEmpty, !pictures.isEmpty else { return try folder.remove("augmented.png") }
    let count = rows * PictureGrid.picturesInARow(views: views.count)
    let chosen = spread(count, over: pictures.map { $0.label ?? 0 })
    try folder.write(
      try PictureGrid.augmented(
        chosen.map { pictures[$0].path }, settings: settings, views: views), to: "augmented.png")
  }

  /// `strip.png`: training pictures side by side, evenly from the list.
  ///
  /// - Parameter pictures: that can be read.
  static func writeStrip(of pictures: [Sample], to folder: RunFolder) throws {
    guard !pictures.isEmpty else { return try folder.remove("strip.png") }
    try folder.write(
      try PictureGrid.strip(evenly(stripped, of: pictures).map(\.path)), to: "strip.png")
  }

  /// About so many places, equally many of each class, class by class; of each evenly from first to
  /// last. Of more classes than places one of some.
  package static func spread(_ count: Int, over labels: [Int]) -> [Int] {
    guard !labels.isEmpty else { return [] }
    let classes = Dictionary(grouping: labels.indices) { labels[$0] }
      .sorted { $0.key < $1.key }.map(\.value)
    return evenly(count, of: classes).flatMap {
      evenly(max(1, count / classes.count), of: $0)
    }
  }

  private static func evenly<Element>(_ count: Int, of elements: [Element]) -> [Element] {
    let count = min(count, elements.count)
    return (0..<count).map { elements[$0 * elements.count / count] }
  }
}

extension RecipeModel {
  /// The augmented views of a picture that training takes, in the order in which it makes them;
  /// none if it takes the picture as it is.
  func trainedViews(epochs: Int) -> [PictureView] {
    if let head { return head.trainingViews.filter { $0 != .plain } }
    guard let augmentation else { return [] }
    if let fineTuning {
      let schedule = ViewSchedule(
        augmentation: augmentation, seed: fineTuning.seed, count: fineTuning.viewCount,
        freshAfter: fineTuning.freshViews)
      return (1...max(1, epochs)).flatMap { schedule.freshViews(epoch: $0) }
    }
    guard let training else { return [] }
    // On pixels each epoch draws its own; of a backbone's features there are as many as were kept.
    return features.backbone == .none
      ? PictureView.random(max(1, epochs), of: augmentation, seed: training.seed, from: 1)
      : PictureView.random(training.views, of: augmentation, seed: training.seed)
  }
}
