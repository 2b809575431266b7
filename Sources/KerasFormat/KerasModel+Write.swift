extension KerasModel {
  /// The version of Keras whose layout is written; both Keras 2 and Keras 3 read it.
  private static let layoutVersion = "2.15.0"

  /// A kind of file that `keras.models.load_model` opens, which tells it by the ending.
  public enum Format: Sendable, CaseIterable {
    /// A legacy full-model file (`.h5`), for Keras 2 and Keras 3.
    ///
    /// The optimizer's state is in a group of our own: the two differ in its order, and Keras 3
    /// cannot train a model whose HDF5 file has it at all.
    case hdf5
    /// Keras 3's archive (`.keras`), from which it goes on training with the optimizer's state.
    case archive

    /// `archive` for a path that ends in `.keras`, else `hdf5`.
    public init(path: String) { self = path.hasSuffix(".keras") ? .archive : .hdf5 }
  }

  /// Writes a file that `keras.models.load_model` opens.
  ///
  /// The file appears whole or not at all: it is written under a temporary name, flushed to the
  /// disk, and renamed. Equal models give equal bytes.
  ///
  /// - Parameters:
  ///   - path: Keras opens a file by its ending, `.h5` or `.keras`.
  ///   - format: nil for what the path's ending says.
  /// - Throws: `KerasFormatError` if layers do not fit together, names repeat, a weight is NaN or
  ///   infinite, or the file cannot be written.
  public func write(to path: String, format: Format? = nil) throws {
    try check(for: path)
    switch format ?? Format(path: path) {
    case .hdf5: try writeHDF5(to: path)
    case .archive: try writeArchive(to: path)
    }
  }

  /// The architecture alone as JSON, as `Model.to_json()` gives it and
  /// `keras.models.model_from_json` takes it.
  public var architecture: String {
    guard case .object(var members) = configuration else { return configuration.text }
    members["keras_version"] = .string(Self.layoutVersion)
    members["backend"] = "tensorflow"
    // Without a module, Keras 3 looks for the class among the user's own.
    members["module"] = "keras"
    members["registered_name"] = .null
    return JSONValue.object(members).text
  }

  /// Writes the weights alone, as Keras 2's `Model.save_weights` does and `Model.load_weights` of
  /// Keras 2 and 3 takes them.
  ///
  /// - Parameter path: Keras 3 tells its own layout by the ending `.weights.h5`; this is not it.
  /// - Throws: As ``write(to:format:)``.
  public func writeWeights(to path: String) throws {
    try check(for: path)
    try AtomicFile.write(to: path) { temporary in
      let file = try HDF5File(creating: temporary)
      try writeWeights(to: file.root)
      try file.close()
    }
  }

  private func writeHDF5(to path: String) throws {
    try AtomicFile.write(to: path) { temporary in
      let file = try HDF5File(creating: temporary)
      try file.root.set("keras_version", Self.layoutVersion)
      try file.root.set("backend", "tensorflow")
      try file.root.set("model_config", configuration.text)
      if let training = legacyTrainingConfiguration {
        try file.root.set("training_config", training)
      }
      if let metadata { try file.root.set("headstart", metadata) }
      try writeWeights(to: try file.root.createGroup("model_weights"))
      try writeOptimizer(to: file.root)
      try file.close()
    }
  }

  private func writeWeights(to group: HDF5Group) throws {
    try group.set("keras_version", Self.layoutVersion)
    try group.set("backend", "tensorflow")
    try group.setNames("layer_names", layers.map(\.name))
    for layer in layers {
      let member = try group.createGroup(layer.name)
      let names = layer.weights.map { "\(layer.name)/\($0.name):0" }
      try member.setNames("weight_names", names)
      for (name, weight) in zip(names, layer.weights) {
        try member.write(name, weight.values, shape: weight.shape)
      }
    }
  }

  private func writeOptimizer(to root: HDF5Group) throws {
    guard !optimizerWeights.isEmpty else { return }
    let group = try root.createGroup(WeightFile.optimizerGroup)
    try group.setNames("weight_names", optimizerWeights.map(\.name))
    for tensor in optimizerWeights {
      if tensor.isStepCount {
        try group.write(tensor.name, tensor.stepCounts, shape: tensor.shape)
      } else {
        try group.write(tensor.name, tensor.values, shape: tensor.shape)
      }
    }
  }

  /// The model as Keras' `model_config`.
  private var configuration: JSONValue {
    let shape = [.null] + inputShape.map { $0.map { JSONValue.integer($0) } ?? .null }
    let input: JSONValue = [
      "class_name": "InputLayer",
      "config": [
        "batch_input_shape": .array(shape), "dtype": "float32", "sparse": false,
        "name": .string("\(name)_input"),
      ],
    ]
    return [
      "class_name": "Sequential",
      "config": [
        "name": .string(name), "layers": .array([input] + layers.map(\.configuration)),
      ],
    ]
  }

  /// Refuses what Keras would refuse, or read as something else.
  private func check(for path: String) throws {
    func wrong(_ object: String, _ expected: String, _ found: String) -> KerasFormatError {
      KerasFormatError(
        .invalidArgument, file: path, object: object, expected: expected, found: found)
    }
    var seen: Set<String> = []
    for name in layers.map(\.name) {
      guard !name.isEmpty, !name.utf8.contains(0x2F), name != ".", !name.utf8.contains(0) else {
        throw wrong("layer \(name)", "a name without slashes", "“\(name)”")
      }
      guard seen.insert(name).inserted else {
        throw wrong("layer \(name)", "names that differ", "this one twice")
      }
    }
    guard !layers.isEmpty else { throw wrong(name, "at least one layer", "none") }
    _ = try outputShapes(file: path, kind: .invalidArgument)
    for tensor in optimizerWeights {
      guard tensor.values.allSatisfy(\.isFinite),
        tensor.values.count == tensor.shape.reduce(1, *)
      else {
        throw KerasFormatError(
          .notFinite, file: path, object: "optimizer tensor \(tensor.name)",
          expected: "finite numbers, as many as the shape says", found: "others")
      }
    }
    for layer in layers {
      for weight in layer.weights {
        guard let index = weight.values.firstIndex(where: { !$0.isFinite }) else { continue }
        throw KerasFormatError(
          .notFinite, file: path, object: "layer \(layer.name), tensor \(weight.name)",
          expected: "finite numbers", found: "\(weight.values[index]) at position \(index)")
      }
    }
  }
}

extension HDF5Group {
  /// The most that an attribute may take in an object header, with some room, as Keras has it.
  private static let headerLimit = 64_512

  /// Sets a list of names, in parts `name0`, `name1`, … if it is too long for one attribute.
  func setNames(_ attribute: String, _ names: [String]) throws {
    let longest = names.map(\.utf8.count).max() ?? 0
    let perPart = max(1, Self.headerLimit / max(1, longest))
    guard names.count > perPart else { return try set(attribute, names) }
    for (part, start) in stride(from: 0, to: names.count, by: perPart).enumerated() {
      try set("\(attribute)\(part)", Array(names[start..<min(start + perPart, names.count)]))
    }
  }
}
