import Foundation
import KerasFormat
import NeuralNetwork

/// `report.html`: everything that a run left in its folder, in one file that needs no other.
///
/// Only what is there is shown; what is not is named at the end. There are no scripts, nothing is
/// loaded from anywhere, and names from files stand in it as text whatever they hold.
public struct RunReport: Sendable {
  public let html: String
  /// What the report could have shown, and the folder does not hold.
  public let missing: [String]
  /// What the folder holds and the report does not show: `name: reason`.
  public let refused: [String]

  /// - Parameter folder: of a run, a recipe or an `evaluate --output`.
  /// - Throws: ``StageError/noResults(path:)`` if it holds neither figures nor pictures.
  public init(folder: String) throws(StageError) {
    let name = URL(fileURLWithPath: folder, isDirectory: true).lastPathComponent
    var page = ReportPage(ReportSource(folder: folder, name: name))
    page.build()
    guard page.hasResults else { throw .noResults(path: folder) }
    (html, missing) = (page.html, page.source.missing)
    refused = page.source.refused.map { "\($0.name): \($0.reason)" }
  }

  /// Writes the file, atomically.
  public func write(to path: String) throws {
    let data = Data(html.utf8)
    try AtomicFile.write(data, to: path)
  }
}

/// The page while it is being put together.
private struct ReportPage {
  var source: ReportSource
  private var sections = ""
  private(set) var hasResults = false

  init(_ source: ReportSource) { self.source = source }

  mutating func build() {
    let manifest = source.json("manifest.json").map(ReportFigures.init)
    let metrics = source.json(
      source.has("results.json") ? "results.json" : "metrics.json"
    ).map(ReportFigures.init)
    if let metrics { results(metrics) }
    chart("curves.svg", "Training", "Loss and accuracy by epoch, or by strength.")
    chart(
      "confusion.svg", "Confusion",
      "Rows: the true class. Columns: the predicted one. Shares are of the row.")
    if let best = metrics?.best, best.report.accuracy == 1 {
      section(
        "Misclassified pictures",
        "<p>None of the \(best.report.count) (\(Markup.escaped(best.name))).</p>\n")
    } else {
      picture(
        "misclassified.png", "Misclassified pictures",
        "The most confident mistakes first; under each: true class, predicted class, its"
          + " probability.")
    }
    picture("samples.png", "Predictions", "Class and probability of single pictures.")
    picture(
      "augmented.png", "Augmented views", "In each row a picture, then views that are trained on.")
    // Few runs have them, and none is missed.
    if source.has("filters.png") { picture("filters.png", "Filters", Self.filters) }
    submission()
    models()
    if let metrics, !metrics.others.isEmpty { figures(metrics.others, "Other figures") }
    if let manifest { figures(manifest.others, "How it was made") }
    leftOut()
  }

  private mutating func section(_ title: String, _ body: String) {
    sections += "<section>\n<h2>\(Markup.escaped(title))</h2>\n\(body)</section>\n"
  }

  private mutating func results(_ figures: ReportFigures) {
    guard !figures.reports.isEmpty else { return }
    hasResults = true
    var rows: [[String]] = []
    for (name, report) in figures.reports { rows.append([name] + Self.row(report)) }
    var body = Self.table(["pictures of"] + Self.columns, rows)
    if let (name, report) = figures.best {
      body += "<h3>By class: \(Markup.escaped(name))</h3>\n"
      body += Self.table(
        ["class", "precision", "recall", "F1", "pictures"],
        report.classes.map {
          [
            $0.name, Self.decimals($0.precision), Self.decimals($0.recall), Self.decimals($0.f1),
            String($0.support),
          ]
        })
    }
    section("Results", body)
  }

  private static let columns = ["pictures", "accuracy", "95 % interval", "log loss", "ROC AUC"]

  private static func row(_ report: EvaluationReport) -> [String] {
    [
      String(report.count), decimals(report.accuracy),
      report.accuracyInterval.map(decimals).joined(separator: "–"), decimals(report.logLoss),
      report.rocAUC.map(decimals) ?? "–",
    ]
  }

  private static func decimals(_ value: Double) -> String { String(format: "%.4f", value) }

  private mutating func chart(_ file: String, _ title: String, _ caption: String) {
    guard let svg = source.chart(file) else { return }
    hasResults = true
    figure(svg, title, caption)
  }

  private mutating func picture(_ file: String, _ title: String, _ caption: String) {
    guard let picture = source.picture(file) else { return }
    hasResults = true
    figure(Self.image(picture, caption), title, caption)
  }

  private static func image(
    _ picture: (base64: String, width: Int, height: Int), _ caption: String
  ) -> String {
    "<img alt=\"\(Markup.escaped(caption))\" width=\"\(picture.width)\""
      + " height=\"\(picture.height)\" src=\"data:image/png;base64,\(picture.base64)\">"
  }

  private static let filters =
    "Pictures made to please single filters of a convolution; under each: the filter's number, the"
    + " activation reached."

  private mutating func figure(_ content: String, _ title: String, _ caption: String) {
    section(
      title,
      "<figure>\n\(content)\n<figcaption>\(Markup.escaped(caption))</figcaption>\n</figure>\n")
  }

