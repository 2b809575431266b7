// How a model is trained, as HDF5 files (`training_config`) and archives (`compile_config`) say it.

extension KerasModel {
  /// An archive's `compile_config` as an HDF5 file's `training_config`, which the model holds.
  static func trainingConfiguration(ofArchive compile: JSONValue) -> JSONValue {
    guard case .object(var members) = compile else { return compile }
    let optimizer = members.removeValue(forKey: "optimizer") ?? .null
    if let name = optimizer.string {
      members["optimizer_config"] = ["class_name": .string(name), "config": [:]]
    } else if optimizer != .null {
      members["optimizer_config"] = optimizer.withoutModule
    }
    members["loss"] = members["loss"]?.withoutModule
    return .object(members)
  }

  /// The training configuration with an optimizer in it, without which Keras does not open an HDF5
  /// file.
  ///
  /// Archives may lack it: Keras 3 forgets it when it saves a model as HDF5, and goes on by its
  /// default from an archive that it writes then.
  var legacyTrainingConfiguration: String? {
    guard let trainingConfiguration,
      let training = try? JSONValue(
        parsing: trainingConfiguration, file: name, object: "training_config"),
      case .object(var members) = training, training["optimizer_config"] == nil,
      training["optimizer"] == nil
    else { return trainingConfiguration }
    members["optimizer_config"] = ["class_name": "RMSprop", "config": [:]]
    return JSONValue.object(members).text
  }

  /// The model's training configuration as an archive's `compile_config`; nil if it has none.
  ///
  /// Of older versions' settings those are left out that Keras 3 does not know and would refuse,
  /// and metrics that are described as only older versions read them.
  func compileConfiguration(file: String) throws -> JSONValue? {
    guard let trainingConfiguration else { return nil }
    let training = try JSONValue(
      parsing: trainingConfiguration, file: file, object: "training_config")
    var members: [String: JSONValue] = [:]
    for key in ["loss_weights", "run_eagerly", "steps_per_execution", "jit_compile"] {
      members[key] = training[key]
    }
    members["loss"] = training["loss"]?.inModule("keras.losses")
    for key in ["metrics", "weighted_metrics"] {
      if let value = training[key], value.isKnownToKeras3 { members[key] = value }
    }
    if let optimizer = training["optimizer_config"] {
      members["optimizer"] = optimizer.withKnownSettings.inModule("keras.optimizers")
    }
    return .object(members)
  }
}

extension JSONValue {
  /// What an optimizer of Keras 3 takes.
  private static let optimizerSettings: Set<String> = [
    "name", "learning_rate", "weight_decay", "clipnorm", "global_clipnorm", "clipvalue", "use_ema",
    "ema_momentum", "ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps",
    "momentum", "nesterov", "rho", "epsilon", "centered", "beta_1", "beta_2", "amsgrad",
    "initial_accumulator_value",
  ]

  /// The name of a described function: Keras 3 so describes a loss that was given by its name when
  /// it has read the model from an HDF5 file.
  private var functionName: JSONValue? {
    self["class_name"] == "function" ? self["config"]?.string.map { .string($0) } : nil
  }

  /// A described object without the module that its class is in, a function by its name alone;
  /// anything else as it is.
  fileprivate var withoutModule: JSONValue {
    if let functionName { return functionName }
    guard case .object(var members) = self, members["class_name"] != nil else { return self }
    for key in ["module", "registered_name", "shared_object_id"] { members[key] = nil }
    return .object(members)
  }

  /// A described object with the module that Keras 3 looks its class up in, a function by its name
  /// alone.
  fileprivate func inModule(_ module: String) -> JSONValue {
    if let functionName { return functionName }
    guard case .object(var members) = self, let name = members["class_name"]?.string else {
      return self
    }
    // `Custom>Adam` in Keras 2.
    members["class_name"] = .string(String(name.split(separator: ">").last ?? ""))
    members["module"] = .string(module)
    members["registered_name"] = .null
    return .object(members)
  }

  fileprivate var withKnownSettings: JSONValue {
    guard case .object(var members) = self, case .object(var config)? = members["config"] else {
      return self
    }
    if config["learning_rate"] == nil { config["learning_rate"] = config["lr"] }
    // Keras 2 wrote false for no decay.
    if config["weight_decay"] == .bool(false) { config["weight_decay"] = .null }
    members["config"] = .object(config.filter { Self.optimizerSettings.contains($0.key) })
    return .object(members)
  }

  /// Whether it is made of names and of objects that say which module they are in.
  fileprivate var isKnownToKeras3: Bool {
    switch self {
    case .object(let members): members["module"] != nil
    case .array(let values): values.allSatisfy(\.isKnownToKeras3)
    default: true
    }
  }
}
