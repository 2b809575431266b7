import Pictures

/// The views of a picture whose probabilities are averaged.
public struct TestTime: Codable, Sendable, Equatable {
  /// With an augmentation: so many draws from it; without: the first so many of
  /// ``PictureView/testTime(_:)``, that is 1 for the plain picture, 2 for it and its mirror image.
  public var views = 1
  public var augmentation: Augmentation?

  public init() {}

  /// Whether pictures are judged as they are.
  public var isPlain: Bool { views == 1 && augmentation?.isNeutral ?? true }

  public init(views: Int, augmentation: Augmentation? = nil) {
    self.views = views
    self.augmentation = augmentation
  }

  /// - Parameter seed: of the draws from the augmentation, if there is one.
  /// - Throws: ``PictureViewError``, `AugmentationError`.
  public func views(seed: UInt64) throws -> [PictureView] {
    guard let augmentation, !augmentation.isNeutral else {
      return try PictureView.testTime(views)
    }
    guard (1...PictureView.testTimeCount).contains(views) else {
      throw PictureViewError(
        expected: "1 to \(PictureView.testTimeCount) views", found: "\(views)")
    }
    try augmentation.check()
    // Other draws than those of training with the same seed.
    return PictureView.random(views, of: augmentation, seed: seed &+ 1)
  }
}
