import Foundation

// The `.keras` archive, as Keras 3 writes it.

extension KerasModel {
  /// The version of Keras whose archives are written.
  private static let archiveVersion = "3.15.1"

  /// Writes a zip of `metadata.json`, `config.json` and `model.weights.h5`.
  func writeArchive(to path: String) throws {
    let configuration = try archiveConfiguration(file: path)
    let metadata: JSONValue = ["keras_version": .string(Self.archiveVersion)]
    let optimizerWeights = try archiveOptimizerWeights(file: path)
    try AtomicFile.write(to: path) { temporary in
      let weights = AtomicFile.temporaryPath(for: path)
      defer { unlink(weights) }
      try AtomicFile.naming(path, for: weights) {
        let file = try HDF5File(creating: weights)
        if let metadata = self.metadata { try file.root.set("headstart", metadata) }
        try writeArchiveWeights(to: file.root)
        try Self.writeVariables(optimizerWeights, to: file.root, "optimizer", named: nil)
        try file.close()
        var zip = try ZipWriter(creating: temporary)
        try zip.add("metadata.json", Array(metadata.text.utf8))
        try zip.add("config.json", Array(configuration.text.utf8))
        try zip.add("model.weights.h5", contentsOf: weights)
        try zip.finish()
      }
    }
  }

  // MARK: Weights

  /// Groups `layers/<class>[_n]/vars` with datasets `0`, `1`, …, each layer named by its class and
  /// its rank among those of that class.
  private func writeArchiveWeights(to root: HDF5Group) throws {
    try root.createGroup("vars").set("name", name)
    var ranks: [String: Int] = [:]
    for layer in layers {
      let key = KerasWeightReader.snakeCase(layer.kind.className)
      let rank = ranks[key, default: 0]
      ranks[key] = rank + 1
      let place = "layers/\(rank == 0 ? key : "\(key)_\(rank)")"
      try Self.writeVariables(layer.weights, to: root, place, named: layer.name)
    }
  }

  private static func writeVariables(
    _ tensors: [NamedTensor], to root: HDF5Group, _ place: String, named name: String?
  ) throws {
    guard !tensors.isEmpty || name != nil else { return }
    let group = try root.createGroup("\(place)/vars")
    if let name { try group.set("name", name) }
    for (index, tensor) in tensors.enumerated() {
      if tensor.isStepCount {
        try group.write("\(index)", tensor.stepCounts, shape: tensor.shape)
      } else {
        try group.write("\(index)", tensor.values, shape: tensor.shape)
      }
    }
  }

  /// The optimizer's state in the order of Keras 3: the number of steps, the learning rate, the
  /// slots.
  private func archiveOptimizerWeights(file: String) throws -> [NamedTensor] {
    guard let first = optimizerWeights.first else { return [] }
    // Numbers for names: it came from an archive.
    if optimizerWeights.enumerated().allSatisfy({ "\($0)" == $1.name }) {
      var tensors = optimizerWeights
      if first.shape.isEmpty { tensors[0].name = "iteration" }
      return tensors
    }
    return try optimizer(file: file).map { try stateTensors(of: $0, prefix: "optimizer") } ?? []
  }

  // MARK: Configuration

  private func archiveConfiguration(file: String) throws -> JSONValue {
    let shape = JSONValue.array([.null] + inputShape.map { $0.map { .integer($0) } ?? .null })
    let input: JSONValue = [
      "module": "keras.layers", "class_name": "InputLayer", "registered_name": nil,
      "config": [
        "batch_shape": shape, "dtype": "float32", "sparse": false, "name": "input_layer",
      ],
    ]
    var members: [String: JSONValue] = [
      "module": "keras", "class_name": "Sequential", "registered_name": nil,
      "config": [
        "name": .string(name), "trainable": true, "dtype": "float32",
        "layers": .array([input] + layers.map(\.archiveConfiguration)),
        "build_input_shape": shape,
      ],
      "build_config": ["input_shape": shape],
    ]
    if let training = try compileConfiguration(file: file) {
      members["compile_config"] = training
    }
    return .object(members)
  }
}

extension KerasLayer {
  /// The layer as Keras 3's archives have it.
  fileprivate var archiveConfiguration: JSONValue {
    guard case .object(var members) = configuration, case .object(var config)? = members["config"]
    else { return .null }
    // The name that Keras 3 gave to what Keras 2 calls alpha.
    if case .leakyReLU = kind { config["negative_slope"] = config.removeValue(forKey: "alpha") }
    members["config"] = .object(config)
    members["module"] = "keras.layers"
    members["registered_name"] = .null
    return .object(members)
  }
}