  private mutating func submission() {
    guard let table = source.table("submission.csv"), let header = table.first else { return }
    hasResults = true
    let shown = 10
    let rows = table.dropFirst()
    var body = Self.table(
      header.prefix(Self.widest).map { $0 },
      rows.prefix(shown).map { Array($0.prefix(Self.widest)) })
    if rows.count > shown {
      body += "<p>The first \(shown) of \(rows.count) rows.</p>\n"
    }
    if header.count > Self.widest {
      body += "<p>The first \(Self.widest) of \(header.count) columns.</p>\n"
    }
    section("Submission", body)
  }

  private static let widest = 12

  /// The runs in folders within.
  private mutating func models() {
    var rows: [[String]] = []
    var histories: [ComparisonChart.Run] = []
    var filters: [(model: String, image: String)] = []
    for var model in source.models() {
      guard let best = model.json("metrics.json").map(ReportFigures.init)?.best else { continue }
      rows.append([model.name, best.name] + Self.row(best.report))
      let history = model.history()
      if !history.isEmpty { histories.append(.init(model.name, history)) }
      if model.has("filters.png"), let picture = model.picture("filters.png") {
        filters.append((model.name, Self.image(picture, Self.filters)))
      }
    }
    guard !rows.isEmpty else { return }
    hasResults = true
    var body = Self.table(["model", "judged by"] + Self.columns, rows)
    if histories.count > 1, let svg = ComparisonChart.svg(histories) {
      body +=
        "<figure>\n\(svg)<figcaption>Validation accuracy and log loss by epoch.</figcaption>\n"
        + "</figure>\n"
    }
    if let ensemble = try? EnsembleFile.read(
      (source.folder as NSString).appendingPathComponent("ensemble.json"))
    {
      body += "<h3>Weights in the ensemble</h3>\n"
      body += Self.table(
        ["model", "weight"], ensemble.members.map { [$0.model, Self.decimals($0.weight)] })
    }
    section("Models", body)
    for (model, image) in filters { figure(image, "Filters of \(model)", Self.filters) }
  }

  private mutating func figures(_ figures: [(name: String, value: String)], _ title: String) {
    let rows = figures.map { name, value in
      "<tr><th scope=\"row\">\(Markup.escaped(name))</th><td>\(Markup.escaped(value))</td></tr>\n"
    }.joined()
    section(title, "<table class=\"figures\">\n<tbody>\n\(rows)</tbody>\n</table>\n")
  }

  private mutating func leftOut() {
    var body = ""
    if !source.missing.isEmpty {
      body +=
        "<p>Not in the folder, and so not in this report: "
        + source.missing.map { "<code>\(Markup.escaped($0))</code>" }.joined(separator: ", ")
        + ".</p>\n"
    }
    for (name, reason) in source.refused {
      body +=
        "<p><code>\(Markup.escaped(name))</code> is in the folder, but not in this report:"
        + " \(Markup.escaped(reason)).</p>\n"
    }
    if !body.isEmpty { section("Left out", body) }
  }

  /// The first column is text, the others are numbers or short.
  private static func table(_ header: [String], _ rows: [[String]]) -> String {
    let head = header.map { "<th scope=\"col\">\(Markup.escaped($0))</th>" }.joined()
    let body = rows.map { row in
      let cells = row.enumerated().map { index, cell in
        index == 0
          ? "<th scope=\"row\">\(Markup.escaped(cell))</th>" : "<td>\(Markup.escaped(cell))</td>"
      }.joined()
      return "<tr>\(cells)</tr>\n"
    }.joined()
    return "<table>\n<thead>\n<tr>\(head)</tr>\n</thead>\n<tbody>\n\(body)</tbody>\n</table>\n"
  }

  var html: String {
    let title = Markup.escaped(source.name)
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" \
      content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="generator" content="Headstart \(Release.version)">
      <title>\(title)</title>
      <style>
      \(Self.style)
      </style>
      </head>
      <body>
      <main>
      <h1>\(title)</h1>
      \(sections)</main>
      </body>
      </html>

      """
  }

  private static let style = """
    body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #222;
      background: #fff; font: 1rem/1.45 Helvetica, Arial, sans-serif; }
    h1 { font-size: 1.6rem; overflow-wrap: anywhere; }
    h2 { font-size: 1.2rem; margin: 2rem 0 .6rem; border-bottom: 1px solid #ccc; }
    h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
    table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
    th, td { padding: .2rem .8rem .2rem 0; text-align: right; vertical-align: top; }
    th { font-weight: normal; }
    thead th { border-bottom: 1px solid #222; color: #555; }
    th:first-child, .figures td { text-align: left; overflow-wrap: anywhere; }
    .figures th { color: #555; min-width: 14rem; }
    figure { margin: .6rem 0; }
    figcaption { color: #555; font-size: .9rem; margin-top: .3rem; }
    svg, img { max-width: 100%; height: auto; }
    @media print {
      body { margin: 0; max-width: none; font-size: 10pt; }
      h2, h3 { break-after: avoid; }
      figure, tr { break-inside: avoid; }
    }
    """
}
