extension KerasModel {
  /// The activation that the outputs have gone through last; `linear` if the last layer has none.
  public var outputActivation: KerasLayer.Activation {
    // What is inactive in inference changes nothing.
    let last = layers.last {
      if case .dropout = $0.kind { false } else { true }
    }
    return switch last?.kind {
    case .dense(_, _, let activation), .conv2D(_, _, _, _, _, let activation),
      .activation(let activation):
      activation
    case .softmax: .softmax
    case .leakyReLU: .leakyReLU
    case .elu: .elu
    default: .linear
    }
  }

  /// Gives outputs that are logits their activation: in the last layer if it has one, else in a layer
  /// of its own. A loss from logits becomes one from probabilities.
  ///
  /// - Parameter file: What messages call the model.
  /// - Throws: `KerasFormatError` for a training configuration that is not JSON.
  package mutating func activateOutputs(
    _ activation: KerasLayer.Activation, file: String
  ) throws {
    switch layers.last?.kind {
    case .dense(let units, let useBias, .linear):
      layers[layers.count - 1].kind = .dense(
        units: units, useBias: useBias, activation: activation)
    case .activation(.linear): layers[layers.count - 1].kind = .activation(activation)
    default:
      let names = Set(layers.map(\.name))
      let name = sequence(first: activation.rawValue) { $0 + "_" }.first { !names.contains($0) }
      layers.append(KerasLayer(name: name ?? activation.rawValue, kind: .activation(activation)))
    }
    guard let trainingConfiguration else { return }
    let training = try JSONValue(
      parsing: trainingConfiguration, file: file, object: "training_config")
    guard case .object(var members) = training, let loss = members["loss"] else { return }
    members["loss"] = loss.fromProbabilities
    self.trainingConfiguration = JSONValue.object(members).text
  }
}

extension JSONValue {
  /// A described loss, or several, with `from_logits` false wherever it is said.
  fileprivate var fromProbabilities: JSONValue {
    switch self {
    case .object(var members):
      for (key, value) in members {
        members[key] = key == "from_logits" ? .bool(false) : value.fromProbabilities
      }
      return .object(members)
    case .array(let values): return .array(values.map(\.fromProbabilities))
    default: return self
    }
  }
}
