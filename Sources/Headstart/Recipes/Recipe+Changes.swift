extension Recipe {
  /// Trains no model for more epochs than these.
  public mutating func limit(epochs: Int) {
    for index in models.indices {
      if let known = models[index].head?.epochs { models[index].head?.epochs = min(known, epochs) }
      if let known = models[index].training?.epochs {
        models[index].training?.epochs = min(known, epochs)
      }
      if let known = models[index].fineTuning?.epochs {
        models[index].fineTuning?.epochs = min(known, epochs)
      }
    }
  }

  /// Leaves out all models but these and those they start from; the result is what of it is left,
  /// or else the last model.
  ///
  /// - Throws: ``RecipeError`` if there is no such model.
  public mutating func keep(only names: [String]) throws {
    var wanted = Set(names)
    for name in names where model(name) == nil {
      throw RecipeError("\(self.name): models", oneOf: models.map(\.name), found: name)
    }
    for model in models.reversed() where wanted.contains(model.name) {
      if let start = model.startsFrom { wanted.insert(start) }
    }
    models.removeAll { !wanted.contains($0.name) }
    result.models.removeAll { !wanted.contains($0) }
    if result.models.isEmpty, let last = models.last { result.models = [last.name] }
  }
}
