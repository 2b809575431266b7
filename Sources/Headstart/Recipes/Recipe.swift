import Pictures

/// Everything about a pipeline, from the preparation of the pictures to the submission: what a
/// published system did, or what is known to be best.
///
/// As text a recipe is YAML, in which what is left out keeps its default. Running it needs nothing
/// else but the pictures and the pretrained weights.
public struct Recipe: Sendable, Equatable {
  public var name: String
  /// A line.
  public var title: String
  /// Who published it, where.
  public var source: String
  /// The source's result, with the data it was measured on.
  public var published: String
  /// What differs from the source, and why.
  public var notes: [String]
  /// Trained in this order.
  public var models: [RecipeModel]
  /// Which model, or mean of models, the recipe ends with: what `test/` is judged by.
  public var result: Result
  /// The views of a picture whose probabilities are averaged.
  public var testTime: TestTime
  /// The submission's probabilities are kept within [clip, 1 − clip]; nil for the model's own
  /// estimate, as `submit` has it.
  public var clip: Double?
  /// The class that the submission's label is the probability of, of two; nil: `dogs` or `dog`
  /// where there is such a class, else the last.
  public var positive: String?

  /// What a recipe ends with.
  public struct Result: Codable, Sendable, Equatable {
    /// One, or several whose probabilities are averaged.
    public var models: [String]
    /// Of the average; nil: fitted where all of the models have folds, else equal.
    public var weights: Weights?

    public enum Weights: String, Codable, Sendable, CaseIterable {
      /// The arithmetic mean.
      case equal
      /// What minimises the log loss on held-out predictions.
      case fitted
    }

    public init(models: [String], weights: Weights? = nil) {
      self.models = models
      self.weights = weights
    }
  }

  public init(
    name: String, title: String, source: String = "", published: String = "",
    notes: [String] = [], models: [RecipeModel], result: Result? = nil,
    testTime: TestTime = TestTime(), clip: Double? = nil, positive: String? = nil
  ) {
    self.name = name
    self.title = title
    self.source = source
    self.published = published
    self.notes = notes
    self.models = models
    self.result = result ?? Result(models: [models.last?.name ?? ""])
    self.testTime = testTime
    self.clip = clip
    self.positive = positive
  }

  /// The model of that name.
  public func model(_ name: String) -> RecipeModel? { models.first { $0.name == name } }

  /// Whether the result's weights are what minimises the log loss of held-out predictions.
  var fitsWeights: Bool {
    let haveFolds = result.models.allSatisfy { model($0)?.folds ?? 0 > 0 }
    return result.models.count > 1 && (result.weights ?? (haveFolds ? .fitted : .equal)) == .fitted
  }

  /// Refuses a recipe that contradicts itself, before any work is done.
  ///
  /// - Throws: ``RecipeError``, and what the settings' own checks throw.
  public func check() throws {
    guard !models.isEmpty else {
      throw RecipeError("\(name): models", expected: "at least one model", found: "none")
    }
    var known: [String: RecipeModel] = [:]
    for model in models {
      let place = "\(name): models.\(model.name)"
      guard known[model.name] == nil else {
        throw RecipeError(
          "\(place).name", expected: "a name of its own", found: "one that is taken")
      }
      try model.check(place: place, earlier: known)
      known[model.name] = model
    }
    for name in result.models where known[name] == nil {
      throw RecipeError(
        "\(self.name): result.models", oneOf: models.map(\.name), found: name)
    }
    guard !result.models.isEmpty, Set(result.models).count == result.models.count else {
      throw RecipeError(
        "\(name): result.models", expected: "different models, at least one",
        found: result.models.isEmpty ? "none" : result.models.joined(separator: ", "))
    }
    let members = result.models.reduce(0) { $0 + max(1, known[$1]?.folds ?? 1) }
    guard members <= EnsembleFile.maximumMembers else {
      throw RecipeError(
        "\(name): result.models",
        expected: "at most \(EnsembleFile.maximumMembers) models, folds and all",
        found: "\(members)")
    }
    if let clip, !(0..<0.5).contains(clip) {
      throw RecipeError("\(name): clip", expected: "0 up to 0.5", found: "\(clip)")
    }
    _ = try RecipeError.naming("\(name): testTime") { try testTime.views(seed: 0) }
  }
}
