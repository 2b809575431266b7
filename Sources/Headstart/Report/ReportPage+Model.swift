// A model's section in the report of a recipe's run.

import Foundation

extension ReportPage {
  mutating func model(_ model: inout ReportRecipe.Model, number: Int) {
    let anchor = Self.anchor(number)
    let body =
      model.hasFolds
      ? folds(&model, anchor: anchor)
      : training(&model.trainings[0], anchor: anchor, title: model.name)
    section(model.name, anchor: anchor, body)
  }

  /// One training: its figures, and all of its files.
  private mutating func training(
    _ training: inout ReportRecipe.Training, anchor: String, title: String
  ) -> String {
    let record = training.record
    var rows = Self.size(record) + [("trained on", "\(record.training) pictures")]
    if record.epochs > 0 { rows.append(("epochs", Self.epochs(record))) }
    rows.append(("minutes", Self.minutes(record.seconds)))
    if let remark = record.remark { rows.append(("remark", remark)) }
    var body = Self.figures(rows)
    let judged = [("validation", record.validation), ("out of fold", record.outOfFold)]
      .compactMap { name, report in report.map { (name, $0) } }
    if !judged.isEmpty {
      body += Self.table(["pictures of"] + Self.columns, judged.map { [$0] + Self.row($1) })
    }
    if let report = record.validation {
      body += Self.folded("By class", Self.byClass(report))
    }
    body += charts(&training)
    body += pictures(&training, anchor: anchor, title: title)
    return body + Self.summary(&training.source) + Self.unreadable(record)
  }

  /// Folds: a line each, their curves in one figure, the charts of each, the pictures of the first.
  private mutating func folds(_ model: inout ReportRecipe.Model, anchor: String) -> String {
    let hasRemarks = model.trainings.contains { $0.record.remark != nil }
    var body = Self.figures(Self.size(model.trainings[0].record))
    body += Self.table(
      ["fold", "trained on", "epochs", "judged by", "accuracy", "log loss", "minutes"]
        + (hasRemarks ? ["remark"] : []),
      model.trainings.map { training in
        let record = training.record
        let cells = [
          record.fold, "\(record.training)", record.epochs == 0 ? "–" : Self.epochs(record),
          record.validation.map { "\($0.count)" } ?? "–",
          record.validation.map { Self.decimals($0.accuracy) } ?? "–",
          record.validation.map { Self.decimals($0.logLoss) } ?? "–", Self.minutes(record.seconds),
        ]
        let remark = hasRemarks ? [Cell(record.remark ?? "", isProse: true)] : []
        return cells.map { Cell($0) } + remark
      })
    let run = model.histories()
    if !run.histories.isEmpty, let svg = ComparisonChart.svg([run]) {
      body += Self.figure(svg, "Accuracy and log loss of each fold's own pictures by epoch.")
    }
    for index in model.trainings.indices {
      let charts = charts(&model.trainings[index])
      if !charts.isEmpty { body += Self.folded(model.trainings[index].record.fold, charts) }
    }
    let first = model.trainings[0].record.fold
    let pictures = pictures(
      &model.trainings[0], anchor: anchor, title: "\(model.name), \(first)")
    if !pictures.isEmpty {
      body += Self.paragraph("The pictures of \(first); those of the others lie in their folders.")
      body += pictures
    }
    body += Self.summary(&model.trainings[0].source)
    return body + model.trainings.map { Self.unreadable($0.record) }.joined()
  }

  private mutating func charts(_ training: inout ReportRecipe.Training) -> String {
    let record = training.record
    var body = ""
    if record.epochs > 0 {
      body += chart("curves.svg", "Loss and accuracy by epoch.", of: &training.source)
    } else if record.outOfFold != nil {
      body += chart(
        "curves.svg", "Out-of-fold log loss by strength of the regularisation.",
        of: &training.source)
    }
    if record.validation != nil {
      body += chart("confusion.svg", Self.confusionCaption, of: &training.source)
    }
    return body
  }

  private mutating func pictures(
    _ training: inout ReportRecipe.Training, anchor: String, title: String
  ) -> String {
    var body = ""
    if let report = training.record.validation {
      body += mistakes(report, of: &training.source, anchor: anchor, title: title)
      let samples = picture(
        "samples.png", Self.samplesCaption, of: &training.source, anchor: anchor, title: title)
      if !samples.isEmpty { body += Self.heading("Predictions") + samples }
    }
    // Runs of earlier versions have none.
    let strip = picture(
      "strip.png", Self.stripCaption, of: &training.source, isOptional: true, anchor: anchor,
      title: title)
    if !strip.isEmpty { body += Self.heading("Training pictures") + strip }
    // Not all trainings have augmented views.
    let views = picture(
      "augmented.png", Self.viewsCaption, of: &training.source, isOptional: true, anchor: anchor,
      title: title)
    if !views.isEmpty { body += Self.heading("Augmented views") + views }
    let filters = picture(
      "filters.png", Self.filtersCaption, of: &training.source, isOptional: true, anchor: anchor,
      title: title)
    if !filters.isEmpty { body += Self.heading("Filters") + filters }
    return body
  }

  private static func summary(_ source: inout ReportSource) -> String {
    source.text("summary.txt").map { folded("Summary", preformatted($0)) } ?? ""
  }

  private static func size(_ record: RecipeResults.Model) -> [(name: String, value: String)] {
    let trained =
      record.trainableParameters == record.parameters
      ? "all of them trained"
      : "\(ModelSummary.grouped(record.trainableParameters)) of them trained"
    return [("parameters", "\(ModelSummary.grouped(record.parameters)), \(trained)")]
  }

  /// `6, kept: 5`.
  private static func epochs(_ record: RecipeResults.Model) -> String {
    let isLast = record.bestEpoch == 0 || record.bestEpoch == record.epochs
    return isLast ? "\(record.epochs)" : "\(record.epochs), kept: \(record.bestEpoch)"
  }

  private static func unreadable(_ record: RecipeResults.Model) -> String {
    guard !record.unreadable.isEmpty else { return "" }
    let shown = record.unreadable.prefix(50).map { ($0.path, $0.reason) }
    let count = record.unreadable.count
    return folded(
      "\(record.place): \(count) pictures that could not be read",
      figures(shown) + (count > 50 ? paragraph("The first 50 of them.") : ""))
  }
}
