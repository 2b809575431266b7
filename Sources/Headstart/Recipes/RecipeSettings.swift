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
extension FilterSettings: RecipeSettings {}
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
    try SettingDecoder.decode(Value.self, from: self, place: place)
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
      throw RecipeError(
        place, expected: "names and values, of " + known.sorted().joined(separator: ", "),
        found: kind)
    }
    for name in members.keys.sorted() where !known.contains(name) {
      throw RecipeError(place, oneOf: known.sorted(), found: name)
    }
  }

  /// What was found, for messages.
  var kind: String {
    switch self {
    case .null: "nothing"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): "'\(value.prefix(60))\(value.count > 60 ? "…" : "")'"
    case .array: "a list"
    case .object: "names and values"
    }
  }
}
