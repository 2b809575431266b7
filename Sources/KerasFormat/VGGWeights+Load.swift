extension VGGWeights {
  /// Loads VGG16 or VGG19, with or without top, from a weight or model file of any layout.
  ///
  /// The network is told by its shapes. Kernels in Theano's order are transposed and turned, and
  /// the rows of the dense layer after `Flatten` permuted to channels-last order. In a model that
  /// has other layers besides, those of VGG are found by their names.
  ///
  /// - Throws: `KerasFormatError` naming the file, what was looked for and what was found: another
  ///   network, a damaged file, NaN or infinite values, sizes that the file cannot hold.
  public static func load(_ path: String) throws -> VGGWeights {
    try load(try WeightFile(path: path))
  }

  /// Loads VGG16 or VGG19 from an open weight file.
  public static func load(_ file: WeightFile) throws -> VGGWeights {
    let found = try VGGLayers(in: file)
    let order = file.kernelOrder
    let convolutions = try zip(found.architecture.convolutions, found.convolutions).map {
      let kernel = order.tensorFlow(try file.read($1.kernel, layer: $1.name))
      return Convolution(
        name: $0.name, inputChannels: $0.inputChannels, outputChannels: $0.outputChannels,
        kernel: kernel.values, bias: try file.read($1.bias, layer: $1.name).values)
    }
    let dense = try zip(["fc1", "fc2", "predictions"], found.dense).map { name, unit in
      var kernel = try file.read(unit.kernel, layer: unit.name)
      if name == "fc1", try file.hasChannelsFirst {
        let positions = kernel.shape[0] / 512
        let side = (1...max(1, positions)).first { $0 * $0 >= positions } ?? 1
        guard side * side == positions else {
          throw KerasFormatError(
            .unsupported, file: file.path, object: unit.name,
            expected: "a square map before Flatten, to bring its rows to channels-last order",
            found: "\(positions) positions")
        }
        kernel = KernelOrder.channelsLastRows(kernel, height: side, width: side, channels: 512)
      }
      return Dense(
        name: name, inputs: kernel.shape[0], outputs: kernel.shape[1], kernel: kernel.values,
        bias: try file.read(unit.bias, layer: unit.name).values)
    }
    return try VGGWeights(
      architecture: found.architecture, convolutions: convolutions, dense: dense)
  }
}

extension WeightFile {
  /// Whether `Flatten` saw (channels, height, width) when the weights were made.
  var hasChannelsFirst: Bool {
    get throws {
      if kernelOrder == .theano { return true }
      guard let modelConfiguration else { return false }
      let configuration = try JSONValue(
        parsing: modelConfiguration, file: path, object: "model_config")
      return configuration.contains { key, value in
        key == "data_format" && value == "channels_first"
          || key == "dim_ordering" && value == "th"
      }
    }
  }
}

extension JSONValue {
  /// Whether any member of any object within satisfies the predicate.
  func contains(_ predicate: (_ key: String, _ value: JSONValue) -> Bool) -> Bool {
    switch self {
    case .object(let members):
      members.contains { predicate($0.key, $0.value) || $0.value.contains(predicate) }
    case .array(let values): values.contains { $0.contains(predicate) }
    default: false
    }
  }
}
