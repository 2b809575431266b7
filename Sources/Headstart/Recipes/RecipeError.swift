import KerasFormat
import NeuralNetwork
import Pictures

/// A recipe that cannot be understood or carried out.
public struct RecipeError: Error, Equatable, CustomStringConvertible {
  /// The file, or the recipe's name, and the dotted path in it, as `--set` takes it.
  public let place: String
  /// What would have been right there.
  public let expected: String
  /// What there is instead.
  public let found: String
  /// The known name that is nearest to what was found, if any is near.
  public let suggestion: String?

  init(_ place: String, expected: String, found: String, suggestion: String? = nil) {
    self.place = place
    self.expected = expected
    self.found = found
    self.suggestion = suggestion
  }

  public var description: String {
    "\(place): expected \(expected), found \(found)."
      + (suggestion.map { " Perhaps \($0) is meant." } ?? "")
  }
}

extension RecipeError {
  /// A name that is none of the known ones.
  init(_ place: String, _ what: String = "", oneOf known: some Collection<String>, found: String) {
    self.init(
      place, expected: (what.isEmpty ? "" : what + " ") + "one of " + known.joined(separator: ", "),
      found: found, suggestion: NearestName.to(found, among: known))
  }

  /// A value that is none of a type's.
  init(_ place: String, _ type: Any.Type, found value: JSONValue) {
    var suggestion: String?
    if case .string(let text) = value, let choices = SettingKind.choices(type) {
      suggestion = NearestName.to(text, among: choices)
    }
    self.init(
      place, expected: SettingKind.expectation(type) ?? "a value that fits", found: value.kind,
      suggestion: suggestion)
  }

  /// Calls what a check of settings throws by its place in the recipe.
  static func naming<Result>(_ place: String, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch NeuralNetworkError.setting(let name, let expected, let found) {
      throw RecipeError(
        "\(place).\(key(name))", expected: expected == "positive" ? "a positive number" : expected,
        found: found)
    } catch let error as AugmentationError {
      let path = error.parameter.split(separator: " ").map { key(String($0)) }
      throw RecipeError(
        "\(place).augmentation.\(path.joined(separator: "."))", expected: error.expected,
        found: error.found)
    } catch let error as PictureViewError {
      throw RecipeError(place, expected: error.expected, found: error.found)
    } catch let error as KerasFormatError {
      let found = error.found.hasSuffix(".") ? String(error.found.dropLast()) : error.found
      throw RecipeError(
        place + (error.object.map { ", \($0)" } ?? ""), expected: error.expected, found: found)
    }
  }

  /// What a recipe calls the setting that the training code calls `learning rate`, or Keras
  /// `rotation_range`.
  private static func key(_ name: String) -> String {
    if name == "limit of gradients" { return "clipNorm" }
    let words = name.split { " -_".contains($0) }.map(String.init)
    return (words.first ?? "") + words.dropFirst().map(\.capitalized).joined()
  }
}
