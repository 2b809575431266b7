extension WeightFile {
  /// The networks that are recognised by their shapes.
  public enum Network: Sendable, Equatable, CustomStringConvertible {
    case vgg(VGGWeights.Architecture, hasTop: Bool)
    /// VGG16 with batch normalisation after its first two dense layers, as fast.ai trained it.
    case vgg16BatchNormalization

    public var description: String {
      switch self {
      case .vgg(let architecture, let hasTop):
        "\(architecture.rawValue.uppercased()) \(hasTop ? "with" : "without") top"
      case .vgg16BatchNormalization: "VGG16 with batch normalisation in its top (fast.ai)"
      }
    }
  }

  /// The network that the file's shapes are those of; nil if it is none of those known.
  public var network: Network? {
    guard let found = try? VGGLayers(in: self) else { return nil }
    if found.architecture == .vgg16, hasNormalization, units.count == 16 {
      return .vgg16BatchNormalization
    }
    return .vgg(found.architecture, hasTop: found.dense.count == 3)
  }
}
