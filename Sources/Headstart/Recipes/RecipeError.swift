/// A recipe that cannot be understood or carried out.
public struct RecipeError: Error, Equatable, CustomStringConvertible {
  /// The file, or the recipe's name, and the place in it.
  public let place: String
  public let expected: String
  public let found: String

  init(_ place: String, expected: String, found: String) {
    self.place = place
    self.expected = expected
    self.found = found
  }

  public var description: String { "\(place): expected \(expected), found \(found)." }
}
