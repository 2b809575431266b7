import KerasFormat

/// The beginning of a Keras model that is VGG16's or VGG19's convolutional base, or part of it.
struct VGGPart: Equatable {
  let backbone: Backbone
  /// Keras' names of the layers, which the model's own may differ from.
  let names: [String]

  /// The layer that the head stands on.
  var layer: String { names[names.count - 1] }

  /// Finds the longest beginning that is computed as VGG is.
  ///
  /// It counts if it holds all of the base's convolutions or, when the layers have VGG's names as
  /// well, those of three blocks at least; a network that only begins alike stays what it is. Nil
  /// then, and if Keras' names are taken by other layers.
  init?(_ layers: [KerasLayer]) {
    let parts = VGGWeights.Architecture.allCases.compactMap { Self.part(of: layers, $0) }
    guard let part = parts.max(by: { $0.names.count < $1.names.count }) else { return nil }
    let taken = Set(layers.dropFirst(part.names.count).map(\.name))
    guard taken.isDisjoint(with: part.names) else { return nil }
    self = part
  }

  private init(backbone: Backbone, names: [String]) {
    self.backbone = backbone
    self.names = names
  }

  private static func part(
    of layers: [KerasLayer], _ architecture: VGGWeights.Architecture
  ) -> VGGPart? {
    guard let backbone = Backbone(rawValue: architecture.rawValue) else { return nil }
    var convolutions = architecture.convolutions[...]
    var names: [String] = []
    var count = 0
    search: for (index, block) in architecture.blocks.enumerated() {
      for convolution in convolutions.prefix(block.convolutions) {
        guard names.count < layers.count, layers[names.count].is(convolution) else {
          break search
        }
        names.append(convolution.name)
        count += 1
      }
      convolutions = convolutions.dropFirst(block.convolutions)
      guard names.count < layers.count, layers[names.count].kind == .maxPooling2D() else {
        break search
      }
      names.append("block\(index + 1)_pool")
    }
    let isNamed = names == layers.prefix(names.count).map(\.name)
    let enough =
      isNamed
      ? architecture.blocks.prefix(3).reduce(0) { $0 + $1.convolutions }
      : architecture.convolutions.count
    return count >= enough ? VGGPart(backbone: backbone, names: names) : nil
  }
}

extension KerasLayer {
  fileprivate func `is`(
    _ convolution: (name: String, inputChannels: Int, outputChannels: Int)
  ) -> Bool {
    kind
      == .conv2D(
        filters: convolution.outputChannels, kernelSize: Size(3), padding: .same,
        activation: .relu)
      && weight("kernel")?.shape == [3, 3, convolution.inputChannels, convolution.outputChannels]
  }
}
