/// Finds the weights of a configuration's layers in a model file.
struct KerasWeightReader {
  let file: WeightFile

  private func error(
    _ object: String, expected: String, found: String
  ) -> KerasFormatError {
    KerasFormatError(
      .unexpected, file: file.path, object: object, expected: expected, found: found)
  }

  // MARK: HDF5 models of Keras 1, 2 and 3

  /// The layers of a model in a chain, with weights from the group of each layer or nested model.
  func legacy(_ model: KerasConfiguration.Model) throws -> [KerasLayer] {
    let groups = Dictionary(file.layers.map { ($0.name, $0) }) { first, _ in first }
    return try model.nodes.flatMap { node -> [KerasLayer] in
      var layers = Self.flatten(node)
      guard let group = groups[node.name] else {
        guard layers.allSatisfy({ $0.kind.weightNames.isEmpty }) else {
          throw error(
            node.name, expected: "its weights",
            found: "only those of \(WeightFile.list(file.layers.map(\.name)))")
        }
        return layers
      }
      let places = try places(of: layers, in: group)
      for (index, tensors) in places.enumerated() {
        layers[index].weights = try zip(layers[index].kind.weightNames, tensors).map {
          try read($1, as: $0, layer: layers[index].name)
        }
      }
      return layers
    }
  }

  /// For every layer of a node the tensors of its group: by name where names tell, else in the
  /// order of Keras, in which weights that are not trained come last.
  private func places(
    of layers: [KerasLayer], in group: WeightFile.Layer
  ) throws -> [[WeightFile.Tensor]] {
    let needed = layers.reduce(0) { $0 + $1.kind.weightNames.count }
    guard group.tensors.count == needed else {
      throw error(
        "layer \(group.name)", expected: "\(needed) tensors", found: "\(group.tensors.count)")
    }
    if layers.count == 1 { return [group.tensors] }

    let byName = Dictionary(grouping: group.tensors) { WeightFile.layerName(ofWeight: $0.name) }
    let named = layers.map { byName[$0.name] ?? [] }
    let namesTell =
      Set(layers.map(\.name)).count == layers.count
      && zip(layers, named).allSatisfy { $0.kind.weightNames.count == $1.count }
    if namesTell { return named }

    var tensors = group.tensors[...]
    var places = [[WeightFile.Tensor]](repeating: [], count: layers.count)
    for isTrained in [true, false] {
      for (index, layer) in layers.enumerated() {
        let count = layer.kind.weightNames.count { name in
          (layer.trainable && !name.hasPrefix("moving_")) == isTrained
        }
        places[index] += tensors.prefix(count)
        tensors = tensors.dropFirst(count)
      }
    }
    return places
  }

  // MARK: Archives of Keras 3

  /// The layers of a model in a chain, with weights from an archive, which names each layer by its
  /// class and its rank among the layers of that class.
  func archive(_ model: KerasConfiguration.Model) throws -> [KerasLayer] {
    let groups = Dictionary(file.layers.map { ($0.path, $0) }) { first, _ in first }
    let hasLayers = try file.file.root.kind(of: "layers") == .group
    return try archive(
      model, path: hasLayers ? "layers" : "_layer_checkpoint_dependencies", groups)
  }

  private func archive(
    _ model: KerasConfiguration.Model, path: String, _ groups: [String: WeightFile.Layer]
  ) throws -> [KerasLayer] {
    var ranks: [String: Int] = [:]
    return try model.nodes.flatMap { node -> [KerasLayer] in
      let className =
        switch node {
        case .layer(let layer): layer.kind.className
        case .model(let model): model.className
        }
      let key = Self.snakeCase(className)
      let rank = ranks[key, default: 0]
      ranks[key] = rank + 1
      let place = "\(path)/\(rank == 0 ? key : "\(key)_\(rank)")"
      switch node {
      case .model(let model):
        return try archive(model, path: "\(place)/layers", groups)
      case .layer(var layer):
        let names = layer.kind.weightNames
        let tensors = groups[place]?.tensors ?? []
        guard tensors.count == names.count else {
          throw error(
            "layer \(layer.name) (\(place))", expected: "\(names.count) tensors",
            found: "\(tensors.count)")
        }
        layer.weights = try zip(names, tensors).map { try read($1, as: $0, layer: layer.name) }
        return [layer]
      }
    }
  }

  /// `MaxPooling2D` → `max_pooling2d`, as Keras 3 names groups.
  static func snakeCase(_ name: String) -> String {
    let letters = Array(name)
    var result = ""
    for (index, letter) in letters.enumerated() {
      let isWordStart =
        letter.isUppercase && index > 0 && index + 1 < letters.count
        && (letters[index + 1].isLowercase || letters[index - 1].isLowercase)
      result += (isWordStart ? "_" : "") + letter.lowercased()
    }
    return result
  }

  // MARK: Both

  private func read(
    _ tensor: WeightFile.Tensor, as name: String, layer: String
  ) throws -> NamedTensor {
    var result = try file.read(tensor, layer: layer)
    result.name = name
    return result
  }

  private static func flatten(_ node: KerasConfiguration.Node) -> [KerasLayer] {
    switch node {
    case .layer(let layer): [layer]
    case .model(let model): model.nodes.flatMap(flatten)
    }
  }
}

extension KerasLayer.Kind {
  /// The names of the weights, in Keras' order.
  var weightNames: [String] {
    switch self {
    case .conv2D(_, _, _, _, let useBias, _), .dense(_, let useBias, _):
      useBias ? ["kernel", "bias"] : ["kernel"]
    case .batchNormalization(_, _, let center, let scale):
      (scale ? ["gamma"] : []) + (center ? ["beta"] : []) + ["moving_mean", "moving_variance"]
    case .layerNormalization(_, let center, let scale):
      (scale ? ["gamma"] : []) + (center ? ["beta"] : [])
    default: []
    }
  }
}
