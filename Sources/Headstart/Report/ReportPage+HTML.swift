// The pieces that a page is made of.

import Foundation

extension ReportPage {
  static func figure(_ content: String, _ caption: String) -> String {
    "<figure>\n\(content)\n<figcaption>\(Markup.escaped(caption))</figcaption>\n</figure>\n"
  }

  static func heading(_ text: String) -> String { "<h3>\(Markup.escaped(text))</h3>\n" }

  static func paragraph(_ text: String) -> String { "<p>\(Markup.escaped(text))</p>\n" }

  /// What is shown when it is asked for.
  static func folded(_ summary: String, _ body: String) -> String {
    "<details>\n<summary>\(Markup.escaped(summary))</summary>\n\(body)</details>\n"
  }

  /// A text with its lines and blanks as they are.
  static func preformatted(_ text: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return "<pre>" + lines.map { Markup.escaped(String($0)) }.joined(separator: "\n") + "</pre>\n"
  }

  static func code(_ text: String) -> String { "<code>\(Markup.escaped(text))</code>" }

  /// Names and values.
  static func figures(_ figures: [(name: String, value: String)]) -> String {
    let rows = figures.map { name, value in
      "<tr><th scope=\"row\">\(Markup.escaped(name))</th><td>\(Markup.escaped(value))</td></tr>\n"
    }.joined()
    return "<table class=\"figures\">\n<tbody>\n\(rows)</tbody>\n</table>\n"
  }

  /// The first column is text, the others are numbers or short.
  static func table(_ header: [String], _ rows: [[String]]) -> String {
    table(header, rows.map { $0.map { Cell($0) } })
  }

  /// What stands in a table: a text, or one that leads to a place on the page.
  struct Cell {
    let text: String
    var anchor: String?
    var isProse = false

    init(_ text: String, anchor: String? = nil, isProse: Bool = false) {
      self.text = text
      self.anchor = anchor
      self.isProse = isProse
    }

    var html: String {
      let escaped = Markup.escaped(text)
      return anchor.map { "<a href=\"#\($0)\">\(escaped)</a>" } ?? escaped
    }
  }

  static func table(_ header: [String], _ rows: [[Cell]]) -> String {
    let head = header.enumerated().map { index, name in
      let isProse = rows.first.map { index < $0.count && $0[index].isProse } ?? false
      return "<th scope=\"col\"\(isProse ? " class=\"prose\"" : "")>\(Markup.escaped(name))</th>"
    }.joined()
    let body = rows.map { row in
      let cells = row.enumerated().map { index, cell in
        index == 0
          ? "<th scope=\"row\">\(cell.html)</th>"
          : "<td\(cell.isProse ? " class=\"prose\"" : "")>\(cell.html)</td>"
      }.joined()
      return "<tr>\(cells)</tr>\n"
    }.joined()
    return "<table>\n<thead>\n<tr>\(head)</tr>\n</thead>\n<tbody>\n\(body)</tbody>\n</table>\n"
  }

  static let columns = ["pictures", "accuracy", "95 % interval", "log loss", "ROC AUC"]

  static func row(_ report: EvaluationReport) -> [String] {
    [
      String(report.count), decimals(report.accuracy),
      report.accuracyInterval.map(decimals).joined(separator: "–"), decimals(report.logLoss),
      report.rocAUC.map(decimals) ?? "–",
    ]
  }

  /// Precision, recall and F1.
  static func byClass(_ report: EvaluationReport) -> String {
    table(
      ["class", "precision", "recall", "F1", "pictures"],
      report.classes.map {
        [
          $0.name, decimals($0.precision), decimals($0.recall), decimals($0.f1), String($0.support),
        ]
      })
  }

  static func decimals(_ value: Double) -> String { String(format: "%.4f", value) }

  static func minutes(_ seconds: Double) -> String { String(format: "%.1f", seconds / 60) }

  var html: String {
    let title = Markup.escaped(title)
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
    h2 { font-size: 1.2rem; margin: 2rem 0 .6rem; border-bottom: 1px solid #ccc;
      overflow-wrap: anywhere; }
    h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
    table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
    th, td { padding: .2rem .8rem .2rem 0; text-align: right; vertical-align: top; }
    th { font-weight: normal; }
    thead th { border-bottom: 1px solid #222; color: #555; }
    th:first-child, .figures td, .prose { text-align: left; overflow-wrap: anywhere; }
    .figures th { color: #555; min-width: 11rem; }
    table + table { margin-top: .8rem; }
    .prose { min-width: 12rem; }
    th a, thead th { white-space: nowrap; }
    a { color: #0072B2; }
    figure { margin: .6rem 0; }
    figcaption { color: #555; font-size: .9rem; margin-top: .3rem; }
    svg, img { max-width: 100%; height: auto; }
    summary { cursor: pointer; margin: .8rem 0 .4rem; }
    pre { overflow-x: auto; font-size: .8rem; line-height: 1.3; }
    @media print {
      body { margin: 0; max-width: none; font-size: 10pt; }
      h2, h3 { break-after: avoid; }
      figure, tr { break-inside: avoid; }
    }
    """
}
