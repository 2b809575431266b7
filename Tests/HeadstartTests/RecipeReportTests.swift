import Foundation
import Headstart
import NeuralNetwork
import Pictures
import Testing

/// The HTML file of a recipe's run.
@Suite struct RecipeReportTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private let names = ["<script>alert(1)</script>", "dogs"]

  private func predictions(_ mistakes: Int) throws -> JudgedPredictions {
    let predictions = try (0..<6).map { index in
      let bytes = try Picture(
        width: 20, height: 30,
        pixels: [UInt8](repeating: UInt8(40 * index + mistakes), count: 1800)
      ).png()
      return Prediction(
        path: try scratch.write(bytes, to: "pictures/\(index)-\(mistakes).png"),
        picture: PictureHash(of: bytes), probabilities: index < mistakes ? [0.1, 0.9] : [0.8, 0.2])
    }
    return JudgedPredictions(predictions, labels: [0, 0, 0, 0, 0, 0], classes: names)
  }

  private func history(_ epochs: Int) -> [EpochRecord] {
    (0..<epochs).map { epoch in
      EpochRecord(
        epoch: epoch + 1, loss: 1 / Double(epoch + 1), accuracy: 0.5, validationLoss: 0.4,
        validationAccuracy: 0.6 + 0.01 * Double(epoch), seconds: 1, rowsPerSecond: 1)
    }
  }

  /// Decoded, since a record has no initializer of its own.
  private func record(
    _ name: String, _ place: String, epochs: Int, _ report: EvaluationReport,
    remark: String? = nil, parameters: Int = 1_212_513
  ) throws -> RecipeResults.Model {
    struct Record: Encodable {
      let name, place: String
      let parameters, trainableParameters, training, epochs, bestEpoch: Int
      let validation: EvaluationReport
      let unreadable: [String]
      let remark: String?
      let seconds: Double
    }
    let record = Record(
      name: name, place: place, parameters: parameters, trainableParameters: 513, training: 2000,
      epochs: epochs, bestEpoch: min(epochs, 2), validation: report, unreadable: [], remark: remark,
      seconds: 90)
    return try JSONDecoder().decode(
      RecipeResults.Model.self, from: JSONEncoder().encode(record))
  }

  private struct Results: Encodable {
    struct Member: Encodable {
      let model: String
      let weight: Double
    }
    struct Submission: Encodable {
      let path = "elsewhere/submission.csv"
      let rows = 30
      let clip = 0.005
      let expectedLogLoss = 0.25
      let expectedLogLossInterval = [0.125, 0.5]
    }
    var recipe = "two"
    var models: [RecipeResults.Model]
    var members: [Member]
    var views = 2
    let validation: EvaluationReport
    var submission: Submission?
    var unreadable: [String] = []
    var seconds = 300.0
  }

  private let recipe = """
    name: two
    title: Two models & <b>their</b> mean
    source: A blog post
    published: accuracy .90-.91
    notes:
    - The original has an <i>error</i>.
    models:
    - name: second
      folds: 0
    - name: first
      folds: 2
    result: {models: [second, first]}
    """

  /// What training leaves in a model's folder.
  private func write(
    _ record: RecipeResults.Model, _ judged: JudgedPredictions, in run: RunFolder
  ) throws {
    let folder = try RunFolder(run.path(record.place), command: "test")
    try judged.write(to: folder)
    try folder.write(json: record, to: "metrics.json")
    try folder.write("Layer <a>\n---\nTotal params: 1,212,513\n", to: "summary.txt")
    try folder.write(
      try PictureGrid.samples(judged.predictions, labels: judged.labels, classes: names),
      to: "samples.png")
    if record.epochs > 0 {
      try folder.write(HistoryFile.text(history(record.epochs)), to: "history.csv")
      try folder.write(TrainingCurves.svg(history(record.epochs), best: 2), to: "curves.svg")
    }
  }

  /// Two models, the second of two folds, and a folder that another recipe left.
  private func run(_ name: String = "runs <&>") throws -> RunFolder {
    let run = try RunFolder(scratch.file(name), command: "test")
    let judged = try predictions(2)
    let report = try judged.report()
    let models = [
      try record("second", "second", epochs: 0, report, remark: "not better, <u>kept</u>"),
      try record("first", "first/fold-1", epochs: 3, try predictions(0).report()),
      try record("first", "first/fold-2", epochs: 4, report),
    ]
    for model in models {
      try write(model, model.place == "first/fold-1" ? predictions(0) : judged, in: run)
    }
    try write(try record("third", "old", epochs: 3, report), judged, in: run)
    try judged.write(to: run)
    try run.write(recipe, to: "recipe.yaml")
    try run.write(
      json: Results(
        models: models,
        members: [
          .init(model: "second/model.h5", weight: 0.5),
          .init(model: "first/fold-1/model.h5", weight: 0.25),
          .init(model: "first/fold-2/model.h5", weight: 0.25),
        ], validation: report, submission: .init()), to: "results.json")
    try run.write(json: ["command": "headstart run"], to: "manifest.json")
    try run.write("id,label\n" + (1...30).map { "\($0),0.5\n" }.joined(), to: "submission.csv")
    return run
  }

  @Test func theRecipeAndItsResultsComeFirst() throws {
    let report = try RunReport(folder: try run().url.path)
    let html = report.html
    #expect(html.contains("<h1>Two models &amp; &lt;b&gt;their&lt;/b&gt; mean</h1>"))
    for row in [
      "<th scope=\"row\">source</th><td>A blog post</td>",
      "<th scope=\"row\">published result</th><td>accuracy .90-.91</td>",
      "<td>validation accuracy 0.6667, log loss", "<td>second 0.6667, first 0.8333</td>",
      "<li>The original has an &lt;i&gt;error&lt;/i&gt;.</li>",
      "<p>The mean of 3 models. 2 views of each picture are averaged.</p>",
      "30 rows, clipped at 0.005; expected log loss 0.2500 (95 %: 0.1250–0.5000).",
      "The first 10 of 30 rows.", "<h2>How it was made</h2>", "<summary>The recipe</summary>",
    ] { #expect(html.contains(row), "\(row)") }
    // In this order.
    let places = [
      "A blog post", "<h2>Result</h2>", "<h2>Models</h2>", "<h2>second</h2>", "<h2>first</h2>",
    ].map { html.firstRange(of: $0)?.lowerBound }
    #expect(places.allSatisfy { $0 != nil } && places.compactMap(\.self).sorted() == places)
  }

  @Test func everyModelIsThereWithItsFiles() throws {
    let report = try RunReport(folder: try run().url.path)
    let html = report.html
    // The table leads to each model's section.
    #expect(html.contains("<a href=\"#model-1\">second</a>"))
    #expect(html.contains("<a href=\"#model-2\">first, folds: 2</a>"))
    #expect(html.contains("<section id=\"model-1\">") && html.contains("<section id=\"model-2\">"))
    #expect(html.contains("<td>3–4</td><td>0.8333</td>") && html.contains("<td>0.500</td>"))
    #expect(html.contains("not better, &lt;u&gt;kept&lt;/u&gt;"))
    #expect(html.contains("<td>1,212,513, 513 of them trained</td>"))
    #expect(html.contains("<td>4, kept: 2</td>") && html.contains("<summary>fold-2</summary>"))
    #expect(html.contains("<pre>Layer &lt;a&gt;\n---\nTotal params: 1,212,513"))
    // Confusion of the result, second and two folds; curves of two folds; folds in two figures.
    #expect(html.matches(of: #/<svg /#).count == 1 + 1 + 2 + 2 + 2)
    // The result's mistakes, the samples of second and of the first fold; second's mistakes are the
    // result's.
    #expect(html.matches(of: /src="data:image\/png;base64,/).count == 3)
    #expect(html.contains("The same as under <a href=\"#result\">Result</a>."))
    #expect(html.contains("<p>None of the 6.</p>"))
    #expect(report.missing.isEmpty)
  }

  @Test func foldersOfOthersAreLeftOut() throws {
    let report = try RunReport(folder: try run().url.path)
    #expect(!report.html.contains("third"))
    #expect(report.refused == ["old: the run of this recipe did not make it"])
    #expect(report.html.contains("<code>old</code> is in the folder, but not in this report"))
  }

  @Test func nothingFromFilesIsMarkup() throws {
    let html = try RunReport(folder: try run().url.path).html
    for tag in ["<script", "<b>", "<i>", "<u>", "<a>", "onerror="] {
      #expect(!html.contains(tag), "\(tag)")
    }
    #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
    // Nothing leads out of the page.
    let links = html.matches(of: /(?:src|href)="([^"]{0,9})/).map { String($0.1) }
    #expect(links.allSatisfy { $0.hasPrefix("#") || $0 == "data:imag" } && links.count == 3 + 3)
  }

  @Test func aRunThatHasNotEndedIsShownAsFarAsItIs() throws {
    let run = try run()
    for name in ["results.json", "manifest.json", "submission.csv", "confusion.svg"] {
      try run.remove(name)
    }
    try FileManager.default.removeItem(atPath: run.path("first/fold-2/metrics.json"))
    let report = try RunReport(folder: run.url.path)
    #expect(report.html.contains("The run has not ended. Not trained yet: first/fold-2"))
    #expect(report.html.contains("<h2>second</h2>") && report.html.contains("first, folds: 1"))
    #expect(report.missing.isEmpty && report.refused.count == 1)
    try run.remove("second/metrics.json")
    try run.remove("first/fold-1/metrics.json")
    try run.remove("old/metrics.json")
    try run.remove("misclassified.png")
    #expect(throws: StageError.noResults(path: run.url.path)) {
      try RunReport(folder: run.url.path)
    }
  }

  @Test func damagedFilesAreLeftOutByName() throws {
    let run = try run()
    try run.write("name: [", to: "recipe.yaml")
    try run.write("<svg xmlns=\"x\"><script>1</script></svg>", to: "second/confusion.svg")
    try run.write("GIF89a", to: "second/samples.png")
    try run.write(Data([0xFF, 0xFE]), to: "second/summary.txt")
    try FileManager.default.removeItem(atPath: run.path("first/fold-1/curves.svg"))
    let report = try RunReport(folder: run.url.path)
    #expect(
      report.refused.map { String($0.prefix { $0 != ":" }) }
        == [
          "recipe.yaml", "second/confusion.svg", "second/samples.png", "second/summary.txt", "old",
        ])
    #expect(report.missing == ["first/fold-1/curves.svg"])
    #expect(report.html.contains("<h1>two</h1>") && !report.html.contains("<script"))
    // Another recipe's text does not stand over these results.
    try run.write(recipe.replacing("name: two", with: "name: three"), to: "recipe.yaml")
    let other = try RunReport(folder: run.url.path)
    #expect(other.html.contains("<h1>two</h1>") && !other.html.contains("A blog post"))
    #expect(other.refused.contains("recipe.yaml: it is three, and the results are of two"))
    // Results that are none: the models' own folders say what they are.
    try run.write("{\"models\": 3}", to: "results.json")
    try run.write(recipe, to: "recipe.yaml")
    let bare = try RunReport(folder: run.url.path)
    #expect(bare.html.contains("<h2>second</h2>") && bare.html.contains("The run has not ended."))
    #expect(bare.refused.contains { $0.hasPrefix("results.json: ") })
  }

  @Test func noPathLeavesTheFolder() throws {
    let outside = try run("outside")
    let run = try RunFolder(scratch.file("inside"), command: "test")
    let judged = try predictions(2)
    let report = try judged.report()
    try FileManager.default.createSymbolicLink(
      atPath: run.path("link"), withDestinationPath: outside.path("second"))
    try run.write(
      json: Results(
        models: try ["../outside/second", "/etc", "a/b/c", "link", ".hidden", "", "own"].map {
          try record("m\($0.count)", $0, epochs: 0, report)
        }, members: [], validation: report), to: "results.json")
    let page = try RunReport(folder: run.url.path)
    #expect(!page.html.contains("Layer &lt;a&gt;") && page.html.contains("<h2>m3</h2>"))
    #expect(page.refused.count == 6)
    #expect(
      page.missing
        == [
          "recipe.yaml", "confusion.svg", "misclassified.png", "manifest.json", "own/confusion.svg",
          "own/misclassified.png", "own/samples.png", "own/summary.txt",
        ])
  }
}
