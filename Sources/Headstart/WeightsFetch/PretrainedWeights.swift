import Foundation
import KerasFormat

/// One of the official Keras weight files: where it is published and how to tell that it is whole.
///
/// Sizes and MD5 sums: keras-applications 1.0.8, `vgg16.py` and `vgg19.py`. (MD5 because it is what
/// the publisher gives; it tells damage from health, not friend from foe.)
public struct PretrainedWeights: Sendable, Hashable {
  /// The network.
  public let architecture: VGGWeights.Architecture
  /// Whether the file holds the dense layers `fc1`, `fc2` and `predictions` as well.
  public let includesTop: Bool
  /// The file's size.
  public let byteCount: Int
  /// Hexadecimal, lower case.
  public let md5: String
  /// ``VGGWeights/tensorSHA256()`` of the weights in it, where it is known: it tells the same
  /// weights in another container.
  public let tensorSHA256: String?

  package init(
    architecture: VGGWeights.Architecture, includesTop: Bool, byteCount: Int, md5: String,
    tensorSHA256: String?
  ) {
    self.architecture = architecture
    self.includesTop = includesTop
    self.byteCount = byteCount
    self.md5 = md5
    self.tensorSHA256 = tensorSHA256
  }

  /// Every file that keras-applications publishes of these networks.
  public static let all = [
    PretrainedWeights(
      architecture: .vgg16, includesTop: false, byteCount: 58_889_256,
      md5: "6d6bbae143d832006294945121d1f1fc",
      tensorSHA256: "d9a27cc1fc7f975ef8cff49180e794ccd7c4bc868ebb49740803b3bbaa8dbefd"),
    PretrainedWeights(
      architecture: .vgg16, includesTop: true, byteCount: 553_467_096,
      md5: "64373286793e3c8b2b4e3219cbf3544b", tensorSHA256: nil),
    PretrainedWeights(
      architecture: .vgg19, includesTop: false, byteCount: 80_134_624,
      md5: "253f8cb515780f3b799900260a226db6", tensorSHA256: nil),
    PretrainedWeights(
      architecture: .vgg19, includesTop: true, byteCount: 574_710_816,
      md5: "cbe5617147190e668d6c5d5026f83318", tensorSHA256: nil),
  ]

  /// The official file of a network, with or without its dense layers.
  public static func file(
    _ architecture: VGGWeights.Architecture, includesTop: Bool
  ) -> PretrainedWeights {
    // Every pair is in the table, so there is always a first.
    all.first { $0.architecture == architecture && $0.includesTop == includesTop }!
  }

  /// The official file's name, such as `vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5`.
  public var fileName: String {
    "\(architecture.rawValue)_weights_tf_dim_ordering_tf_kernels\(includesTop ? "" : "_notop").h5"
  }

  /// Where it is published, in the order they are tried.
  public var officialAddresses: [String] {
    [
      "https://storage.googleapis.com/tensorflow/keras-applications/"
        + "\(architecture.rawValue)/\(fileName)",
      "https://github.com/fchollet/deep-learning-models/releases/download/v0.1/\(fileName)",
    ]
  }
}

extension PretrainedWeights {
  /// What is to be said of a file that has the name of an official one, but not its weights; nil of
  /// any other, and where the weights' hash is not known.
  ///
  /// - Throws: `KerasFormatError` if the file cannot be read.
  public static func warning(of path: String) throws -> String? {
    try warning(of: path) { try VGGWeights.load(path) }
  }

  /// - Parameter weights: those in the file.
  static func warning(of path: String, weights: () throws -> VGGWeights) rethrows -> String? {
    let name = URL(fileURLWithPath: path).lastPathComponent
    guard let expected = all.first(where: { $0.fileName == name })?.tensorSHA256,
      try weights().tensorSHA256() != expected
    else { return nil }
    return "\(path) has the name of the official weights, but holds others (`headstart weights"
      + " verify` says more; `headstart weights fetch` gets them anew once it is moved away)"
  }
}
