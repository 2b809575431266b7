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
  public var preprocessing: Preprocessing
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

  /// - Parameters:
  ///   - bytes: A picture file's contents.
  ///   - name: Its path, for messages.
  /// - Returns: (height, width, 3) in the order of channels that the preprocessing gives.
  /// - Throws: The decoder's error if the bytes are no whole picture.
  public func callAsFunction(_ bytes: [UInt8], name: String) throws -> [Float] {
    let picture = try PictureDecoder.decode(
      bytes, name: name, options: DecodingOptions(ignoreEXIF: ignoresEXIF))
    return preprocessing.apply(
      picture.resized(width: width, height: height, interpolation))
  }
}
