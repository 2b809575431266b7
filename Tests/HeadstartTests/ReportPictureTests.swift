import Foundation
import Headstart
import Pictures
import Testing

/// Confusion matrices and grids of pictures.
@Suite struct ReportPictureTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// What a hostile file system may call a class.
  private let hostile = ["a<b>&\"c'", "line\nbreak\u{1}", "猫 \u{202E}gnp", "</text><script>"]

  private func report(_ confusion: [[Int]], _ names: [String]) throws -> EvaluationReport {
    var probabilities: [[Double]] = []
    var labels: [Int] = []
    for (row, counts) in confusion.enumerated() {
      for (column, count) in counts.enumerated() {
        let values = names.indices.map { $0 == column ? 0.9 : 0.1 / Double(names.count - 1) }
        probabilities += [[Double]](repeating: values, count: count)
        labels += [Int](repeating: row, count: count)
      }
    }
    return try EvaluationReport(probabilities: probabilities, labels: labels, classes: names)
  }

  private func texts(_ svg: String) throws -> [String] {
    try wellFormed(svg)
    return svg.matches(of: /<text[^>]*>([^<]*)<\/text>/).map { String($0.1) }
  }

  @Test func confusionHasCountsAndSharesOfRows() throws {
    let svg = ConfusionChart.svg(
      try report([[19, 1], [3, 37]], ["cats", "dogs"]), title: "800 pictures")
    let texts = try texts(svg)
    #expect(texts.first == "800 pictures")
    #expect(
      texts.dropFirst().prefix(8) == ["19", "95.0 %", "1", "5.0 %", "3", "7.5 %", "37", "92.5 %"])
    #expect(texts.contains("predicted class") && texts.contains("true class"))
    #expect(texts.count { $0 == "cats" } == 2 && texts.count { $0 == "dogs" } == 2)
    // A class without pictures has no shares.
    #expect(
      try self.texts(ConfusionChart.svg(report([[4, 0], [0, 0]], ["a", "b"]))).contains("–"))
  }

  @Test func confusionOfHostileNamesIsWellFormed() throws {
    let svg = ConfusionChart.svg(
      try report([[1, 0, 0, 2], [0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 1]], hostile),
      title: "<&>")
    let texts = try texts(svg)
    #expect(texts.contains("a&lt;b&gt;&amp;&quot;c&#39;") && texts.contains("line␊break␁"))
    #expect(texts.contains("&lt;/text&gt;&lt;script&gt;") && !svg.contains("<script"))
    #expect(!svg.contains("\u{202E}"))
  }

  @Test func confusionOfManyClassesHasShades() throws {
    let names = (0..<60).map { "class number \($0) of a rather long name" }
    var confusion = [[Int]](repeating: [Int](repeating: 0, count: 60), count: 60)
    for index in 0..<60 {
      confusion[index][index] = 3
      confusion[index][(index + 7) % 60] = 1
    }
    let svg = ConfusionChart.svg(try report(confusion, names))
    let texts = try texts(svg)
    #expect(texts.count == 2 * 60 + 2 + 4)
    #expect(svg.contains("<title>class number 0 of a rather long name → class number 7"))
    #expect(svg.matches(of: /<rect/).count == 1 + 120 + 1 + 24 + 1)
  }

  /// Solid pictures of several sizes, and their predictions.
  private func predictions(_ probabilities: [Double]) throws -> [Prediction] {
    try probabilities.enumerated().map { index, value in
      let (width, height) = (300 + 10 * index, 200)
      let bytes = try Picture(
        width: width, height: height,
        pixels: [UInt8](repeating: UInt8(40 * index), count: width * height * 3)
      ).png()
      let path = try scratch.write(bytes, to: "<&\"'>\n猫 \(index).png")
      return Prediction(
        path: path, picture: PictureHash(of: bytes), probabilities: [1 - value, value])
    }
  }

  private func decode(_ data: Data) throws -> Picture {
    try PictureDecoder.decode([UInt8](data), name: "grid")
  }

  @Test func misclassifiedStandInOrderOfConfidence() throws {
    let predictions = try predictions([0.6, 0.98, 0.2, 0.3])
    let grid = try #require(
      try PictureGrid.misclassified(
        predictions, labels: [0, 0, 0, 1], classes: ["cats", "dogs"]))
    let picture = try decode(grid)
    // Three of 160 pixels in a row of three, a line of text below.
    #expect((picture.width, picture.height) == (3 * 168 + 8, 160 + 17 + 16))
    let middles = (0..<3).map { picture.pixels[((8 + 80) * picture.width + 8 + 168 * $0 + 80) * 3] }
    // 0.98 before 0.7 (of class 0) before 0.6.
    #expect(middles == [40, 120, 0])
    let fewer = try #require(
      try PictureGrid.misclassified(
        predictions, labels: [0, 0, 0, 1], classes: ["cats", "dogs"], limit: 1))
    #expect(try decode(fewer).width == 176)
    #expect(
      try PictureGrid.misclassified(predictions, labels: [1, 1, 0, 0], classes: ["a", "b"]) == nil)
    #expect(try PictureGrid.misclassified([], labels: [], classes: ["a", "b"]) == nil)
  }

  @Test func longNamesTakeTwoLinesAndGonePicturesAreGrey() throws {
    let predictions = try predictions([0.9, 0.8])
    try FileManager.default.removeItem(atPath: predictions[0].path)
    let names = [String(repeating: "x", count: 300), hostile[2]]
    let grid = try #require(
      try PictureGrid.misclassified(predictions, labels: [0, 0], classes: names))
    let picture = try decode(grid)
    #expect((picture.width, picture.height) == (2 * 168 + 8, 160 + 3 + 28 + 16))
    #expect(picture.pixels[(88 * picture.width + 88) * 3] == 200)
  }

  @Test func samplesStripsAndViews() throws {
    let predictions = try predictions([0.1, 0.2, 0.3, 0.4, 0.5])
    let samples = try decode(
      PictureGrid.samples(predictions, classes: ["cats", "dogs"], limit: 4))
    #expect((samples.width, samples.height) == (2 * 168 + 8, 2 * (177 + 8) + 8))
    let strip = try decode(PictureGrid.strip(predictions.prefix(2).map(\.path), height: 100))
    #expect((strip.width, strip.height) == (150 + 6 + 155, 100))
    let settings = FeatureSettings(height: 32, width: 48)
    let augmentation = FineTuneSettings.defaultAugmentation
    let draws = PictureView.random(3, of: augmentation, seed: 1)
    let views = try PictureGrid.augmented(
      predictions.prefix(2).map(\.path), settings: settings, views: draws)
    let sheet = try decode(views)
    #expect((sheet.width, sheet.height) == (4 * 56 + 8, 2 * (32 + 17 + 8) + 8))
    #expect(
      try views
        == PictureGrid.augmented(
          predictions.prefix(2).map(\.path), settings: settings, views: draws))
    // Of one view each, three pictures stand in a row.
    let pairs = try decode(
      PictureGrid.augmented(
        predictions.prefix(4).map(\.path), settings: settings, views: Array(draws.prefix(1))))
    #expect((pairs.width, pairs.height) == (6 * 56 + 8, 2 * (32 + 17 + 8) + 8))
    #expect(throws: PictureError.self) {
      try PictureGrid.augmented([scratch.file("none")], settings: settings, views: draws)
    }
    #expect(throws: PictureViewError.self) {
      try PictureGrid.augmented(
        predictions.prefix(1).map(\.path), settings: settings, views: [.crop(99)])
    }
  }

  @Test func probabilitiesAreNotRoundedToCertainty() {
    let values = [0.5, 0.976, 0.989, 0.995, 0.99949, 0.9995, 1]
    #expect(
      values.map(PictureCaption.percent) == [
        "50 %", "98 %", "99 %", "99.5 %", "99.9 %", ">99.9 %", ">99.9 %",
      ])
  }

  @Test func captionsSayWhatIsWrong() throws {
    let predictions = try predictions([0.97, 0.2])
    let classes = ["cats", "dogs"]
    #expect(
      PictureCaption.inLines(
        [0].map { PictureCaption.mistake(predictions[$0], truth: 0, classes: classes) })
        == [["cats, taken for dogs 97 %"]])
    #expect(PictureCaption.sample(predictions[0], truth: nil, classes: classes) == ["dogs 97 %"])
    #expect(PictureCaption.sample(predictions[0], truth: 1, classes: classes) == ["dogs 97 %"])
    #expect(
      PictureCaption.sample(predictions[0], truth: 0, classes: classes)
        == ["wrong: dogs 97 %", "it is: cats"])
    // What does not fit on one line takes two in all of them; of long names the end is cut.
    let long = [String(repeating: "x", count: 60), "dogs"]
    let captions = PictureCaption.inLines([
      PictureCaption.mistake(predictions[0], truth: 0, classes: long),
      PictureCaption.mistake(predictions[1], truth: 1, classes: classes),
    ])
    #expect(captions[0] == [String(repeating: "x", count: 23) + "..,", "taken for dogs 97 %"])
    #expect(captions[1] == ["dogs,", "taken for cats 80 %"])
    // Two lines under one make room for two under all.
    let sheet = try decode(
      PictureGrid.samples(predictions, labels: [0, 0], classes: classes))
    #expect((sheet.width, sheet.height) == (2 * 168 + 8, 160 + 3 + 28 + 16))
  }

  @Test func choicesAreEvenOverTheClasses() {
    let labels = [0] + [Int](repeating: 1, count: 90) + [Int](repeating: 0, count: 9)
    let chosen = RecipePictures.spread(4, over: labels)
    #expect(chosen.map { labels[$0] } == [0, 0, 1, 1])
    #expect(chosen == [0, 95, 1, 46])
    #expect(RecipePictures.spread(12, over: [0, 1, 1]) == [0, 1, 2])
    #expect(RecipePictures.spread(3, over: Array(0..<9)) == [0, 3, 6])
    #expect(RecipePictures.spread(3, over: []) == [])
  }

  @Test func judgedPredictionsLeaveTheirFiles() throws {
    let predictions = try predictions([0.6, 0.99, 0.2])
    let folder = try RunFolder(scratch.file("run"), command: "test")
    let classes = ["a,b", hostile[0]]
    try JudgedPredictions(predictions, labels: [1, 0, 0], classes: classes).write(to: folder)
    #expect(
      try names(in: folder.url.path) == ["confusion.svg", "misclassified.png", "predictions.csv"])
    let rows = try CSVFile.read(folder.path("predictions.csv"))
    #expect(rows[0].fields == ["path", "label", "class", "probability"] + classes)
    #expect(rows.count == 4 && rows[1].fields[0] == predictions[0].path)
    #expect(rows[2].fields.dropFirst() == ["a,b", hostile[0], "0.990000", "0.010000", "0.990000"])
    // All right now: the grid of before is gone.
    try JudgedPredictions(predictions, labels: [1, 1, 0], classes: classes).write(to: folder)
    #expect(try names(in: folder.url.path) == ["confusion.svg", "predictions.csv"])
  }
}

