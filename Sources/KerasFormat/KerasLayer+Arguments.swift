extension KerasLayer {
  /// The arguments that someone who writes a layer by hand may give, by class: Keras' names.
  package struct Arguments: Sendable {
    package let required: [String]
    package let optional: [String]

    init(_ required: [String] = [], _ optional: [String] = []) {
      self.required = required
      self.optional = optional + ["name", "trainable"]
    }
  }

  /// The classes that can be written by hand and computed.
  package static let arguments: [String: Arguments] = [
    "Conv2D": Arguments(
      ["filters", "kernel_size"], ["strides", "padding", "use_bias", "activation"]),
    "MaxPooling2D": Arguments([], ["pool_size", "strides", "padding"]),
    "AveragePooling2D": Arguments([], ["pool_size", "strides", "padding"]),
    "GlobalAveragePooling2D": Arguments(),
    "GlobalMaxPooling2D": Arguments(),
    "ZeroPadding2D": Arguments([], ["padding"]),
    "Flatten": Arguments(),
    "Dense": Arguments(["units"], ["use_bias", "activation"]),
    "Dropout": Arguments(["rate"]),
    "BatchNormalization": Arguments([], ["momentum", "epsilon", "center", "scale"]),
    "Activation": Arguments(["activation"]),
    "ReLU": Arguments([], ["negative_slope"]),
    "Softmax": Arguments(),
    "ELU": Arguments([], ["alpha"]),
    "LeakyReLU": Arguments([], ["negative_slope", "alpha"]),
    "Rescaling": Arguments(["scale"], ["offset"]),
    "Normalization": Arguments(["mean", "variance"]),
    "UnitNormalization": Arguments(),
    "LayerNormalization": Arguments([], ["epsilon", "center", "scale"]),
    "Reshape": Arguments(["target_shape"]),
  ]

  /// A layer without weights, as someone wrote it: Keras' class and arguments, the others at Keras'
  /// defaults.
  ///
  /// - Parameters:
  ///   - name: of the layer.
  ///   - file: what messages call the place where the layer is written.
  ///   - others: classes that may be written there besides, for messages.
  /// - Throws: `KerasFormatError` for a class or an argument that is not known, one that is missing,
  ///   and a value that cannot be.
  package init(
    className: String, arguments: [String: JSONValue], name: String, file: String,
    others: [String] = []
  ) throws {
    let label = "layer \(name) (\(className))"
    guard let known = Self.arguments[className] else {
      throw KerasFormatError(
        .unsupported, file: file, object: label,
        expected: "one of " + (Self.arguments.keys.sorted() + others).joined(separator: ", "),
        found: "the class \(className)")
    }
    let all = known.required + known.optional
    if let unknown = arguments.keys.sorted().first(where: { !all.contains($0) }) {
      throw KerasFormatError(
        .unsupported, file: file, object: label,
        expected: "the arguments " + all.joined(separator: ", "),
        found: "the argument \(unknown)")
    }
    if let missing = known.required.first(where: { arguments[$0] ?? .null == .null }) {
      throw KerasFormatError(
        .missing, file: file, object: label, expected: "the argument \(missing)", found: "none")
    }
    if let value = arguments["trainable"], value.bool == nil {
      throw KerasFormatError(
        .unsupported, file: file, object: label, expected: "trainable, true or false",
        found: value.text)
    }
    var config = arguments
    if className == "ZeroPadding2D", config["padding"] == nil { config["padding"] = 1 }
    let reader = KerasLayerReader(
      className: className, config: .object(config), name: name, file: file)
    self.init(name: name, kind: try reader.kind(), trainable: arguments["trainable"] != false)
  }
}
