/// A model's configuration as Keras wrote it, read into layers without weights.
///
/// A model is a list of nodes, each a layer or a nested model. Sequential models are lists as they
/// are; functional models must be chains.
struct KerasConfiguration {
  indirect enum Node {
    case layer(KerasLayer)
    case model(Model)

    var name: String {
      switch self {
      case .layer(let layer): layer.name
      case .model(let model): model.name
      }
    }
  }

  struct Model {
    var name: String
    var className: String
    var nodes: [Node]
    /// Without the batch axis, in the order that the file's `data_format` says; nil if not given.
    var inputShape: [Int?]?
  }

  let model: Model
  /// Whether pictures are (channels, height, width) throughout.
  let isChannelsFirst: Bool
  /// Of every layer, nested ones in their place, the axis that it works along, the batch axis
  /// counted; -1 for the last.
  let axes: [Int]

  /// Nested models may be nested this deep, and all models together have this many layers.
  private static let depthLimit = 32
  private static let layerLimit = 100_000

  init(_ json: JSONValue, file: String) throws {
    var reader = Reader(file: file)
    model = try reader.model(json, trainable: true, depth: 0)
    guard reader.formats.count <= 1 else {
      throw KerasFormatError(
        .unsupported, file: file, object: "model_config",
        expected: "one data_format in all layers", found: "both channels_last and channels_first")
    }
    axes = reader.axes
    isChannelsFirst = reader.formats.contains(.channelsFirst)
  }

  private struct Reader {
    let file: String
    var formats: Set<KerasLayerReader.DataFormat> = []
    var axes: [Int] = []
    var count = 0

    func error(
      _ kind: KerasFormatError.Kind, _ object: String, _ expected: String, _ found: String
    ) -> KerasFormatError {
      KerasFormatError(kind, file: file, object: object, expected: expected, found: found)
    }

    mutating func model(_ json: JSONValue, trainable: Bool, depth: Int) throws -> Model {
      guard depth < depthLimit else {
        throw error(.tooLarge, "model_config", "at most \(depthLimit) nested models", "more")
      }
      let className = json["class_name"]?.string ?? "nothing"
      let config = json["config"] ?? .null
      // Keras 1 wrote a Sequential's layers as the whole configuration.
      let name = config["name"]?.string ?? json["name"]?.string ?? className.lowercased()
      guard let entries = config["layers"]?.array ?? config.array else {
        throw error(.damaged, "model \(name)", "a list of layers", "none")
      }
      count += entries.count
      guard count <= layerLimit else {
        throw error(.tooLarge, "model \(name)", "at most \(layerLimit) layers", "more")
      }
      var ordered: [JSONValue]
      switch className {
      case "Sequential": ordered = entries
      case "Functional", "Model": ordered = try chain(entries, config, name)
      default:
        throw error(
          .unsupported, "model \(name)", "a Sequential or functional model", "class \(className)")
      }
      let trainable = trainable && config["trainable"]?.bool != false
      var model = Model(name: name, className: className, nodes: [])
      if let first = ordered.first, first["class_name"]?.string == "InputLayer" {
        model.inputShape = try inputShape(first["config"])
        ordered.removeFirst()
      } else {
        model.inputShape = try inputShape(ordered.first?["config"])
      }
      for entry in ordered {
        model.nodes.append(try node(entry, trainable: trainable, depth: depth))
      }
      if model.inputShape == nil, case .model(let first) = model.nodes.first {
        model.inputShape = first.inputShape
      }
      return model
    }

    private mutating func node(_ json: JSONValue, trainable: Bool, depth: Int) throws -> Node {
      switch json["class_name"]?.string {
      case "Sequential", "Functional", "Model":
        return .model(try model(json, trainable: trainable, depth: depth + 1))
      default:
        let reader = try KerasLayerReader(json, file: file)
        if let format = try reader.dataFormat() { formats.insert(format) }
        axes.append(try reader.axis())
        let own = json["config"]?["trainable"]?.bool != false
        return .layer(
          KerasLayer(name: reader.name, kind: try reader.kind(), trainable: trainable && own))
      }
    }

    private func inputShape(_ config: JSONValue?) throws -> [Int?]? {
      guard let shape = (config?["batch_shape"] ?? config?["batch_input_shape"])?.array else {
        return nil
      }
      return try shape.dropFirst().map { extent in
        if extent == .null { return nil }
        guard let value = extent.integer, value > 0, value <= 1 << 24 else {
          throw error(.damaged, "model_config", "an input shape", JSONValue.array(shape).text)
        }
        return value
      }
    }

    // MARK: Functional models

    /// Puts the layers of a functional model in the order in which data runs through them.
    private func chain(_ entries: [JSONValue], _ config: JSONValue, _ model: String) throws
      -> [JSONValue]
    {
      var byName: [String: JSONValue] = [:]
      var successors: [String: [String]] = [:]
      for entry in entries {
        let name = entry["name"]?.string ?? entry["config"]?["name"]?.string ?? ""
        guard byName.updateValue(entry, forKey: name) == nil else {
          throw error(.damaged, "model \(model)", "layers of different names", "\(name) twice")
        }
        let sources = Self.names(in: entry["inbound_nodes"] ?? .null)
        guard sources.count <= 1 else {
          throw error(
            .unsupported, "layer \(name)", "a model whose layers form a chain",
            "a layer with inputs \(sources.joined(separator: ", "))")
        }
        for source in sources { successors[source, default: []].append(name) }
      }
      let inputs = Self.names(in: config["input_layers"] ?? .null)
      let outputs = Self.names(in: config["output_layers"] ?? .null)
      guard inputs.count == 1, outputs.count == 1 else {
        throw error(
          .unsupported, "model \(model)", "one input and one output",
          "\(inputs.count) and \(outputs.count)")
      }
      var result: [JSONValue] = []
      var name = inputs[0]
      while true {
        guard let entry = byName.removeValue(forKey: name) else {
          throw error(.damaged, "model \(model)", "a layer \(name)", "none, or a circle")
        }
        result.append(entry)
        let next = successors[name] ?? []
        if next.isEmpty { break }
        guard next.count == 1 else {
          throw error(
            .unsupported, "layer \(name)", "a model whose layers form a chain",
            "a layer that feeds \(next.joined(separator: ", "))")
        }
        name = next[0]
      }
      guard name == outputs[0], byName.isEmpty else {
        throw error(
          .unsupported, "model \(model)", "a chain that ends in \(outputs[0])",
          "one that ends in \(name), with \(byName.count) layers apart from it")
      }
      return result
    }

    /// The layers that a connection names: `["name", 0, 0, …]` in Keras 1 and 2, a tensor with a
    /// `keras_history` in Keras 3.
    private static func names(in json: JSONValue) -> [String] {
      switch json {
      case .array(let values):
        if values.count >= 3, let name = values[0].string, values[1].integer != nil,
          values[2].integer != nil
        {
          return [name]
        }
        return values.flatMap(names)
      case .object(let members):
        if let name = members["keras_history"]?.array?.first?.string { return [name] }
        return members.sorted { $0.key < $1.key }.flatMap { names(in: $0.value) }
      default: return []
      }
    }
  }
}
