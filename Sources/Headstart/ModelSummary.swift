import KerasFormat
import NeuralNetwork

/// A network's layers, output shapes and parameters, as Keras' `model.summary()` prints them.
///
/// Of a model's file it also tells the optimizer and the classes, where the file has them.
public struct ModelSummary: Codable, Sendable {
  /// A layer.
  public struct Row: Codable, Sendable {
    public let name: String
    public let className: String
    /// Without the batch; null where the extent is not fixed.
    public let outputShape: [Int?]
    public let parameters: Int
  }

  public let name: String
  /// From the input to the output.
  public let layers: [Row]
  public let parameters: Int
  /// Those that training changes.
  public let trainableParameters: Int
  /// Those of frozen layers, and moving means and variances.
  public let nonTrainableParameters: Int
  /// Keras' name of the optimizer that the file notes for training to go on with.
  public let optimizer: String?
  public let learningRate: Double?
  /// Steps done, whose state the file has; 0 if it has none.
  public let steps: Int?
  /// By their numbers, of a classifier.
  public let classes: [String]?

  /// - Throws: `KerasFormatError` naming the first layer that does not fit the one before it.
  public init(_ model: KerasModel) throws {
    let shapes = try model.outputShapes()
    name = model.name
    let input = Row(
      name: "input", className: "InputLayer", outputShape: model.inputShape, parameters: 0)
    layers =
      [input]
      + zip(model.layers, shapes).map {
        Row(
          name: $0.name, className: $0.kind.className, outputShape: $1,
          parameters: $0.parameterCount)
      }
    parameters = model.parameterCount
    trainableParameters = model.layers.reduce(0) { $0 + $1.trainableParameterCount }
    nonTrainableParameters = parameters - trainableParameters
    // What another program has noted may be nothing that is known here.
    let optimizer = try? model.optimizer()
    self.optimizer = optimizer?.rule.className
    learningRate = optimizer.flatMap { Double("\($0.learningRate)") }
    steps = optimizer?.iterations
    classes = model.metadata.flatMap { try? ClassifierMetadata($0, path: model.name) }?.classes
  }

  /// Reads a whole model, or the weights of VGG16 or VGG19, which are summarised as the network
  /// they belong to.
  public init(path: String) throws {
    let file = try WeightFile(path: path)
    guard file.modelConfiguration == nil else {
      try self.init(KerasModel(path: path))
      return
    }
    let weights = try VGGWeights.load(path)
    try self.init(KerasModel(weights))
  }

  /// The table, lines of 65 characters or more where names are long.
  public var text: String {
    let cells =
      [("Layer (type)", "Output Shape", "Param #")]
      + layers.map { row in
        (
          "\(row.name) (\(row.className))",
          "(None, " + row.outputShape.map { $0.map(String.init) ?? "None" }.joined(separator: ", ")
            + ")",
          ModelSummary.grouped(row.parameters)
        )
      }
    let first = max(29, (cells.map(\.0.count).max() ?? 0) + 2)
    let second = max(26, (cells.map(\.1.count).max() ?? 0) + 2)
    let width = first + second + 12
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(0, width - text.count))
    }
    var lines = cells.map { padded($0.0, first) + padded($0.1, second) + $0.2 }
    lines.insert(String(repeating: "=", count: width), at: 1)
    return
      (["Model: \"\(name)\"", String(repeating: "_", count: width)] + lines + [
        String(repeating: "=", count: width),
        "Total params: \(ModelSummary.grouped(parameters))",
        "Trainable params: \(ModelSummary.grouped(trainableParameters))",
        "Non-trainable params: \(ModelSummary.grouped(nonTrainableParameters))",
        String(repeating: "_", count: width),
      ] + notes).joined(separator: "\n")
  }

  /// `Optimizer: Adam, learning rate 0.001, 930 steps` and `Classes: {cats: 0, dogs: 1}`.
  private var notes: [String] {
    var notes: [String] = []
    if let optimizer, let learningRate, let steps {
      notes.append(
        "Optimizer: \(optimizer), learning rate \(learningRate), "
          + (steps == 0 ? "at its first step" : "\(ModelSummary.grouped(steps)) steps"))
    }
    if let classes {
      let numbered = classes.enumerated().map { "\($1): \($0)" }
      notes.append("Classes: {\(numbered.joined(separator: ", "))}")
    }
    return notes
  }

  /// 1,212,513
  package static func grouped(_ number: Int) -> String {
    var digits = String(number)
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return ([digits] + groups).joined(separator: ",")
  }
}

extension KerasModel {
  /// The network that VGG weights belong to, taking pictures of any size; with the top, of
  /// 224 × 224.
  init(_ weights: VGGWeights) {
    var layers: [KerasLayer] = []
    var remaining = weights.convolutions[...]
    for (index, block) in weights.architecture.blocks.enumerated() {
      layers += remaining.prefix(block.convolutions).map(KerasLayer.init)
      remaining = remaining.dropFirst(block.convolutions)
      layers.append(KerasLayer(name: "block\(index + 1)_pool", kind: .maxPooling2D()))
    }
    if !weights.dense.isEmpty { layers.append(KerasLayer(name: "flatten", kind: .flatten)) }
    layers += weights.dense.map {
      KerasLayer($0, activation: $0.name == "predictions" ? .softmax : .relu)
    }
    self.init(
      name: weights.architecture.rawValue,
      inputShape: weights.dense.isEmpty ? [nil, nil, 3] : [224, 224, 3], layers: layers)
  }
}

extension KerasLayer {
  init(_ convolution: VGGWeights.Convolution) {
    self.init(
      name: convolution.name,
      kind: .conv2D(
        filters: convolution.outputChannels, kernelSize: Size(3), padding: .same,
        activation: .relu),
      weights: [
        NamedTensor(
          name: "kernel",
          shape: [3, 3, convolution.inputChannels, convolution.outputChannels],
          values: convolution.kernel),
        NamedTensor(name: "bias", shape: [convolution.outputChannels], values: convolution.bias),
      ])
  }

  init(_ layer: VGGWeights.Dense, activation: Activation) {
    self.init(
      name: layer.name, kind: .dense(units: layer.outputs, activation: activation),
      weights: [
        NamedTensor(name: "kernel", shape: [layer.inputs, layer.outputs], values: layer.kernel),
        NamedTensor(name: "bias", shape: [layer.outputs], values: layer.bias),
      ])
  }
}
