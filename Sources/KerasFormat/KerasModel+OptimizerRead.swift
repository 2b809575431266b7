import NeuralNetwork

extension KerasModel {
  /// The optimizer that the model was trained by, at the step where it stopped; nil if the file says
  /// nothing of training.
  ///
  /// Read from files of Keras 2 and 3. The slots fit the network that ``network(inputShape:seed:file:)``
  /// gives.
  ///
  /// - Parameter file: What messages call the file.
  /// - Throws: `KerasFormatError` for an optimizer that is not supported, or a state that fits no
  ///   layer.
  public func optimizer(file: String = "the model") throws -> Optimizer? {
    guard let trainingConfiguration else { return nil }
    let json = try JSONValue(
      parsing: trainingConfiguration, file: file, object: "training_config")
    guard let entry = json["optimizer_config"] ?? json["optimizer"] else { return nil }
    let reader = OptimizerReader(file: file, config: entry["config"] ?? .null)
    // Keras 2 writes `Custom>Adam`, or a name alone if the optimizer was given by name.
    let className = entry["class_name"]?.string ?? entry.string ?? "nothing"
    let rule = try reader.rule(className.split(separator: ">").last.map(String.init) ?? className)
    let scalars = optimizerWeights.prefix { $0.shape.isEmpty }.compactMap(\.values.first)
    let steps = Double(scalars.first ?? 0)
    guard steps >= 0, steps < 0x1p40 else {
      throw reader.error(.damaged, "a number of steps", "\(steps)")
    }
    let isAdamW = rule.defaultWeightDecay != nil
    let rate = scalars.count > 1 ? scalars[1] : Float(try reader.learningRate(rule))
    guard rate > 0, rate.isFinite else {
      throw reader.error(.unsupported, "a positive learning rate", "\(rate)")
    }
    return Optimizer(
      rule, learningRate: rate,
      weightDecay: try reader.number("weight_decay", atLeast: 0).map { WeightDecay(Float($0)) }
        ?? (isAdamW ? WeightDecay(0) : nil),
      clipping: try reader.clipping(), iterations: Int(steps),
      slots: try slots(of: rule, reader))
  }

  /// Sorts the tensors by weight and slot: by their names where these tell, else by Keras' order.
  private func slots(of rule: Optimizer.Rule, _ reader: OptimizerReader) throws -> [[[Float]]] {
    let (weights, names) = (trainableWeights.map(\.tensor), rule.slotNames)
    let tensors = optimizerWeights.drop { $0.shape.isEmpty }
    guard !tensors.isEmpty, !names.isEmpty else { return [] }
    let bySlot = Dictionary(grouping: tensors) { Self.slot(named: $0.name) ?? "" }
    var slots = [[[Float]]](
      repeating: [[Float]](repeating: [], count: names.count), count: weights.count)
    let namesTell = names.allSatisfy { bySlot[$0]?.count == weights.count }
    // Without names, an archive has Keras 3's order; old files have one kind after the other.
    let isNumbered = tensors.allSatisfy { Int($0.name) != nil }
    let order = Self.order(
      weights.count, names, !namesTell && isNumbered && rule.isInterleaved)
    let sorted = namesTell ? names.flatMap { bySlot[$0] ?? [] } : Array(tensors)
    guard sorted.count >= order.count else {
      throw reader.error(
        .unexpected, "\(order.count) tensors for \(names.joined(separator: " and "))",
        "\(sorted.count)")
    }
    for ((weight, slot), tensor) in zip(order, sorted) {
      guard tensor.shape == weights[weight].shape else {
        throw reader.error(
          .unexpected, "a tensor of shape \(weights[weight].shape)",
          "\(tensor.name) of shape \(tensor.shape)")
      }
      slots[weight][slot] = tensor.values
    }
    return slots
  }

