import KerasFormat
import Kernels
import Pictures

/// The frozen network whose features the head is trained on.
public enum Backbone: String, Codable, Sendable, CaseIterable {
  case vgg16, vgg19
  /// No network: the features are the preprocessed pixels themselves.
  case none
}

/// Everything a user chooses that changes the features of a picture.
///
/// Two equal values, the same weights and the same picture give the same bits; the feature store's
/// key, the model file and the manifest all record this value.
public struct FeatureSettings: Codable, Sendable, Equatable {
  /// The pretrained network, or none.
  public var backbone: Backbone
  /// The layer whose output is taken, by its Keras name: `block5_pool`, `block4_conv3`, `fc1`…;
  /// `input` for ``Backbone/none``.
  public var layer: String
  /// Pixels; every picture is resized to this, its aspect not kept, as Keras does.
  public var height: Int
  /// In pixels.
  public var width: Int
  /// What is done to the pixels' values.
  public var preprocessing: Preprocessing
  /// How pictures are resized.
  public var interpolation: Interpolation
  /// Whether the orientation that a camera noted in the file is ignored, as Keras ignores it.
  public var ignoreEXIF: Bool
  /// How the convolutions are computed.
  public var arithmetic: Arithmetic

  public init(
    backbone: Backbone = .vgg16, layer: String? = nil, height: Int = 224, width: Int = 224,
    preprocessing: Preprocessing = .caffe, interpolation: Interpolation = .bilinear,
    ignoreEXIF: Bool = false, arithmetic: Arithmetic = .f32
  ) {
    self.backbone = backbone
    self.layer = layer ?? (backbone == .none ? "input" : "block5_pool")
    self.height = height
    self.width = width
    self.preprocessing = preprocessing
    self.interpolation = interpolation
    self.ignoreEXIF = ignoreEXIF
    self.arithmetic = arithmetic
  }

  /// Refuses a layer that no weights of the backbone have.
  ///
  /// - Throws: ``BackboneError/unknownLayer(_:known:source:)``.
  public func checkLayer() throws {
    guard let architecture = VGGWeights.Architecture(rawValue: backbone.rawValue) else {
      guard layer == "input" else {
        throw BackboneError.unknownLayer(layer, known: ["input"], source: "--backbone none")
      }
      return
    }
    _ = try VGGPlan(
      layer: layer, convolutions: architecture.convolutions.map(\.name), dense: ["fc1", "fc2"],
      source: backbone.rawValue)
  }
}

extension Preprocessing: Codable {}
extension Interpolation: Codable {}
extension Arithmetic: Codable {}
