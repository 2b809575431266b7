import Foundation
import KerasFormat
import NeuralNetwork
import Pictures

/// Settings that a recipe gives in part: what it does not name keeps its default.
protocol RecipeSettings: Codable {
  init()
}

extension HeadSettings: RecipeSettings {}
extension FineTuneSettings: RecipeSettings {}
extension NetworkSettings: RecipeSettings {}
extension FeatureSettings: RecipeSettings {
  init() { self.init(backbone: .vgg16) }
}

extension RecipeSettings {
  /// - Parameter place: where the settings stand, for messages.
  /// - Throws: ``RecipeError`` for a name that these settings do not have, and for a value of
  ///   another type.
  init(_ tree: JSONValue, over defaults: Self = Self(), place: String) throws {
    // Optional settings that are nil are not encoded: the names come from the type itself.
    try tree.checkNames(of: defaults, place: place)
    guard case .object(let given) = tree else { preconditionFailure("names were checked") }
    if let augmentation = given["augmentation"] {
      try augmentation.checkAugmentation(place: "\(place).augmentation")
    }
    let encoder = JSONEncoder()
    let start = try JSONDecoder().decode(JSONValue.self, from: try encoder.encode(defaults))
    guard case .object(let members) = start else {
      preconditionFailure("settings are encoded by name")
    }
    let whole = JSONValue.object(members.merging(given) { $1 })
    self = try whole.decoded(place: place)
  }
}

extension JSONValue {
  /// The value as a type that knows what it is made of.
  ///
  /// - Throws: ``RecipeError`` naming the place that does not fit.
  func decoded<Value: Decodable>(_: Value.Type = Value.self, place: String) throws -> Value {
    do {
      return try JSONDecoder().decode(Value.self, from: try JSONEncoder().encode(self))
    } catch let error as DecodingError {
      throw RecipeError(error, place: place)
    }
  }

  /// Refuses names that an augmentation does not have; it would pass them over.
  func checkAugmentation(place: String) throws {
    try checkNames(of: Augmentation(), place: place)
    if let crop = self["randomResizedCrop"] {
      try crop.checkNames(of: RandomResizedCrop(), place: "\(place).randomResizedCrop")
    }
  }

  fileprivate func checkNames(of value: Any, place: String) throws {
    try checkNames(Set(Mirror(reflecting: value).children.compactMap(\.label)), place: place)
  }

  /// - Throws: ``RecipeError`` for anything but an object with these names.
  func checkNames(_ known: Set<String>, place: String) throws {
    guard case .object(let members) = self else {
      throw RecipeError(place, expected: "names and values", found: kind)
    }
    for name in members.keys.sorted() where !known.contains(name) {
      throw RecipeError(
        place, expected: "one of \(known.sorted().joined(separator: ", "))", found: name)
    }
  }

  var kind: String {
    switch self {
    case .null: "nothing"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): "'\(value)'"
    case .array: "a list"
    case .object: "names and values"
    }
  }
}

extension RecipeError {
  fileprivate init(_ error: DecodingError, place: String) {
    func at(_ context: DecodingError.Context, _ last: String? = nil) -> String {
      ([place] + (context.codingPath.map(\.stringValue) + [last].compactMap { $0 }))
        .joined(separator: ".")
    }
    switch error {
    case .typeMismatch(let type, let context):
      self.init(at(context), expected: "a value of type \(type)", found: "another")
    case .valueNotFound(let type, let context):
      self.init(at(context), expected: "a value of type \(type)", found: "none")
    case .keyNotFound(let key, let context):
      self.init(at(context, key.stringValue), expected: "a value", found: "none")
    case .dataCorrupted(let context):
      self.init(at(context), expected: "a value that fits", found: context.debugDescription)
    @unknown default:
      self.init(place, expected: "values that fit", found: "\(error)")
    }
  }
}
