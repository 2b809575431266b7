import NeuralNetwork

extension KerasModel {
  /// Notes how the network is trained, with the optimizer's state, so that training goes on from
  /// ``write(to:format:)``'s file where it stopped.
  ///
  /// From an archive (`.keras`), Keras 3 goes on from that state too. In an HDF5 file Keras 2 and 3
  /// find the optimizer and its settings, and begin with a fresh state.
  ///
  /// The loss is cross-entropy, binary for one output and categorical for more.
  ///
  /// - Throws: `KerasFormatError` of kind `invalidArgument` for settings that Keras' optimizers do
  ///   not have, and for slots that fit no layer.
  public mutating func setTraining(by optimizer: Optimizer, labelSmoothing: Float = 0) throws {
    guard optimizer.rateMultipliers.values.allSatisfy({ $0 == 1 }) else {
      throw refuse("one learning rate", "one for each layer")
    }
    let decay = optimizer.weightDecay
    guard decay.map({ $0.rate == 0 || $0.kind == .decoupled && !$0.kernelsOnly }) ?? true else {
      throw refuse("a decoupled weight decay of all weights", "another")
    }
    let (className, members) = Self.configuration(of: optimizer.rule)
    var config = members
    config["name"] = .string(className.lowercased())
    config["learning_rate"] = .number(decimal(optimizer.learningRate))
    if let decay, decay.rate > 0 { config["weight_decay"] = .number(decimal(decay.rate)) }
    switch optimizer.clipping {
    case .globalNorm(let limit): config["global_clipnorm"] = .number(decimal(limit))
    case .norm(let limit): config["clipnorm"] = .number(decimal(limit))
    case .value(let limit): config["clipvalue"] = .number(decimal(limit))
    case nil: break
    }
    let training: JSONValue = [
      "loss": loss(smoothing: labelSmoothing), "loss_weights": nil, "metrics": ["accuracy"],
      "weighted_metrics": nil,
      "optimizer_config": ["class_name": .string(className), "config": .object(config)],
    ]
    let tensors = try stateTensors(of: optimizer, prefix: className.lowercased())
    trainingConfiguration = training.text
    optimizerWeights = optimizer.iterations == 0 ? [] : tensors
  }

  /// An optimizer's state in the order of Keras 3: the number of steps, the learning rate, and the
  /// slots of the trainable weights.
  func stateTensors(of optimizer: Optimizer, prefix: String) throws -> [NamedTensor] {
    let (weights, slotNames) = (trainableWeights, optimizer.rule.slotNames)
    guard optimizer.slots.isEmpty || optimizer.slots.count == weights.count else {
      throw refuse("slots for \(weights.count) weights", "\(optimizer.slots.count)")
    }
    var tensors = [
      NamedTensor(
        name: "\(prefix)/iteration", shape: [], values: [Float(optimizer.iterations)]),
      NamedTensor(name: "\(prefix)/learning_rate", shape: [], values: [optimizer.learningRate]),
    ]
    for (weight, slot) in Self.order(weights.count, slotNames, optimizer.rule.isInterleaved) {
      guard !optimizer.slots.isEmpty else { break }
      let (place, tensor) = weights[weight]
      guard optimizer.slots[weight].count == slotNames.count,
        optimizer.slots[weight][slot].count == tensor.values.count
      else { throw refuse("slots of the shape of \(place)", "others") }
      tensors.append(
        NamedTensor(
          name: "\(prefix)/\(name)_\(place)_\(slotNames[slot])", shape: tensor.shape,
          values: optimizer.slots[weight][slot]))
    }
    return tensors
  }

  private func refuse(_ expected: String, _ found: String) -> KerasFormatError {
    KerasFormatError(
      .invalidArgument, file: name, object: "optimizer", expected: expected, found: found)
  }

  /// The weights that training changes, in the order of Keras' optimizers.
  var trainableWeights: [(place: String, tensor: NamedTensor)] {
    layers.filter(\.trainable).flatMap { layer in
      layer.weights.filter { !$0.name.hasPrefix("moving_") }.map {
        ("\(layer.name)_\($0.name)", $0)
      }
    }
  }

  /// Slots in the order in which Keras 3 keeps them: of one weight after the other, or one kind of
  /// slot after the other.
  static func order(
    _ weights: Int, _ slots: [String], _ isInterleaved: Bool
  ) -> [(weight: Int, slot: Int)] {
    isInterleaved
      ? (0..<weights).flatMap { weight in slots.indices.map { (weight, $0) } }
      : slots.indices.flatMap { slot in (0..<weights).map { ($0, slot) } }
  }

  fileprivate static func configuration(
    of rule: Optimizer.Rule
  ) -> (className: String, members: [String: JSONValue]) {
    switch rule {
    case .sgd(let momentum, let nesterov):
      ("SGD", ["momentum": .number(momentum), "nesterov": .bool(nesterov)])
    case .rmsprop(let rho, let momentum, let epsilon):
      (
        "RMSprop",
        [
          "rho": .number(rho), "momentum": .number(momentum), "epsilon": .number(epsilon),
          "centered": false,
        ]
      )
    case .adam(let beta1, let beta2, let epsilon):
      ("Adam", adam(beta1, beta2, epsilon))
    case .adamW(let beta1, let beta2, let epsilon):
      ("AdamW", adam(beta1, beta2, epsilon).merging(["weight_decay": 0.0]) { $1 })
    case .adagrad(let initial, let epsilon):
      ("Adagrad", ["initial_accumulator_value": .number(initial), "epsilon": .number(epsilon)])
    }
  }

  private static func adam(
    _ beta1: Double, _ beta2: Double, _ epsilon: Double
  ) -> [String: JSONValue] {
    [
      "beta_1": .number(beta1), "beta_2": .number(beta2), "epsilon": .number(epsilon),
      "amsgrad": false,
    ]
  }

  private func loss(smoothing: Float) -> JSONValue {
    let isBinary = (try? outputShapes().last) == [1]
    let isLogits =
      switch layers.last?.kind {
      case .dense(_, _, let activation), .activation(let activation): activation == .linear
      case .softmax: false
      default: true
      }
    guard isLogits || smoothing > 0 else {
      return .string(isBinary ? "binary_crossentropy" : "categorical_crossentropy")
    }
    return [
      "class_name": .string(isBinary ? "BinaryCrossentropy" : "CategoricalCrossentropy"),
      "config": [
        "from_logits": .bool(isLogits), "label_smoothing": .number(decimal(smoothing)),
      ],
    ]
  }
}

extension Optimizer.Rule {
  /// Keras' name of the class: `SGD`, `RMSprop`, `Adam`, `AdamW`, `Adagrad`.
  public var className: String { KerasModel.configuration(of: self).className }

  /// Whether Keras keeps the slots of one weight together.
  var isInterleaved: Bool {
    if case .rmsprop = self { false } else { true }
  }
}
