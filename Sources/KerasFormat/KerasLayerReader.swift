/// Reads one layer's configuration, as any version of Keras wrote it.
struct KerasLayerReader {
  enum DataFormat: Hashable {
    case channelsLast, channelsFirst
  }

  let file: String
  let name: String
  private let className: String
  private let config: JSONValue

  init(_ json: JSONValue, file: String) throws {
    guard let className = json["class_name"]?.string, let config = json["config"],
      let name = config["name"]?.string ?? json["name"]?.string, !name.isEmpty
    else {
      throw KerasFormatError(
        .damaged, file: file, object: "model_config",
        expected: "a layer with class_name, config and name",
        found: String(json.text.prefix(120)))
    }
    self.init(className: className, config: config, name: name, file: file)
  }

  init(className: String, config: JSONValue, name: String, file: String) {
    self.file = file
    self.name = name
    self.className = className
    self.config = config
  }

  /// The layer's order of axes, if it depends on one.
  func dataFormat() throws -> DataFormat? {
    if className == "BatchNormalization" || className == "Dense" { return nil }
    guard let value = config["data_format"] ?? config["dim_ordering"] else { return nil }
    switch value.string {
    case "channels_last", "tf": return .channelsLast
    case "channels_first", "th": return .channelsFirst
    default: throw unsupported("data_format channels_last or channels_first", value)
    }
  }

  /// What the layer computes.
  func kind() throws -> KerasLayer.Kind {
    switch className {
    case "Conv2D", "Convolution2D": return try convolution()
    case "MaxPooling2D":
      let (size, strides, padding) = try pooling()
      return .maxPooling2D(poolSize: size, strides: strides, padding: padding)
    case "AveragePooling2D":
      let (size, strides, padding) = try pooling()
      return .averagePooling2D(poolSize: size, strides: strides, padding: padding)
    case "GlobalAveragePooling2D":
      try require("keepdims", false)
      return .globalAveragePooling2D
    case "GlobalMaxPooling2D":
      try require("keepdims", false)
      return .globalMaxPooling2D
    case "Flatten": return .flatten
    case "Dense":
      return .dense(
        units: try positive("units", or: "output_dim"), useBias: try useBias(),
        activation: try activation())
    case "Dropout": return .dropout(rate: try number("rate", or: "p"))
    case "Activation": return .activation(try activation())
    case "ReLU":
      try require("max_value", .null)
      try require("threshold", 0)
      let slope = try number("negative_slope", default: 0)
      return slope == 0 ? .activation(.relu) : .leakyReLU(negativeSlope: slope)
    case "LeakyReLU":
      let standard = try number("alpha", default: 0.3)
      return .leakyReLU(negativeSlope: try number("negative_slope", default: standard))
    case "ELU": return .elu(alpha: try number("alpha", default: 1))
    case "Normalization":
      try require("invert", false)
      guard config["mean"] != nil, config["variance"] != nil else {
        throw error(.unsupported, "mean and variance in its configuration", "statistics adapted")
      }
      return .normalization(mean: try numbers("mean"), variance: try numbers("variance"))
    case "Softmax": return .softmax
    case "BatchNormalization":
      try require("mode", 0)
      return .batchNormalization(
        momentum: try number("momentum", default: 0.99),
        epsilon: try number("epsilon", default: 1e-3),
        center: try bool("center", default: true), scale: try bool("scale", default: true))
    case "LayerNormalization":
      try require("rms_scaling", false)
      return .layerNormalization(
        epsilon: try number("epsilon", default: 1e-3),
        center: try bool("center", default: true), scale: try bool("scale", default: true))
    case "UnitNormalization": return .unitNormalization
    case "Rescaling":
      return .rescaling(scale: try numbers("scale"), offset: try numbers("offset"))
    case "ZeroPadding2D": return try zeroPadding()
    case "Reshape":
      let shape = try config["target_shape"]?.array?.map { value in
        guard let extent = value.integer, extent == -1 || (1...1 << 24).contains(extent) else {
          throw unsupported("a target_shape", value)
        }
        return extent
      }
      guard let shape else { throw missing("target_shape") }
      return .reshape(shape)
    default:
      let known = "Conv2D, MaxPooling2D, Dense and other layers of plain classifiers"
      throw error(.unsupported, known, "class \(className)")
    }
  }

  private func convolution() throws -> KerasLayer.Kind {
    try require("groups", 1)
    if let dilation = config["dilation_rate"],
      try size(dilation, "dilation_rate") != KerasLayer.Size(1)
    {
      throw unsupported("dilation_rate 1", dilation)
    }
    let kernelSize: KerasLayer.Size
    if let value = config["kernel_size"] {
      kernelSize = try size(value, "kernel_size")
    } else {
      kernelSize = KerasLayer.Size(
        height: try positive("nb_row", or: "nb_row"), width: try positive("nb_col", or: "nb_col"))
    }
    return .conv2D(
      filters: try positive("filters", or: "nb_filter"), kernelSize: kernelSize,
      strides: try (config["strides"] ?? config["subsample"]).map { try size($0, "strides") }
        ?? KerasLayer.Size(1),
      padding: try padding(), useBias: try useBias(), activation: try activation())
  }

