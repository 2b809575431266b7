/// How features are written to the disk.
public struct FeatureStorage: Sendable, Hashable, Codable {
  /// The type of the numbers. It changes them, and so belongs to the store's key.
  public enum Precision: String, Sendable, Hashable, Codable, CaseIterable {
    /// IEEE 754 single precision: as they were computed.
    case float32
    /// IEEE 754 half precision: half the space, 11 significant bits, at most 65504. They are read
    /// back as single precision.
    case float16

    /// In bytes.
    public var size: Int { self == .float32 ? 4 : 2 }

    /// The largest number that can be held, if there is such a limit for features.
    var largest: Float? { self == .float32 ? nil : 65504 }
  }

  /// How the numbers are packed; without loss, and any shard of a store may have another.
  public enum Compression: String, Sendable, Hashable, Codable, CaseIterable {
    case none
    /// Deflate at level 1, each row by itself: what every HDF5 reader unpacks.
    case gzip

    /// What a row takes at most and about, as a share of its size: features after ReLU are zero
    /// for the most part.
    var expectedRatio: Double { self == .none ? 1 : 0.45 }
  }

  /// The type of the stored numbers.
  public var precision: Precision
  /// How shards are packed; changes no number.
  public var compression: Compression

  public init(precision: Precision = .float32, compression: Compression = .none) {
    self.precision = precision
    self.compression = compression
  }

  /// Features as they were computed, not compressed.
  public static let plain = FeatureStorage()

  /// What the precision adds to a key's settings; nothing for float32, so that stores keep their
  /// names.
  var settings: [String: String] {
    precision == .float32 ? [:] : [Self.name: precision.rawValue]
  }

  private static let name = "storage"

  /// Takes the storage out of a store's settings.
  ///
  /// - Returns: The precision, and the settings of the key alone; `nil` for an unknown precision.
  static func split(
    _ settings: [String: String]
  ) -> (precision: Precision, key: [String: String])? {
    guard let text = settings[name] else { return (.float32, settings) }
    guard let precision = Precision(rawValue: text) else { return nil }
    var key = settings
    key[name] = nil
    return (precision, key)
  }
}

/// One row of a feature store: a view of a picture.
public struct FeatureRow: Sendable, Hashable {
  /// The picture, by its contents.
  public var picture: PictureHash
  /// What was done to it.
  public var view: FeatureView

  public init(_ picture: PictureHash, _ view: FeatureView = .plain) {
    self.picture = picture
    self.view = view
  }
}
