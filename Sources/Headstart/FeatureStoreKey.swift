import Crypto
import Foundation
import Kernels
import Pictures

/// Everything that changes the numbers of a feature: two runs with equal keys compute the same
/// bits from the same picture, and two runs with different keys never see each other's features.
///
/// A key has a canonical text of one `name=value` line per field, in the order of the names. Its
/// SHA-256 is the ``identifier``, and the first twelve digits of that end the name of the folder
/// in which the features stand.
public struct FeatureKey: Sendable, Hashable {
  /// The network: `vgg16`, `vgg19`.
  public var backbone: String
  /// ``TensorHash`` of the tensors that the layer depends on, so that a weight file with the
  /// dense top gives the same `block5_pool` features as one without.
  public var weights: String
  /// The layer whose output is kept: `block5_pool`.
  public var layer: String
  /// The picture's height and width as the network sees them, in pixels.
  public var height: Int, width: Int
  /// What is done to the pixel values.
  public var preprocessing: Preprocessing
  /// How a picture is resized.
  public var interpolation: Interpolation
  /// Whether the orientation that a camera wrote down is left aside, as Keras does.
  public var ignoresEXIF: Bool
  /// The products' precision, with the version of its code.
  public var arithmetic: Arithmetic
  /// The instructions in use: sums are grouped differently by each, so the last bits differ.
  public var instructionSet: InstructionSet
  /// Version of the code that decodes, resizes and preprocesses.
  public var preparationVersion: Int

  public init(
    backbone: String, weights: String, layer: String, height: Int, width: Int,
    preprocessing: Preprocessing, interpolation: Interpolation, ignoresEXIF: Bool,
    arithmetic: Arithmetic, instructionSet: InstructionSet = .current,
    preparationVersion: Int = PicturePreparation.codeVersion
  ) {
    self.backbone = backbone
    self.weights = weights
    self.layer = layer
    self.height = height
    self.width = width
    self.preprocessing = preprocessing
    self.interpolation = interpolation
    self.ignoresEXIF = ignoresEXIF
    self.arithmetic = arithmetic
    self.instructionSet = instructionSet
    self.preparationVersion = preparationVersion
  }

  /// The fields as text, under the names that `key.json` and the canonical text use.
  public var settings: [String: String] {
    [
      "arithmetic": "\(arithmetic.rawValue) version \(arithmetic.codeVersion)",
      "backbone": backbone,
      "exif": ignoresEXIF ? "ignored" : "applied",
      "instructions": instructionSet.rawValue,
      "interpolation": interpolation.rawValue,
      "layer": layer,
      "preparation": "version \(preparationVersion)",
      "preprocessing": preprocessing.rawValue,
      "size": "\(height)x\(width)",
      "store": "version \(FeatureStore.formatVersion)",
      "weights": weights,
    ]
  }

  /// The text that is hashed: a sorted `name=value` line per field.
  public var canonicalText: String { Self.canonicalText(settings) }

  /// 64 hexadecimal digits, different for every difference in the fields.
  public var identifier: String { Self.identifier(settings) }

  /// The store's folder: `vgg16-block5_pool-224-4f1d…`, or `…-150x200-…` (height × width).
  public var folderName: String { folderName(.plain) }

  /// The folder of a store in which the features are kept at some precision.
  public func folderName(_ storage: FeatureStorage) -> String {
    let size = height == width ? "\(height)" : "\(height)x\(width)"
    let identifier = Self.identifier(settings.merging(storage.settings) { $1 })
    return "\(backbone)-\(layer)-\(size)-\(identifier.prefix(12))"
  }

  static func canonicalText(_ settings: [String: String]) -> String {
    settings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }.joined()
  }

  static func identifier(_ settings: [String: String]) -> String {
    SHA256.hash(data: Array(canonicalText(settings).utf8)).hexadecimal
  }
}

/// Which view of a picture the features were computed from.
///
/// A store holds the plain view of each picture and, for augmentation with cached features, any
/// number of changed ones. The identifier says everything about the change.
public struct FeatureView: Sendable, Hashable, CustomStringConvertible {
  /// Printable ASCII, at most 500 bytes: `plain`, `flipped`, `random-3 rotation=4.5 zoom=0.93`.
  public let identifier: String

  /// The picture as it is.
  public static let plain = FeatureView(checked: "plain")
  /// The picture mirrored left to right.
  public static let flipped = FeatureView(checked: "flipped")

  /// The `index`-th random augmentation of a picture.
  ///
  /// - Parameter parameters: what was drawn and from which distribution, so that another
  ///   distribution is another view: `rotation=4.5 zoom=0.93 flip=1`.
  /// - Returns: `nil` if the parameters are not printable ASCII or too long.
  public static func random(_ index: Int, parameters: String) -> FeatureView? {
    FeatureView(identifier: "random-\(index) \(parameters)")
  }

  /// - Returns: `nil` unless the identifier is 1 to 500 bytes of printable ASCII.
  public init?(identifier: String) {
    guard (1...500).contains(identifier.utf8.count),
      identifier.utf8.allSatisfy({ (0x20..<0x7F).contains($0) })
    else { return nil }
    self.init(checked: identifier)
  }

  private init(checked identifier: String) { self.identifier = identifier }

  public var description: String { identifier }
}

/// Height, width and channels of one picture's features; a dense layer's output is 1 × 1 × units.
public struct FeatureShape: Sendable, Hashable, Codable, CustomStringConvertible {
  public var height: Int, width: Int, channels: Int

  public init(height: Int, width: Int, channels: Int) {
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// Values per picture.
  public var count: Int { height * width * channels }

  /// Whether a row has 1 to 2³⁰ values. The product of the extents is computed in many places, and
  /// a file must not make it overflow.
  var isReasonable: Bool {
    let largest = 1 << 30
    var product = 1
    for extent in [height, width, channels] {
      guard (1...largest).contains(extent), product * extent <= largest else { return false }
      product *= extent
    }
    return true
  }

  public var description: String { "\(height)×\(width)×\(channels)" }
}
