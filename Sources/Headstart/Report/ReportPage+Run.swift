// The report of one training, or of an evaluation.

import Foundation
import KerasFormat
import NeuralNetwork

extension ReportPage {
  mutating func build() {
    var folder = source
    let manifest = Self.manifest(of: &folder)
    let metrics = folder.json(
      folder.has("results.json") ? "results.json" : "metrics.json"
    ).map(ReportFigures.init)
    if let metrics { results(metrics) }
    figureSection(
      "Training", chart("curves.svg", "Loss and accuracy by epoch, or by strength.", of: &folder))
    figureSection("Confusion", chart("confusion.svg", Self.confusionCaption, of: &folder))
    let mistakes = "Misclassified pictures"
    if let best = metrics?.best, best.report.accuracy == 1 {
      section(mistakes, Self.paragraph("None of the \(best.report.count) (\(best.name))."))
    } else {
      figureSection(
        mistakes,
        picture(
          "misclassified.png", Self.mistakesCaption, of: &folder, anchor: "misclassified",
          title: mistakes), anchor: "misclassified")
    }
    for (name, title, caption) in [
      ("samples.png", "Predictions", Self.samplesCaption),
      ("augmented.png", "Augmented views", Self.viewsCaption),
    ] {
      let anchor = String(name.prefix { $0 != "." })
      figureSection(
        title, picture(name, caption, of: &folder, anchor: anchor, title: title), anchor: anchor)
    }
    figureSection(
      "Filters",
      picture(
        "filters.png", Self.filtersCaption, of: &folder, isOptional: true, anchor: "filters",
        title: "Filters"), anchor: "filters")
    figureSection("Submission", submission(of: &folder))
    runsWithin()
    if let metrics, !metrics.others.isEmpty {
      section("Other figures", Self.figures(metrics.others))
    }
    figureSection("How it was made", manifest)
    source = folder
    leftOut()
  }

  static let confusionCaption =
    "Rows: the true class. Columns: the predicted one. Shares are of the row."
  static let mistakesCaption =
    "The most confident mistakes first; under each the true class, the one it was taken for, and"
    + " that one's probability."
  static let samplesCaption =
    "Class and probability of single pictures; where the class is known to be wrong, it says so."
  static let filtersCaption =
    "Pictures made to please single filters of a convolution; under each: the filter's number, the"
    + " activation reached."
  static let stripCaption = "Some of the training pictures, as they are."
  static let viewsCaption =
    "Pictures as they are, each with the first augmented views of it that were made for training."

  private mutating func figureSection(_ title: String, _ body: String, anchor: String? = nil) {
    if !body.isEmpty { section(title, anchor: anchor, body) }
  }

  private mutating func results(_ figures: ReportFigures) {
    guard !figures.reports.isEmpty else { return }
    hasResults = true
    var rows: [[String]] = []
    for (name, report) in figures.reports { rows.append([name] + Self.row(report)) }
    var body = Self.table(["pictures of"] + Self.columns, rows)
    if let (name, report) = figures.best {
      body += Self.heading("By class: \(name)") + Self.byClass(report)
    }
    section("Results", body)
  }

  /// The runs in folders within.
  private mutating func runsWithin() {
    var rows: [[String]] = []
    var histories: [ComparisonChart.Run] = []
    for var model in source.models() {
      guard let best = model.json("metrics.json").map(ReportFigures.init)?.best else { continue }
      rows.append([model.name, best.name] + Self.row(best.report))
      let history = model.history()
      if !history.isEmpty { histories.append(.init(model.name, history)) }
    }
    guard !rows.isEmpty else { return }
    hasResults = true
    var body = Self.table(["model", "judged by"] + Self.columns, rows)
    if histories.count > 1, let svg = ComparisonChart.svg(histories) {
      body += Self.figure(svg, "Validation accuracy and log loss by epoch.")
    }
    if let ensemble = try? EnsembleFile.read(
      (source.folder as NSString).appendingPathComponent("ensemble.json"))
    {
      body += Self.heading("Weights in the ensemble")
      body += Self.table(
        ["model", "weight"], ensemble.members.map { [$0.model, Self.decimals($0.weight)] })
    }
    section("Models", body)
  }
}
