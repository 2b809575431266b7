extension KerasModel {
  /// Reads a model that `write(to:format:)` wrote, or that Keras 1, 2 or 3 saved as `.h5` or `.keras`.
  ///
  /// Sequential models and functional ones whose layers form a chain are read, nested models as
  /// part of the chain; kernels in Theano's order are turned.
  ///
  /// - Throws: `KerasFormatError`: no model file, a layer that is not supported (named), a model
  ///   with branches, weights that do not fit the configuration, NaN or infinite values.
  public init(path: String) throws {
    let file = try WeightFile(path: path)
    guard file.layout == .model || file.layout == .archive, let text = file.modelConfiguration
    else {
      throw KerasFormatError(
        .unexpected, file: path, expected: "a whole model, with its configuration",
        found: "\(file.layout.rawValue) alone")
    }
    let object = file.layout == .model ? "model_config" : "config.json"
    let configuration = try KerasConfiguration(
      try JSONValue(parsing: text, file: path, object: object), file: path)
    let root = file.file.root
    let weights = KerasWeightReader(file: file)
    var layers =
      try file.layout == .model
      ? weights.legacy(configuration.model) : weights.archive(configuration.model)
    Self.makeNamesUnique(&layers)
    guard let inputShape = configuration.model.inputShape else {
      throw KerasFormatError(
        .unsupported, file: path, object: object, expected: "the shape of the input", found: "none")
    }
    self.init(
      name: configuration.model.name, inputShape: inputShape, layers: layers,
      metadata: try root.hasAttribute("headstart") ? try root.string("headstart") : nil,
      trainingConfiguration: try root.hasAttribute("training_config")
        ? try root.string("training_config") : try Self.compileConfiguration(of: text, path),
      optimizerWeights: try file.optimizerWeights())
    try bringToChannelsLast(
      isChannelsFirst: configuration.isChannelsFirst, order: file.kernelOrder, file: path)
    let inputs = [self.inputShape] + (try outputShapes(file: path, kind: .unexpected))
    for ((layer, axis), input) in zip(zip(layers, configuration.axes), inputs) {
      let isLast = axis == -1 || axis == input.count
      // What was the first axis of a picture has become the last.
      let isFirst = axis == 1 && input.count == 3 && configuration.isChannelsFirst
      guard layer.kind.worksAlongAxis, !isLast, !isFirst else { continue }
      throw KerasFormatError(
        .unsupported, file: path, object: "layer \(layer.name) (\(layer.kind.className))",
        expected: "the last axis", found: "axis \(axis)")
    }
  }

  /// What an archive's configuration says about training; nil if that is neither loss nor optimizer.
  private static func compileConfiguration(of text: String, _ path: String) throws -> String? {
    let json = try JSONValue(parsing: text, file: path, object: "config.json")
    guard let compile = json["compile_config"],
      compile["loss"] != nil || compile["optimizer"] != nil
    else {
      return nil
    }
    return trainingConfiguration(ofArchive: compile).text
  }

  /// Layers of a nested model may bear names of layers outside it.
  private static func makeNamesUnique(_ layers: inout [KerasLayer]) {
    var taken = Set<String>()
    // Of each name the last number that was tried: many layers may bear one.
    var numbers: [String: Int] = [:]
    for index in layers.indices {
      let name = layers[index].name
      while !taken.insert(layers[index].name).inserted {
        numbers[name, default: 0] += 1
        layers[index].name = "\(name)_\(numbers[name, default: 0])"
      }
    }
  }

  /// Turns kernels, and permutes the input's axes and the rows of dense kernels after `Flatten`.
  private mutating func bringToChannelsLast(
    isChannelsFirst: Bool, order: KernelOrder, file: String
  ) throws {
    for index in layers.indices {
      guard case .conv2D = layers[index].kind else { continue }
      layers[index].weights = layers[index].weights.map(order.tensorFlow)
    }
    guard isChannelsFirst else { return }
    func unsupported(_ object: String, _ found: String) -> KerasFormatError {
      KerasFormatError(
        .unsupported, file: file, object: object,
        expected: "channels-first pictures of fixed size, flattened before a dense layer",
        found: found)
    }
    guard inputShape.count == 3 else { throw unsupported("input", "shape \(inputShape)") }
    inputShape = [inputShape[1], inputShape[2], inputShape[0]]
    var shape = inputShape
    var flattened: [Int]?
    for index in layers.indices {
      let layer = layers[index]
      switch layer.kind {
      case .flatten:
        let fixed = shape.compactMap { $0 }
        guard fixed.count == shape.count else { throw unsupported(layer.name, "shape \(shape)") }
        if fixed.count == 3 { flattened = fixed }
      case .dense:
        if let map = flattened, let kernel = layer.weights.first, kernel.shape.count == 2,
          kernel.shape[0] == map.reduce(1, *)
        {
          layers[index].weights[0] = KernelOrder.channelsLastRows(
            kernel, height: map[0], width: map[1], channels: map[2])
        }
        flattened = nil
      case .reshape, .rescaling, .normalization, .unitNormalization, .layerNormalization, .softmax:
        throw unsupported(layer.name, layer.kind.className)
      case .batchNormalization where flattened != nil:
        throw unsupported(layer.name, "batch normalisation between Flatten and the dense layer")
      default: break
      }
      do {
        shape = try layer.outputShape(for: shape)
      } catch let misfit as KerasLayer.Misfit {
        throw KerasFormatError(
          .unexpected, file: file, object: "layer \(layer.name)", expected: misfit.expected,
          found: misfit.found)
      }
    }
  }
}

extension KerasLayer.Kind {
  fileprivate var worksAlongAxis: Bool {
    switch self {
    case .batchNormalization, .layerNormalization, .unitNormalization, .softmax: true
    case .normalization(let mean, let variance): mean.count > 1 || variance.count > 1
    default: false
    }
  }
}
