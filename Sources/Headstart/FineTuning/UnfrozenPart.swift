import KerasFormat

/// Where a backbone is cut for fine-tuning: what lies below stays frozen, its output is cached.
struct UnfrozenPart: Sendable, Equatable {
  /// The layer whose output is cached; `input` for the pictures themselves.
  let cut: String
  /// Index of the first convolution that trains.
  let firstConvolution: Int

  /// - Parameters:
  ///   - name: `block5`, `block4`…, `all`, or the name of a convolution.
  ///   - layers: the backbone's convolutions, and whether a pooling follows each.
  /// - Throws: ``FineTuneError/unknownPart(name:expected:)``.
  init(_ name: String, layers: [(name: String, pools: Bool)]) throws {
    let first =
      name == "all"
      ? layers.indices.first
      : layers.firstIndex { $0.name == name || $0.name.hasPrefix(name + "_") }
    guard let first else {
      var blocks: [String] = []
      for layer in layers where blocks.last != Self.block(of: layer.name) {
        blocks.append(Self.block(of: layer.name))
      }
      throw FineTuneError.unknownPart(
        name: name, expected: (["all"] + blocks + layers.map(\.name)).joined(separator: ", "))
    }
    firstConvolution = first
    if first == 0 {
      cut = "input"
    } else {
      let below = layers[first - 1]
      cut = below.pools ? Self.block(of: below.name) + "_pool" : below.name
    }
  }

  /// `block5_conv1` → `block5`.
  static func block(of layer: String) -> String { String(layer.prefix { $0 != "_" }) }
}
