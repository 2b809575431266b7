import Foundation
import Headstart
import NeuralNetwork
import Pictures
import Testing

/// The HTML file of a training's folder, and figures that compare runs.
@Suite struct RunReportTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private let names = ["<script>alert(1)</script>", "a & \"b\"\n'c' 猫"]

  private func predictions(_ folder: String) throws -> JudgedPredictions {
    let predictions = try (0..<6).map { index in
      let bytes = try Picture(
        width: 20, height: 30, pixels: [UInt8](repeating: UInt8(index), count: 1800)
      ).png()
      return Prediction(
        path: try scratch.write(bytes, to: "\(folder)/pictures/\(index).png"),
        picture: PictureHash(of: bytes), probabilities: index < 3 ? [0.9, 0.1] : [0.2, 0.8])
    }
    return JudgedPredictions(predictions, labels: [0, 0, 1, 1, 1, 0], classes: names)
  }

  private func history(_ epochs: Int, _ offset: Double) -> [EpochRecord] {
    (1...epochs).map { epoch in
      EpochRecord(
        epoch: epoch, loss: 1 / Double(epoch), accuracy: 0.5, validationLoss: 0.4 + offset,
        validationAccuracy: 0.6 + offset + 0.01 * Double(epoch), seconds: 1, rowsPerSecond: 1)
    }
  }

  /// A run with everything.
  private func run() throws -> RunFolder {
    let folder = try RunFolder(scratch.file("run <&>"), command: "test")
    let judged = try predictions("run")
    try judged.write(to: folder)
    struct Metrics: Encodable {
      let outOfFold, validation: EvaluationReport
      let strength: Double
      let note: String
      let isFast: Bool
    }
    let report = try judged.report()
    try folder.write(
      json: Metrics(
        outOfFold: report, validation: report, strength: 0.25, note: "<b>bold</b>", isFast: true),
      to: "metrics.json")
    try folder.write(
      json: ["command": ["headstart", "train", "<img src=x onerror=alert(1)>"]],
      to: "manifest.json")
    try folder.write(TrainingCurves.svg(history(4, 0), best: 2), to: "curves.svg")
    try folder.write(
      try PictureGrid.samples(judged.predictions, classes: names), to: "samples.png")
    try folder.write(
      "id,label\n" + (1...30).map { "\($0)<i>,0.5\n" }.joined(), to: "submission.csv")
    for (name, offset) in [("fold-10", 0.1), ("fold-2", 0.0)] {
      let model = try RunFolder(folder.path(name), command: "test")
      try model.write(json: report, to: "metrics.json")
      try model.write(HistoryFile.text(history(5, offset)), to: "history.csv")
    }
    try EnsembleFile(members: [
      .init(model: "fold-2/model.h5", weight: 0.25), .init(model: "fold-10/model.h5", weight: 0.75),
    ]).write(to: folder.path("ensemble.json"))
    return folder
  }

  @Test func everythingThatIsThereIsShown() throws {
    let report = try RunReport(folder: try run().url.path)
    let html = report.html
    for title in [
      "Results", "Training", "Confusion", "Misclassified pictures", "Predictions", "Submission",
      "Models", "Other figures", "How it was made",
    ] { #expect(html.contains("<h2>\(title)</h2>"), "\(title)") }
    #expect(html.contains("<title>run &lt;&amp;&gt;</title>"))
    #expect(html.contains("<td>0.6667</td>") && html.contains("The first 10 of 30 rows."))
    #expect(html.contains("<th scope=\"row\">out of fold</th>"))
    #expect(html.contains("<th scope=\"row\">is fast</th><td>yes</td>"))
    #expect(html.contains("<th scope=\"row\">strength</th><td>0.25</td>"))
    // In the order in which people count, with a figure of both.
    let second = try #require(html.range(of: "<th scope=\"row\">fold-2</th>"))
    let tenth = try #require(html.range(of: "<th scope=\"row\">fold-10</th>"))
    #expect(second.lowerBound < tenth.lowerBound)
    #expect(html.contains("validation accuracy (%)") && html.contains("<td>0.7500</td>"))
    #expect(html.matches(of: #/<svg /#).count == 3)
    #expect(html.matches(of: /src="data:image\/png;base64,/).count == 2)
    #expect(report.missing == ["augmented.png"] && report.refused.isEmpty)
  }

  @Test func filtersAreShownWhereThereAreAny() throws {
    let folder = try run()
    let before = try RunReport(folder: folder.url.path)
    #expect(!before.html.contains("Filters") && !before.missing.contains("filters.png"))
    let png = Data(try Picture(width: 2, height: 1, pixels: [1, 2, 3, 4, 5, 6]).png())
    try folder.write(png, to: "filters.png")
    let html = try RunReport(folder: folder.url.path).html
    #expect(html.contains(">Filters</h2>") && html.contains(png.base64EncodedString()))
  }

  @Test func nothingFromFilesIsMarkup() throws {
    let html = try RunReport(folder: try run().url.path).html
    for tag in ["<script", "<b>", "<i>", "<img src=x", "onerror=alert(1)>"] {
      #expect(!html.contains(tag), "\(tag)")
    }
    #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
    #expect(html.contains("a &amp; &quot;b&quot;␊&#39;c&#39; 猫"))
    #expect(html.contains("default-src 'none'"))
    #expect(html.matches(of: /(?:src|href)="/).count == html.matches(of: /src="data:image/).count)
    // All of it is XML but for the tags that HTML does not close.
    var text = html.replacing("<!DOCTYPE html>", with: "")
    text.replace(#/<(meta|img)([^>]*)>/#) { "<\($0.1)\($0.2)/>" }
    let style = try #require(text.firstRange(of: #/<style>[^<]*</style>/#))
    text.removeSubrange(style)
    try wellFormed(text.replacing("inf", with: ""))
  }

  @Test func whatIsMissingIsSaidAndNothingInvented() throws {
    let folder = try RunFolder(scratch.file("bare"), command: "test")
    let judged = JudgedPredictions([Prediction](), labels: [], classes: names)
    #expect(throws: StageError.noResults(path: folder.url.path)) {
      try RunReport(folder: folder.url.path)
    }
    #expect(throws: StageError.self) { try RunReport(folder: scratch.file("nowhere")) }
    #expect(throws: NeuralNetworkError.self) { try judged.report() }
    try folder.write(json: try predictions("bare").report(), to: "metrics.json")
    let report = try RunReport(folder: folder.url.path)
    #expect(
      report.missing == [
        "manifest.json", "curves.svg", "confusion.svg", "misclassified.png", "samples.png",
        "augmented.png", "submission.csv",
      ])
    #expect(report.html.contains("<code>confusion.svg</code>"))
    #expect(!report.html.contains("<h2>Confusion</h2>") && !report.html.contains("<svg"))
  }

  @Test func damagedFilesAreLeftOutByName() throws {
    let folder = try run()
    try folder.write("not JSON", to: "manifest.json")
    try folder.write("<svg xmlns=\"x\"><script>1</script></svg>", to: "confusion.svg")
    try folder.write("GIF89a", to: "misclassified.png")
    try folder.write("a,b\n1\n", to: "submission.csv")
    try folder.write("{\"members\": []}", to: "ensemble.json")
    try folder.write("[[[", to: "fold-2/metrics.json")
    let report = try RunReport(folder: folder.url.path)
    #expect(
      report.refused.map { String($0.prefix { $0 != ":" }) } == [
        "manifest.json", "confusion.svg", "misclassified.png", "submission.csv",
      ])
    #expect(report.html.contains("<code>submission.csv</code> is in the folder, but not"))
    #expect(!report.html.contains("<script>") && !report.html.contains("Weights in the"))
  }

  @Test func onlyChartsGoInline() throws {
    let judged = try predictions("charts")
    let charts = [
      ConfusionChart.svg(try judged.report(), title: "<&>"),
      TrainingCurves.svg(history(4, 0), best: 2),
    ]
    for chart in charts {
      #expect(InlineSVG.checked(chart) == chart.trimmingCharacters(in: .newlines))
    }
    let start = "<svg xmlns=\"http://www.w3.org/2000/svg\">"
    #expect(InlineSVG.checked(start + "<g><text x=\"1\">a &amp; b</text></g></svg>") != nil)
    for inner in [
      "<script>1</script>", "<a href=\"x\">b</a>", "<rect onclick=\"f()\"/>",
      "<rect fill=\"url(#a)\"/>", "<image href=\"x\"/>", "<style>a</style>", "<g>", "</g>",
      "<rect x='1'/>", "<text x=\"1\"y=\"2\"/>", "<!-- x -->", "<![CDATA[x]]>", "a & b", "<g/",
      "<foreignObject/>", "&#106;", "<rect style=\"x\"/>", "<rect x=\"&lt;\"/>", "<svg></svg>",
      "a > b", "<rect x=\"1\"", "\u{1}", "<use/>", "<animate/>", "<rect xmlns=\"y\"/>",
    ] { #expect(InlineSVG.checked(start + inner + "</svg>") == nil, "\(inner)") }
    for text in [
      "", "<svg ", start, start + "</svg>" + start + "</svg>", start + "</svg>tail", "<g></g>",
      "<?xml version=\"1.0\"?>" + start + "</svg>", "<svg onload=\"f()\"></svg>",
    ] { #expect(InlineSVG.checked(text) == nil, "\(text)") }
  }

  @Test func historiesComeBackAndAreCompared() throws {
    let text = HistoryFile.text(history(3, 0))
    let table = try CSVFile.parse(text, path: "history.csv").map(\.fields)
    let records = HistoryFile.records(table)
    #expect(records.map(\.epoch) == [1, 2, 3] && records[2].validationAccuracy == 0.63)
    #expect(HistoryFile.records([["strength", "out_of_fold_loss"], ["1", "2"]]).isEmpty)
    #expect(
      HistoryFile.records([["epoch", "accuracy", "loss"], ["1", "x", "0.5"]]).isEmpty)
    #expect(HistoryFile.records([]).isEmpty)

    let runs = (0..<9).map {
      ComparisonChart.Run("fold <\($0)>", history(3 + $0, Double($0) / 50))
    }
    let svg = try #require(ComparisonChart.svg(runs))
    try wellFormed(svg)
    #expect(svg.matches(of: /<polyline/).count == 18)
    #expect(svg.matches(of: />fold &lt;8&gt;</).count == 2)
    // No two lines look alike.
    let looks = svg.matches(of: /<polyline points="[^"]*" fill="none" ([^>]*)\/>/)
      .map { String($0.1) }
    #expect(Set(looks).count == 9)
    #expect(ComparisonChart.svg([]) == nil)
    #expect(
      ComparisonChart.svg([
        .init(
          "a",
          [
            EpochRecord(
              epoch: 1, loss: 1, accuracy: 1, seconds: 1, rowsPerSecond: 1)
          ])
      ]) == nil)
    #expect(ComparisonChart.svg(runs, measures: [.trainingLogLoss]) != nil)

    // The legend has the runs' order, and of folds one entry.
    let folds = ComparisonChart.Run("z", folds: (0..<12).map { history(4, Double($0) / 50) })
    let both = try #require(ComparisonChart.svg([folds, .init("a", history(4, 0))]))
    let legend = both.matches(of: />([az])<\/text>/).map { String($0.1) }
    #expect(legend == ["z", "a", "z", "a"] && both.matches(of: /<polyline/).count == 26)
  }
}
