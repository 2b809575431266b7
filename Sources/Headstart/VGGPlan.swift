/// How much of a VGG network has to run for the output of a named layer.
struct VGGPlan {
  /// How many convolutions run.
  let convolutions: Int
  /// Whether a pooling follows, for each of them.
  let pools: [Bool]
  /// How many of `fc1`, `fc2` run.
  let dense: Int

  /// - Parameters:
  ///   - convolutions: the names the weights hold, `block1_conv1`…, in order.
  ///   - dense: `fc1`, `fc2`, `predictions`, or fewer.
  /// - Throws: ``BackboneError/unknownLayer(_:known:source:)``.
  init(layer: String, convolutions names: [String], dense: [String], source: String) throws {
    let blocks = names.map { String($0.prefix { $0 != "_" }) }
    /// Whether the i-th convolution is the last of its block.
    let endsBlock = blocks.indices.map { $0 + 1 == blocks.count || blocks[$0 + 1] != blocks[$0] }
    // The classifier on 1000 ImageNet classes is not a layer of features.
    let hidden = dense.filter { $0 == "fc1" || $0 == "fc2" }

    if let last = names.firstIndex(of: layer) {
      convolutions = last + 1
      pools = (0...last).map { $0 < last && endsBlock[$0] }
      self.dense = 0
    } else if let last = names.indices.first(where: {
      endsBlock[$0] && blocks[$0] + "_pool" == layer
    }) {
      convolutions = last + 1
      pools = Array(endsBlock[...last])
      self.dense = 0
    } else if let last = hidden.firstIndex(of: layer) {
      convolutions = names.count
      pools = endsBlock
      self.dense = last + 1
    } else {
      var known: [String] = []
      for index in names.indices {
        known.append(names[index])
        if endsBlock[index] { known.append(blocks[index] + "_pool") }
      }
      throw BackboneError.unknownLayer(layer, known: known + hidden, source: source)
    }
  }
}

/// Why a backbone cannot be made from the weights and settings given.
public enum BackboneError: Error, Equatable, CustomStringConvertible {
  case unknownLayer(String, known: [String], source: String)
  case wrongArchitecture(path: String, expected: String, found: String)
  case tooSmall(height: Int, width: Int)
  case denseSize(layer: String, expected: Int, found: Int, height: Int, width: Int)

  public var description: String {
    switch self {
    case .unknownLayer(let layer, let known, let source):
      return "\(source) has no layer named \(layer); it has \(known.joined(separator: ", "))"
        + (layer.hasPrefix("fc")
          ? ". fc1 and fc2 are only in weight files with the top (without _notop in their name)."
          : ".")
    case .wrongArchitecture(let path, let expected, let found):
      return "\(path) holds the weights of \(found), but \(expected) was asked for: name the other"
        + " file with --weights, or choose --backbone \(found)."
    case .tooSmall(let height, let width):
      return "Pictures of \(height) × \(width) pixels are too small for this layer: nothing is left"
        + " of them after its poolings (32 × 32 is the least for all five)."
    case .denseSize(let layer, let expected, let found, let height, let width):
      return "\(layer) takes \(expected) inputs, but pictures of \(height) × \(width) pixels give"
        + " \(found): \(layer) needs --size 224."
    }
  }
}