/// Fails unless a text is XML in which every element ends and no character is forbidden.
func wellFormed(_ text: String) throws {
  let parser = XMLReader()
  let isParsed = parser.parse(text)
  #expect(isParsed, "\(parser.problem)")
  #expect(!text.contains("nan") && !text.contains("inf"))
}

/// Elements in pairs, quoted attributes, no stray ampersands: the XML that charts are made of.
private final class XMLReader {
  var problem = ""

  func parse(_ text: String) -> Bool {
    var open: [Substring] = []
    var rest = text[...]
    for scalar in text.unicodeScalars
    where scalar.value < 0x20 && !["\n", "\t", "\r"].contains(scalar) {
      problem = "control character \(scalar.value)"
      return false
    }
    while let start = rest.firstIndex(where: { $0 == "<" || $0 == "&" }) {
      rest = rest[start...]
      if let reference = rest.prefixMatch(of: /&(amp|lt|gt|quot|#39);/) {
        rest = rest[reference.range.upperBound...]
      } else if let tag = rest.prefixMatch(
        of: /<(\/?)([A-Za-z][A-Za-z0-9]*)((?:\s+[a-zA-Z0-9:-]+="[^"<]*")*)\s*(\/?)>/)
      {
        if !tag.1.isEmpty {
          guard open.popLast() == tag.2 else {
            problem = "</\(tag.2)> closes nothing"
            return false
          }
        } else if tag.4.isEmpty {
          open.append(tag.2)
        }
        rest = rest[tag.range.upperBound...]
      } else {
        problem = "at \(rest.prefix(40))"
        return false
      }
    }
    problem = open.isEmpty ? "" : "<\(open[0])> is not closed"
    return open.isEmpty
  }
}
