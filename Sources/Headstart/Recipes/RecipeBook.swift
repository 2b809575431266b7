/// The recipes that come with the program.
///
/// Published systems run as published but for what their notes say: no temperature is fitted
/// (`calibrates: false`), but a network keeps the weights of least validation loss unless the recipe
/// says `restoresBest: false`.
public enum RecipeBook {
  /// Name and text of each, the default first.
  private static let texts = [
    ("best", best), ("keras-blog", kerasBlog), ("tutorial", tutorial), ("img-clf", imgClf),
    ("cats-n-dogs", catsNDogs), ("cats-n-dogs-bn", catsNDogsBN), ("dsouza", dsouza),
    ("moazeni", moazeni), ("vgg19-comparison", vgg19Comparison),
  ]

  /// Their names, the default first.
  public static var names: [String] { texts.map(\.0) }

  /// The recipe that `run` uses unless another is named.
  public static var standard: String { names[0] }

  /// All of them, the default first.
  ///
  /// - Throws: ``RecipeError`` never, as the tests see to.
  public static func recipes() throws -> [Recipe] {
    try texts.map { try Recipe(yaml: $1, file: $0) }
  }

  /// Notes on what has changed since the systems were published.
  static let orientationNote =
    "Pictures are turned as their EXIF orientation says; Keras leaves that aside, as ignoreEXIF does."
  static let rmspropNote =
    "RMSprop divides by sqrt(v + epsilon), as Keras 3 does; Keras 1 and 2 by sqrt(v) + epsilon."

  /// The text of a recipe, with its comments.
  ///
  /// - Throws: ``RecipeError`` if there is none of that name.
  public static func text(_ name: String) throws -> String {
    guard let text = texts.first(where: { $0.0 == name })?.1 else {
      throw RecipeError(
        name, expected: "one of the recipes \(names.joined(separator: ", ")), or a YAML file",
        found: "neither", suggestion: NearestName.to(name, among: names))
    }
    return text
  }
}
