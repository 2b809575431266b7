import Foundation

/// A kernel and its bias within a weight file.
struct WeightUnit: Sendable {
  var name: String
  var kernel: WeightFile.Tensor
  var bias: WeightFile.Tensor
}

/// Which tensors of a weight file are the layers of VGG16 or VGG19; found by names and shapes,
/// before any values are read.
struct VGGLayers: Sendable {
  let architecture: VGGWeights.Architecture
  let convolutions: [WeightUnit]
  let dense: [WeightUnit]

  init(in file: WeightFile) throws {
    let units = file.units
    let convolutions = units.filter { $0.kernel.shape.count == 4 }
    let dense = units.filter { $0.kernel.shape.count == 2 }
    let order = file.kernelOrder

    // VGG19 first: it has all the names of VGG16.
    for architecture in [VGGWeights.Architecture.vgg19, .vgg16] {
      if let named = Self.byName(architecture, convolutions) {
        for (layer, unit) in zip(architecture.convolutions, named) {
          let expected = [3, 3, layer.inputChannels, layer.outputChannels]
          guard order.tensorFlowShape(unit.kernel.shape) == expected,
            unit.bias.shape == [layer.outputChannels]
          else {
            throw KerasFormatError(
              .unexpected, file: file.path, object: "layer \(unit.name)",
              expected: "a kernel of \(architecture), \(expected)",
              found: "\(unit.kernel.shape) with bias \(unit.bias.shape)")
          }
        }
        self.architecture = architecture
        self.convolutions = named
        self.dense = Self.top(dense, isNamed: true)
        return
      }
    }
    if !file.hasNormalizationBetweenConvolutions {
      for architecture in VGGWeights.Architecture.allCases {
        if let ordered = Self.byShape(architecture, convolutions, order) {
          self.architecture = architecture
          self.convolutions = ordered
          self.dense = file.hasNormalization ? [] : Self.top(dense, isNamed: false)
          return
        }
      }
    }
    throw KerasFormatError(
      .unexpected, file: file.path,
      expected: "the convolutions of VGG16 or VGG19 (13 or 16 of 3×3, channels "
        + "3→64→64→128→…→512, each with a bias)",
      found: Self.describe(file, convolutions, dense))
  }

  /// The units that bear the architecture's names, if all are there.
  private static func byName(
    _ architecture: VGGWeights.Architecture, _ units: [WeightUnit]
  ) -> [WeightUnit]? {
    let named = Dictionary(units.map { ($0.name, $0) }) { first, _ in first }
    let found = architecture.convolutions.compactMap { named[$0.name] }
    return found.count == architecture.convolutions.count ? found : nil
  }

  /// The units in the architecture's order, if their shapes are those of the architecture.
  ///
  /// In a nested model Keras writes trainable weights first, so that a network whose first layers
  /// are frozen is rotated. Only `block1_conv1` has three input channels: it marks the start.
  private static func byShape(
    _ architecture: VGGWeights.Architecture, _ units: [WeightUnit], _ order: KernelOrder
  ) -> [WeightUnit]? {
    let layers = architecture.convolutions
    guard units.count == layers.count,
      let start = units.firstIndex(where: { order.tensorFlowShape($0.kernel.shape)[2] == 3 })
    else { return nil }
    let rotated = Array(units[start...] + units[..<start])
    let matches = zip(layers, rotated).allSatisfy { layer, unit in
      order.tensorFlowShape(unit.kernel.shape) == [3, 3, layer.inputChannels, layer.outputChannels]
        && unit.bias.shape == [layer.outputChannels]
    }
    return matches ? rotated : nil
  }

  /// `fc1`, `fc2` and `predictions` among the dense layers; none if they are another head.
  private static func top(_ units: [WeightUnit], isNamed: Bool) -> [WeightUnit] {
    var units = units
    if isNamed {
      let names = ["fc1", "fc2", "predictions"]
      units = names.compactMap { name in units.first { $0.name == name } }
      guard units.map(\.name) == Array(names.prefix(units.count)) else { return [] }
    } else if units.count != 3 {
      return []
    }
    for (index, unit) in units.enumerated() {
      let shape = unit.kernel.shape
      let inputsMatch = index == 0 ? shape[0] % 512 == 0 : shape[0] == 4096
      let outputsMatch = index == 2 || shape[1] == 4096
      guard inputsMatch, outputsMatch, shape[0] > 0, unit.bias.shape == [shape[1]] else {
        return []
      }
    }
    return units
  }

  private static func describe(
    _ file: WeightFile, _ convolutions: [WeightUnit], _ dense: [WeightUnit]
  ) -> String {
    var found = "\(file.layout.rawValue) with \(convolutions.count) convolutions"
    let shown = convolutions.prefix(4).map { "\($0.name) \($0.kernel.shape)" }
    if !shown.isEmpty {
      found += " (\(shown.joined(separator: ", "))\(convolutions.count > 4 ? ", …" : ""))"
    }
    found += " and \(dense.count) dense layers"
    return file.hasNormalizationBetweenConvolutions
      ? found + ", with batch normalisation between the convolutions" : found
  }
}

extension WeightFile {
  /// Every kernel of two or four axes with the bias that follows it, in file order.
  var units: [WeightUnit] {
    layers.flatMap { layer -> [WeightUnit] in
      let pairs = zip(layer.tensors, layer.tensors.dropFirst()).filter { kernel, bias in
        (kernel.shape.count == 2 || kernel.shape.count == 4) && bias.shape.count == 1
      }
      return pairs.map { kernel, bias in
        // In a nested model the layer's own name stands in the weight's.
        let isNested = layer.tensors.count > 2
        let name = isNested ? Self.layerName(ofWeight: kernel.name) : layer.name
        return WeightUnit(name: name, kernel: kernel, bias: bias)
      }
    }
  }

  /// Whether there are four vectors in a row: scale, shift, mean and variance.
  var hasNormalization: Bool { layers.contains(where: Self.isNormalization) }

  var hasNormalizationBetweenConvolutions: Bool {
    guard let last = layers.lastIndex(where: { $0.tensors.contains { $0.shape.count == 4 } }) else {
      return false
    }
    return layers[...last].contains(where: Self.isNormalization)
  }

  private static func isNormalization(_ layer: Layer) -> Bool {
    layer.tensors.indices.dropLast(3).contains { start in
      layer.tensors[start..<start + 4].allSatisfy {
        $0.shape.count == 1 && $0.shape == layer.tensors[start].shape
      }
    }
  }

  /// The layer's name within a weight's: `block1_conv1` of `vgg16/block1_conv1/kernel:0` and of
  /// `block1_conv1_W_1:0`.
  static func layerName(ofWeight weight: String) -> String {
    let plain = weight.split(separator: ":").first.map(String.init) ?? weight
    let components = plain.split(separator: "/")
    if components.count > 1 { return String(components[components.count - 2]) }
    for suffix in ["_W", "_b", "_kernel", "_bias"] {
      if let range = plain.range(of: suffix, options: .backwards),
        plain[range.upperBound...].allSatisfy({ $0 == "_" || $0.isNumber })
      {
        return String(plain[..<range.lowerBound])
      }
    }
    return plain
  }
}
