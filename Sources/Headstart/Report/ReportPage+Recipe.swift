// The report of a recipe's run: the recipe, what it came to, its models.

import Foundation
import KerasFormat

extension ReportPage {
  mutating func build(_ recipe: ReportRecipe) {
    var models = recipe.models
    var folder = source
    title = recipe.title.isEmpty ? recipe.name : recipe.title
    about(recipe)
    result(recipe, &folder)
    comparison(recipe, &models)
    for index in models.indices { model(&models[index], number: index + 1) }
    how(recipe, &folder)
    source = folder
    for training in models.flatMap(\.trainings) { source.add(training.source) }
    if !recipe.strangers.isEmpty {
      let names = recipe.strangers.prefix(20).joined(separator: ", ")
      let more = recipe.strangers.count > 20 ? " and others" : ""
      source.refuse(names + more, "the run of this recipe did not make it")
    }
    leftOut()
  }

  static func anchor(_ number: Int) -> String { "model-\(number)" }

  /// The recipe, and its result beside its source's.
  private mutating func about(_ recipe: ReportRecipe) {
    var rows = [(name: "recipe", value: recipe.name)]
    if !recipe.origin.isEmpty { rows.append(("source", recipe.origin)) }
    if !recipe.published.isEmpty { rows.append(("published result", recipe.published)) }
    for (name, report) in recipe.results?.reports ?? [] {
      rows.append(
        (
          "result here",
          "\(name) accuracy \(Self.decimals(report.accuracy)), log loss"
            + " \(Self.decimals(report.logLoss)) (\(report.count) pictures)"
        ))
    }
    let models = recipe.models.compactMap { model in
      model.accuracy.map { "\(model.name) \(Self.decimals($0))" }
    }
    if recipe.models.count > 1, !models.isEmpty {
      rows.append(("accuracy of each model", models.joined(separator: ", ")))
    }
    if let seconds = recipe.results?.seconds {
      rows.append(("minutes", Self.minutes(seconds)))
    }
    rows.append(("folder", source.name))
    var body = Self.figures(rows)
    if !recipe.notes.isEmpty {
      let items = recipe.notes.map { "<li>\(Markup.escaped($0))</li>\n" }.joined()
      let title = recipe.published.isEmpty ? "Notes" : "What differs from the source"
      body += Self.heading(title) + "<ul>\n\(items)</ul>\n"
    }
    lead(body)
  }

  private mutating func result(_ recipe: ReportRecipe, _ folder: inout ReportSource) {
    guard let results = recipe.results else {
      let left = recipe.unfinished.isEmpty ? "" : " Not trained yet: "
      return section(
        "Result",
        Self.paragraph(
          "The run has not ended." + left + recipe.unfinished.joined(separator: ", ")))
    }
    var body = Self.paragraph(results.what)
    let reports = results.reports
    if !reports.isEmpty {
      hasResults = true
      body += Self.table(
        ["pictures of"] + Self.columns, reports.map { [$0.name] + Self.row($0.report) })
      body += ValidationChoice.remark(on: results.validationChoices ?? []).map(Self.paragraph) ?? ""
    }
    if let (name, report) = reports.first {
      body += Self.heading("By class: \(name)") + Self.byClass(report)
    }
    if let submission = results.submission {
      body += Self.heading("Submission") + Self.paragraph("submission.csv: \(submission.summary).")
      body += self.submission(of: &folder, isFolded: true)
    }
    if let judged = results.validation {
      body += chart("confusion.svg", "Validation pictures. " + Self.confusionCaption, of: &folder)
      body += mistakes(judged, of: &folder, anchor: "result", title: "Result")
    }
    section("Result", anchor: "result", body)
  }

  /// The misclassified pictures, or that there are none.
  mutating func mistakes(
    _ report: EvaluationReport, of folder: inout ReportSource, anchor: String, title: String
  ) -> String {
    let heading = Self.heading("Misclassified pictures")
    guard report.accuracy < 1 else {
      return heading + Self.paragraph("None of the \(report.count).")
    }
    let picture = picture(
      "misclassified.png", Self.mistakesCaption, of: &folder, anchor: anchor, title: title)
    return picture.isEmpty ? "" : heading + picture
  }