  /// `adam/net_dense_kernel_velocity` in Keras 3, `Adam/v/dense/kernel:0` in Keras 2,
  /// `Adam/dense/kernel/v:0` before 2.11.
  private static func slot(named name: String) -> String? {
    let parts = name.split { $0 == "/" || $0 == ":" }
    for slot in ["momentum", "velocity", "accumulator"] {
      if name.hasSuffix("_\(slot)") || parts.dropFirst().contains(where: { $0 == slot }) {
        return slot
      }
    }
    guard parts.count > 2 else { return nil }
    let candidates = [parts[1], parts[parts.count - 2]]
    if candidates.contains("m") { return "momentum" }
    if candidates.contains("v") { return "velocity" }
    return nil
  }
}

/// Reads an optimizer's configuration.
private struct OptimizerReader {
  let file: String
  let config: JSONValue

  func rule(_ className: String) throws -> Optimizer.Rule {
    switch className.lowercased() {
    case "sgd":
      return .sgd(
        momentum: try fraction("momentum") ?? 0, nesterov: config["nesterov"]?.bool ?? false)
    case "rmsprop":
      try refuse("centered")
      return .rmsprop(
        rho: try fraction("rho") ?? 0.9, momentum: try fraction("momentum") ?? 0,
        epsilon: try number("epsilon", atLeast: 0) ?? 1e-7)
    case "adam":
      try refuse("amsgrad")
      return .adam(
        beta1: try fraction("beta_1") ?? 0.9, beta2: try fraction("beta_2") ?? 0.999,
        epsilon: try number("epsilon", atLeast: 0) ?? 1e-7)
    case "adamw":
      try refuse("amsgrad")
      return .adamW(
        beta1: try fraction("beta_1") ?? 0.9, beta2: try fraction("beta_2") ?? 0.999,
        epsilon: try number("epsilon", atLeast: 0) ?? 1e-7)
    case "adagrad":
      return .adagrad(
        initialAccumulator: try number("initial_accumulator_value", atLeast: 0) ?? 0.1,
        epsilon: try number("epsilon", atLeast: 0) ?? 1e-7)
    default:
      throw error(.unsupported, "SGD, RMSprop, Adam, AdamW or Adagrad", className)
    }
  }

  func learningRate(_ rule: Optimizer.Rule) throws -> Double {
    if let decay = try number("decay"), decay != 0 {
      throw error(.unsupported, "a constant learning rate", "decay \(decay)")
    }
    return try number("learning_rate") ?? number("lr") ?? Double(rule.defaultLearningRate)
  }

  func clipping() throws -> GradientClipping? {
    if let limit = try limit("global_clipnorm") { return .globalNorm(limit) }
    if let limit = try limit("clipnorm") { return .norm(limit) }
    return try limit("clipvalue").map { .value($0) }
  }

  private func limit(_ key: String) throws -> Float? {
    guard let value = try number(key) else { return nil }
    guard Float(value) > 0, Float(value).isFinite else {
      throw error(.unsupported, "\(key), a positive number", "\(value)")
    }
    return Float(value)
  }

  /// A number from 0 to below 1.
  private func fraction(_ key: String) throws -> Double? {
    guard let value = try number(key) else { return nil }
    guard (0..<1).contains(value) else {
      throw error(.unsupported, "\(key), a number from 0 to below 1", "\(value)")
    }
    return value
  }

  func number(_ key: String, atLeast least: Double) throws -> Double? {
    guard let value = try number(key) else { return nil }
    guard value >= least, Float(value).isFinite else {
      throw error(.unsupported, "\(key), a number of at least \(least)", "\(value)")
    }
    return value
  }

  func number(_ key: String) throws -> Double? {
    guard let value = config[key], value != .bool(false) else { return nil }
    guard let number = value.number, number.isFinite else {
      throw error(.unsupported, "\(key), a number", String(value.text.prefix(120)))
    }
    return number
  }

  private func refuse(_ key: String) throws {
    guard config[key]?.bool != true else {
      throw error(.unsupported, "an optimizer without \(key)", "one with it")
    }
  }

  func error(
    _ kind: KerasFormatError.Kind, _ expected: String, _ found: String
  ) -> KerasFormatError {
    KerasFormatError(kind, file: file, object: "optimizer", expected: expected, found: found)
  }
}
