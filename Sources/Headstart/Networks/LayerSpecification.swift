import KerasFormat

/// One layer of an architecture, as a recipe writes it: Keras' class and Keras' arguments, with
/// Keras' defaults.
///
///     - Conv2D: {filters: 32, kernel_size: 3, activation: relu}
///     - Flatten
///     - Dropout: {rate: 0.5}
///     - Output
///
/// `Output` stands for the last layer: `Dense` of one sigmoid unit for two classes, of a softmax
/// over the classes for more.
public struct LayerSpecification: Codable, Sendable, Equatable {
  /// Keras' class, or ``output``.
  public var className: String
  /// By Keras' names.
  package var arguments: [String: JSONValue]

  /// What the last layer is called in an architecture.
  public static let output = "Output"

  package init(_ className: String, _ arguments: [String: JSONValue] = [:]) {
    self.className = className
    self.arguments = arguments
  }

  /// From a class alone, or an object of one member: the class, and its arguments.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let className = try? container.decode(String.self) {
      self.init(className)
      return
    }
    let members = try container.decode([String: JSONValue].self)
    guard members.count == 1, let (className, value) = members.first else {
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription: "expected one class for each layer, found "
          + (members.isEmpty ? "none" : members.keys.sorted().joined(separator: ", ")))
    }
    switch value {
    case .object(let arguments): self.init(className, arguments)
    case .null: self.init(className)
    default:
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "expected the arguments of \(className) by their names")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if arguments.isEmpty {
      try container.encode(className)
    } else {
      try container.encode([className: arguments])
    }
  }

  /// The layer without weights.
  ///
  /// - Parameter outputs: units of ``output``.
  func layer(named name: String, outputs: Int, file: String) throws -> KerasLayer {
    guard isOutput else {
      return try KerasLayer(
        className: className, arguments: arguments, name: name, file: file, others: [Self.output])
    }
    func refuse(_ expected: String, _ found: String) -> KerasFormatError {
      KerasFormatError(
        .unsupported, file: file, object: "layer \(name) (\(className))", expected: expected,
        found: found)
    }
    let known = ["name", "activation"]
    if let unknown = arguments.keys.sorted().first(where: { !known.contains($0) }) {
      throw refuse("the arguments \(known.joined(separator: " and "))", "the argument \(unknown)")
    }
    switch arguments["activation"] {
    case nil, .null:
      return KerasLayer(
        name: name,
        kind: .dense(units: outputs, activation: outputs == 1 ? .sigmoid : .softmax))
    case .string("softmax"):
      return KerasLayer(
        name: name, kind: .dense(units: outputs == 1 ? 2 : outputs, activation: .softmax))
    case let other?:
      throw refuse("the activation softmax, or none for the usual one", other.text)
    }
  }

  var isOutput: Bool { className == Self.output }

  /// The name that an argument gives; empty if none does.
  var givenName: String {
    if case .string(let name) = arguments["name"] { name } else { "" }
  }
}
