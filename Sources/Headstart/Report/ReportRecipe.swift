import Files
import Foundation
import KerasFormat

/// What the files of a recipe's run say of it, read with care.
struct ReportRecipe {
  /// A model, or one of its folds, that was trained.
  struct Training {
    let record: RecipeResults.Model
    /// Its folder.
    var source: ReportSource
  }

  /// A model with the folds it has.
  struct Model {
    let name: String
    var trainings: [Training]

    /// Whether it is made of folds, each in a folder within the model's.
    var hasFolds: Bool { trainings.contains { $0.record.place != name } }
  }

  private(set) var name = ""
  private(set) var title = ""
  private(set) var origin = ""
  private(set) var published = ""
  private(set) var notes: [String] = []
  /// The recipe itself, as YAML.
  private(set) var yaml: String?
  /// Nil if the run has not ended.
  private(set) var results: RecipeResults?
  /// In the recipe's order.
  private(set) var models: [Model] = []
  /// Names of models of the recipe that are not trained yet.
  private(set) var unfinished: [String] = []
  /// Folders of other models, which an earlier run left.
  private(set) var strangers: [String] = []

  /// - Returns: nil for a folder that is not a recipe's, or has neither results nor models.
  init?(_ source: inout ReportSource) {
    guard source.has("recipe.yaml") || source.has("results.json") else { return nil }
    var files = source
    results = files.decoded("results.json", RecipeResults.self, isOptional: true)
    let tree = readRecipe(&files)
    guard results != nil || tree != nil else {
      // The page of any run shows what figures results.json has.
      for (name, reason) in files.refused where name == "recipe.yaml" {
        source.refuse(name, reason)
      }
      return nil
    }
    if name.isEmpty { name = results?.recipe ?? "" }
    if let results {
      for record in results.models {
        if Self.isPlace(record.place), files.isWithin(record.place) {
          add(record, files.within(record.place))
        } else {
          files.refuse("results.json: \(record.place)", "it is no folder of the run's own")
        }
      }
    } else {
      for model in tree?.models ?? [] { readModel(model, &files) }
    }
    guard results != nil || !models.isEmpty else { return nil }
    let known = Set(models.flatMap(\.trainings).map(\.record.place))
    strangers = source.models().map(\.name).filter { !known.contains($0) }
    source = files
  }

  private mutating func add(_ record: RecipeResults.Model, _ source: ReportSource) {
    let training = Training(record: record, source: source)
    if let index = models.firstIndex(where: { $0.name == record.name }) {
      models[index].trainings.append(training)
    } else {
      models.append(Model(name: record.name, trainings: [training]))
    }
  }

  /// A model whose folders say by themselves that they are finished.
  private mutating func readModel(
    _ model: (name: String, folds: Int), _ source: inout ReportSource
  ) {
    let places =
      model.folds == 0 ? [model.name] : (1...model.folds).map { "\(model.name)/fold-\($0)" }
    for place in places {
      var folder = source.within(place)
      if Self.isPlace(place), source.isWithin(place), folder.has("metrics.json"),
        let record = folder.decoded("metrics.json", RecipeResults.Model.self),
        record.name == model.name, record.place == place
      {
        add(record, folder)
      } else {
        unfinished.append(place)
      }
    }
  }

  /// The texts of `recipe.yaml`; its settings may be those of another version.
  private mutating func readRecipe(
    _ source: inout ReportSource
  ) -> (name: String, models: [(name: String, folds: Int)])? {
    guard let text = source.text("recipe.yaml") else { return nil }
    guard let tree = try? JSONValue(yaml: text, file: "recipe.yaml"),
      case .string(let name)? = tree["name"], case .array(let list)? = tree["models"],
      list.count <= 200
    else {
      source.refuse("recipe.yaml", "it is not a recipe")
      return nil
    }
    if let results, results.recipe != name {
      source.refuse("recipe.yaml", "it is \(name), and the results are of \(results.recipe)")
      return nil
    }
    func string(_ key: String) -> String {
      if case .string(let text)? = tree[key] { text } else { "" }
    }
    self.name = name
    (title, origin, published) = (string("title"), string("source"), string("published"))
    if case .array(let values)? = tree["notes"] {
      notes = values.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }
    yaml = text
    let models = list.compactMap { model -> (name: String, folds: Int)? in
      guard case .string(let name)? = model["name"] else { return nil }
      guard case .integer(let folds)? = model["folds"], (2...100).contains(folds) else {
        return (name, 0)
      }
      return (name, folds)
    }
    return (name, models)
  }

  /// Whether a path stays in the run's folder: one name, or a model's and a fold's.
  private static func isPlace(_ path: String) -> Bool {
    let parts = Folder.parts(of: path, keepingEmpty: true)
    return (1...2).contains(parts.count)
      && parts.allSatisfy { !$0.isEmpty && $0.utf8.first != 0x2E && !$0.utf8.contains(0) }
  }
}

extension ReportRecipe.Model {
  /// Of all its folds together, each picture judged by a model that was not trained on it; nil if one
  /// of them has no figures.
  var accuracy: Double? { mean(\.accuracy) }
  var logLoss: Double? { mean(\.logLoss) }

  private func mean(_ figure: (EvaluationReport) -> Double) -> Double? {
    let reports = trainings.compactMap(\.record.validation)
    let count = reports.reduce(0.0) { $0 + Double($1.count) }
    guard reports.count == trainings.count, count > 0 else { return nil }
    return reports.reduce(0.0) { $0 + Double($1.count) * figure($1) } / count
  }

  /// Trainings by epochs, for the figures that compare them.
  mutating func histories() -> ComparisonChart.Run {
    let histories = trainings.indices.map { index in
      trainings[index].record.epochs > 0 ? trainings[index].source.history() : []
    }
    return ComparisonChart.Run(name, folds: histories.filter { !$0.isEmpty })
  }
}