  private func pooling() throws -> (KerasLayer.Size, KerasLayer.Size, KerasLayer.Padding) {
    let poolSize = try config["pool_size"].map { try size($0, "pool_size") } ?? KerasLayer.Size(2)
    return (
      poolSize, try config["strides"].map { try size($0, "strides") } ?? poolSize, try padding()
    )
  }

  private func zeroPadding() throws -> KerasLayer.Kind {
    guard let value = config["padding"] else { throw missing("padding") }
    // One number, or one for each axis, or one for each side of each axis.
    let axes = value.array ?? [value, value]
    let sides = axes.map { axis in axis.array ?? [axis, axis] }
    let numbers = sides.flatMap { $0 }.compactMap(\.integer)
    guard sides.count == 2, sides.allSatisfy({ $0.count == 2 }), numbers.count == 4,
      numbers.allSatisfy({ (0...4096).contains($0) })
    else { throw unsupported("padding, 0 to 4096, or numbers for rows and columns", value) }
    return .zeroPadding2D(
      top: numbers[0], bottom: numbers[1], left: numbers[2], right: numbers[3])
  }

  // MARK: Members

  private func activation() throws -> KerasLayer.Activation {
    guard let value = config["activation"] else { return .linear }
    // Keras 3 may write a function as an object whose `config` is its name.
    let name = value.string ?? value["config"]?.string ?? value["class_name"]?.string ?? value.text
    guard let activation = KerasLayer.Activation(rawValue: name) else {
      throw error(
        .unsupported,
        "activation " + KerasLayer.Activation.allCases.map(\.rawValue).joined(separator: ", "),
        "activation \(name)")
    }
    return activation
  }

  private func padding() throws -> KerasLayer.Padding {
    guard let value = config["padding"] ?? config["border_mode"] else { return .valid }
    guard let padding = value.string.flatMap(KerasLayer.Padding.init(rawValue:)) else {
      throw unsupported("padding valid or same", value)
    }
    return padding
  }

  private func useBias() throws -> Bool {
    try bool(config["use_bias"] == nil ? "bias" : "use_bias", default: true)
  }

  private func size(_ value: JSONValue, _ key: String) throws -> KerasLayer.Size {
    let extents = (value.array ?? [value, value]).compactMap(\.integer)
    guard extents.count == 2, extents.allSatisfy({ (1...4096).contains($0) }) else {
      throw unsupported("\(key), 1 to 4096, or two such numbers for rows and columns", value)
    }
    return KerasLayer.Size(height: extents[0], width: extents[1])
  }

  private func positive(_ key: String, or oldKey: String) throws -> Int {
    guard let value = config[key] ?? config[oldKey] else { throw missing(key) }
    guard let number = value.integer, (1...1 << 24).contains(number) else {
      throw unsupported("\(key), a whole number of at least 1", value)
    }
    return number
  }

  private func number(_ key: String, or oldKey: String) throws -> Double {
    guard let value = config[key] ?? config[oldKey] else { throw missing(key) }
    return try number(value, key)
  }

  private func number(_ key: String, default standard: Double) throws -> Double {
    try config[key].map { try number($0, key) } ?? standard
  }

  private func number(_ value: JSONValue, _ key: String) throws -> Double {
    guard let number = value.number, number.isFinite else {
      throw unsupported("\(key), a number", value)
    }
    return number
  }

  private func numbers(_ key: String) throws -> [Double] {
    guard let value = config[key] else { return [key == "scale" ? 1 : 0] }
    // Keras 3 writes NumPy arrays as objects whose `config` has the `value`.
    let list = value.array ?? value["config"]?["value"]?.array ?? [value]
    return try list.map { try number($0, key) }
  }

  private func bool(_ key: String, default standard: Bool) throws -> Bool {
    guard let value = config[key] else { return standard }
    guard let flag = value.bool else { throw unsupported("\(key), true or false", value) }
    return flag
  }

  /// Refuses a member that is there with another value than the only one supported.
  private func require(_ key: String, _ expected: JSONValue) throws {
    guard let value = config[key] else { return }
    let isEqual = value == expected || value.number != nil && value.number == expected.number
    guard isEqual else { throw unsupported("\(key) \(expected.text)", value) }
  }

  /// The axis that a normalisation or softmax works along, the batch axis counted; -1 for the last.
  func axis() throws -> Int {
    guard let value = config["axis"] else { return -1 }
    let axes = (value.array ?? [value]).compactMap(\.integer)
    guard axes.count == 1 else { throw unsupported("one axis", value) }
    return axes[0]
  }

  // MARK: Errors

  private func error(
    _ kind: KerasFormatError.Kind, _ expected: String, _ found: String
  ) -> KerasFormatError {
    KerasFormatError(
      kind, file: file, object: "layer \(name) (\(className))", expected: expected, found: found)
  }

  private func unsupported(_ expected: String, _ value: JSONValue) -> KerasFormatError {
    error(.unsupported, expected, String(value.text.prefix(120)))
  }

  private func missing(_ key: String) -> KerasFormatError {
    error(.damaged, "\(key) in its configuration", "none")
  }
}