  /// All models in one table, and their trainings in one figure.
  private mutating func comparison(
    _ recipe: ReportRecipe, _ models: inout [ReportRecipe.Model]
  ) {
    guard !models.isEmpty else { return }
    hasResults = true
    var weights: [String: Double] = [:]
    for member in recipe.results?.members ?? [] {
      weights[(member.model as NSString).deletingLastPathComponent, default: 0] += member.weight
    }
    let hasWeights = recipe.results.map { $0.members.count > 1 } ?? false
    let hasRemarks = models.flatMap(\.trainings).contains { $0.record.remark != nil }
    let rows = models.enumerated().map { index, model in
      let places = Set(model.trainings.map(\.record.place))
      let weight = weights.filter { places.contains($0.key) }.values.reduce(0, +)
      var row = [
        Cell(
          model.hasFolds ? "\(model.name), folds: \(model.trainings.count)" : model.name,
          anchor: Self.anchor(index + 1)),
        Cell(ModelSummary.grouped(model.trainings[0].record.parameters)), Cell(model.epochs),
        Cell(model.accuracy.map(Self.decimals) ?? "–"),
        Cell(model.logLoss.map(Self.decimals) ?? "–"),
        Cell(Self.minutes(model.trainings.reduce(0) { $0 + $1.record.seconds })),
      ]
      if hasWeights { row.append(Cell(weight == 0 ? "–" : String(format: "%.3f", weight))) }
      if hasRemarks { row.append(Cell(model.remarks, isProse: true)) }
      return row
    }
    var body = Self.table(
      ["model", "parameters", "epochs", "accuracy", "log loss", "minutes"]
        + (hasWeights ? ["weight"] : []) + (hasRemarks ? ["remark"] : []), rows)
    if hasWeights { body += Self.paragraph("Weight: what a model counts in the result's mean.") }
    if models.contains(where: \.hasFolds) {
      body += Self.paragraph("Of folds: each picture as the model of its fold judges it.")
    }
    let runs = models.indices.map { models[$0].histories() }
    if runs.flatMap(\.histories).count > 1, let svg = ComparisonChart.svg(runs) {
      body += Self.figure(
        svg,
        models.contains(where: \.hasFolds)
          ? "Accuracy and log loss by epoch, of validation pictures or the fold's own."
          : "Validation accuracy and log loss by epoch.")
    }
    section("Models", body)
  }

  private mutating func how(_ recipe: ReportRecipe, _ folder: inout ReportSource) {
    var body = Self.manifest(of: &folder, isOptional: recipe.results == nil)
    if let yaml = recipe.yaml { body += Self.folded("The recipe", Self.preformatted(yaml)) }
    if !body.isEmpty { section("How it was made", body) }
  }
}

extension RecipeResults {
  /// Of the end result.
  fileprivate var reports: [(name: String, report: EvaluationReport)] {
    [("test", test), ("validation", validation), ("out of fold", outOfFold)]
      .compactMap { name, report in report.map { (name, $0) } }
  }

  fileprivate var what: String {
    let members = members.map { ($0.model as NSString).deletingLastPathComponent }
    let models =
      members.count == 1 ? "The model \(members[0])." : "The mean of \(members.count) models."
    return views == 1 ? models : "\(models) \(views) views of each picture are averaged."
  }
}

extension ReportRecipe.Model {
  /// `6`, or `4–6` where its folds differ; `–` where there are none.
  fileprivate var epochs: String {
    let counts = trainings.map(\.record.epochs)
    let (least, most) = (counts.min() ?? 0, counts.max() ?? 0)
    guard most > 0 else { return "–" }
    return least == most ? "\(most)" : "\(least)–\(most)"
  }

  /// What is to be said of it, of each fold if they differ.
  fileprivate var remarks: String {
    let remarks = trainings.compactMap(\.record.remark)
    guard Set(remarks).count > 1 || remarks.count < trainings.count else {
      return remarks.first ?? ""
    }
    return trainings.compactMap { training in
      training.record.remark.map { "\(training.record.fold): \($0)" }
    }.joined(separator: "; ")
  }
}

extension RecipeResults.Model {
  /// `fold-2` of a model's folds.
  var fold: String { (place as NSString).lastPathComponent }
}
