/// The weights of VGG16 or VGG19 in one form, whatever file they come from.
public struct VGGWeights: Sendable, Equatable {
  /// A 3×3 convolution with bias.
  public struct Convolution: Sendable, Equatable {
    /// `block1_conv1` and so on.
    public let name: String
    /// Channels of the input.
    public let inputChannels: Int
    /// Channels of the output.
    public let outputChannels: Int
    /// (3, 3, in, out), for correlation.
    public let kernel: [Float]
    /// (out).
    public let bias: [Float]

    public init(
      name: String, inputChannels: Int, outputChannels: Int, kernel: [Float], bias: [Float]
    ) {
      self.name = name
      self.inputChannels = inputChannels
      self.outputChannels = outputChannels
      self.kernel = kernel
      self.bias = bias
    }
  }

  /// A dense layer with bias.
  public struct Dense: Sendable, Equatable {
    /// `fc1`, `fc2` or `predictions`.
    public let name: String
    /// Values in.
    public let inputs: Int
    /// Values out.
    public let outputs: Int
    /// (in, out); the rows of `fc1` in (height, width, channel) order.
    public let kernel: [Float]
    /// (out).
    public let bias: [Float]

    public init(name: String, inputs: Int, outputs: Int, kernel: [Float], bias: [Float]) {
      self.name = name
      self.inputs = inputs
      self.outputs = outputs
      self.kernel = kernel
      self.bias = bias
    }
  }

  /// Which of the networks they are of.
  public let architecture: Architecture
  /// All convolutions, `block1_conv1` first.
  public let convolutions: [Convolution]
  /// The top: none, or `fc1`, `fc2` and `predictions`, of which the last may be missing.
  public let dense: [Dense]

  /// The number of all parameters.
  public var parameterCount: Int {
    convolutions.reduce(0) { $0 + $1.kernel.count + $1.bias.count }
      + dense.reduce(0) { $0 + $1.kernel.count + $1.bias.count }
  }

  /// Puts weights together.
  ///
  /// - Throws: `KerasFormatError` of kind `invalidArgument` if names, shapes or counts are not
  ///   those of the architecture.
  public init(
    architecture: Architecture, convolutions: [Convolution], dense: [Dense] = []
  ) throws {
    func wrong(_ name: String, _ expected: String, _ found: String) -> KerasFormatError {
      KerasFormatError(
        .invalidArgument, file: "\(architecture)", object: name, expected: expected, found: found)
    }
    let expected = architecture.convolutions
    guard expected.map(\.name) == convolutions.map(\.name) else {
      throw wrong(
        "convolutions", WeightFile.list(expected.map(\.name)),
        WeightFile.list(convolutions.map(\.name)))
    }
    for (layer, given) in zip(expected, convolutions) {
      let count = 9 * layer.inputChannels * layer.outputChannels
      guard layer.inputChannels == given.inputChannels,
        layer.outputChannels == given.outputChannels, given.kernel.count == count,
        given.bias.count == layer.outputChannels
      else {
        throw wrong(
          layer.name, "a 3×3 kernel \(layer.inputChannels)→\(layer.outputChannels) and its bias",
          "\(given.inputChannels)→\(given.outputChannels), \(given.kernel.count) and "
            + "\(given.bias.count) values")
      }
    }
    var inputs: Int?
    for (name, layer) in zip(["fc1", "fc2", "predictions", "nothing more"], dense) {
      guard layer.name == name, layer.inputs == inputs ?? layer.inputs,
        layer.kernel.count == layer.inputs * layer.outputs, layer.bias.count == layer.outputs
      else {
        throw wrong(
          layer.name, "\(name) with \(inputs.map(String.init) ?? "512 × positions") inputs",
          "\(layer.inputs)→\(layer.outputs), \(layer.kernel.count) and \(layer.bias.count) values")
      }
      inputs = layer.outputs
    }
    self.architecture = architecture
    self.convolutions = convolutions
    self.dense = dense
  }

  /// Calls `body` with every tensor in canonical order: each layer's kernel, then its bias.
  ///
  /// Hash names, shapes and values in this order to tell weights apart whatever file held them.
  public func forEachTensor(
    _ body: (_ name: String, _ shape: [Int], _ values: [Float]) throws -> Void
  ) rethrows {
    for layer in convolutions {
      try body(
        "\(layer.name)/kernel", [3, 3, layer.inputChannels, layer.outputChannels], layer.kernel)
      try body("\(layer.name)/bias", [layer.outputChannels], layer.bias)
    }
    for layer in dense {
      try body("\(layer.name)/kernel", [layer.inputs, layer.outputs], layer.kernel)
      try body("\(layer.name)/bias", [layer.outputs], layer.bias)
    }
  }

  /// Writes the weights in the layout of the official files of keras-applications
  /// (`block1_conv1/block1_conv1_W_1:0`), which every Keras loads.
  ///
  /// - Throws: `KerasFormatError` if the file cannot be written; a file that was there stays then.
  public func save(_ path: String) throws {
    try AtomicFile.write(to: path) { temporary in
      let file = try HDF5File(creating: temporary)
      var names: [String] = []
      func write(_ layer: String, _ tensors: [NamedTensor]) throws {
        let group = try file.root.createGroup(layer)
        for tensor in tensors {
          try group.write(tensor.name, tensor.values, shape: tensor.shape)
        }
        try group.set("weight_names", tensors.map(\.name))
        names.append(layer)
      }
      func write(_ layer: String, _ shape: [Int], _ kernel: [Float], _ bias: [Float]) throws {
        try write(
          layer,
          [
            NamedTensor(name: "\(layer)_W_1:0", shape: shape, values: kernel),
            NamedTensor(name: "\(layer)_b_1:0", shape: [bias.count], values: bias),
          ])
      }
      var remaining = convolutions[...]
      for (index, block) in architecture.blocks.enumerated() {
        for layer in remaining.prefix(block.convolutions) {
          let shape = [3, 3, layer.inputChannels, layer.outputChannels]
          try write(layer.name, shape, layer.kernel, layer.bias)
        }
        remaining = remaining.dropFirst(block.convolutions)
        try write("block\(index + 1)_pool", [])
      }
      if !dense.isEmpty { try write("flatten", []) }
      for layer in dense {
        try write(layer.name, [layer.inputs, layer.outputs], layer.kernel, layer.bias)
      }
      try file.root.set("layer_names", names)
      try file.close()
    }
  }
}
