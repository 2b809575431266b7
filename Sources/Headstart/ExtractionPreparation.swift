import Pictures

/// From a picture file's bytes to the numbers a network sees: decode, orient, resize, preprocess.
///
/// Extraction, training and prediction all go through this one function, so a network never sees
/// in use what it did not see in training.
public struct PicturePreparation: Sendable, Hashable {
  /// Version of what happens here and below; to be raised when the same bytes give other numbers.
  public static let codeVersion = 1

  /// In pixels.
  public var height: Int, width: Int
  /// What is done to the pixels' values.
  public var preprocessing: Preprocessing
  /// How pictures are resized.
  public var interpolation: Interpolation
  /// Whether the orientation that a camera wrote down is left aside.
  public var ignoresEXIF: Bool

  public init(
    height: Int, width: Int, preprocessing: Preprocessing, interpolation: Interpolation,
    ignoresEXIF: Bool
  ) {
    self.height = height
    self.width = width
    self.preprocessing = preprocessing
    self.interpolation = interpolation
    self.ignoresEXIF = ignoresEXIF
  }

  /// The preparation that the features of a key were made with.
  public init(_ key: FeatureKey) {
    self.init(
      height: key.height, width: key.width, preprocessing: key.preprocessing,
      interpolation: key.interpolation, ignoresEXIF: key.ignoresEXIF)
  }

  /// The plain view of a picture.
  ///
  /// - Parameters:
  ///   - bytes: A picture file's contents.
  ///   - name: Its path, for messages.
  /// - Returns: (height, width, 3) in the order of channels that the preprocessing gives.
  /// - Throws: The decoder's error if the bytes are no whole picture.
  public func callAsFunction(_ bytes: [UInt8], name: String) throws -> [Float] {
    prepare(try decode(bytes, name: name), .plain)
  }

  /// Several views of a picture, which is decoded once.
  ///
  /// - Parameters:
  ///   - bytes: A picture file's contents.
  ///   - name: Its path, for messages.
  ///   - picture: The hash of the bytes, from which random views are drawn.
  /// - Returns: (height, width, 3) of each view, in their order.
  /// - Throws: The decoder's error if the bytes are no whole picture.
  public func callAsFunction(
    _ bytes: [UInt8], name: String, picture: PictureHash, views: [PictureView]
  ) throws -> [[Float]] {
    let decoded = try decode(bytes, name: name)
    return views.map { self(decoded, hash: picture, view: $0) }
  }

  /// A view of a decoded picture; or, unless the view is cut out of it, of what ``resize(_:)`` gives.
  func callAsFunction(_ picture: Picture, hash: PictureHash, view: PictureView) -> [Float] {
    prepare(
      picture,
      view.transform(
        of: hash, source: (picture.width, picture.height), target: (width, height)))
  }

  /// The picture at the size that the network sees.
  func resize(_ picture: Picture) -> Picture {
    picture.resized(width: width, height: height, interpolation)
  }

  func decode(_ bytes: [UInt8], name: String) throws -> Picture {
    try PictureDecoder.decode(
      bytes, name: name, options: DecodingOptions(ignoreEXIF: ignoresEXIF))
  }

  private func prepare(_ picture: Picture, _ transform: ViewTransform) -> [Float] {
    picture.prepared(transform, width: width, height: height, interpolation, preprocessing)
  }
}
