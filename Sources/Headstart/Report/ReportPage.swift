import Crypto
import Foundation

/// The page of a report while it is being put together.
struct ReportPage {
  /// What the folder itself holds, and what of all its folders is missing or refused.
  var source: ReportSource
  var title: String
  private(set) var sections = ""
  var hasResults = false
  /// The places of pictures that are on the page, by their hashes: none stands there twice.
  private var shown: [SHA256.Digest: (anchor: String, title: String)] = [:]
  /// Bytes of pictures on the page.
  private var pictureBytes = 0
  private static let pictureLimit = 128 << 20

  init(_ source: ReportSource) {
    self.source = source
    title = source.name
  }

  mutating func section(_ title: String, anchor: String? = nil, _ body: String) {
    let id = anchor.map { " id=\"\($0)\"" } ?? ""
    sections += "<section\(id)>\n<h2>\(Markup.escaped(title))</h2>\n\(body)</section>\n"
  }

  /// Before the first section.
  mutating func lead(_ body: String) { sections += body }

  /// A chart from a folder; empty if there is none that can be shown.
  ///
  /// - Parameters:
  ///   - folder: where it lies, and where it is noted if it is missing or refused.
  ///   - isOptional: whether it may be missing.
  mutating func chart(
    _ file: String, _ caption: String, of folder: inout ReportSource, isOptional: Bool = false
  ) -> String {
    guard !isOptional || folder.has(file), let svg = folder.chart(file) else { return "" }
    hasResults = true
    return Self.figure(svg, caption)
  }

  /// A picture from a folder; empty if there is none that can be shown.
  ///
  /// - Parameters:
  ///   - anchor: where on the page it stands.
  ///   - title: of that place.
  mutating func picture(
    _ file: String, _ caption: String, of folder: inout ReportSource, isOptional: Bool = false,
    anchor: String, title: String
  ) -> String {
    guard let picture = folder.picture(file, isOptional: isOptional) else { return "" }
    hasResults = true
    let hash = SHA256.hash(data: picture.bytes)
    if let place = shown[hash] {
      return "<p>The same as under <a href=\"#\(place.anchor)\">\(Markup.escaped(place.title))</a>."
        + "</p>\n"
    }
    guard pictureBytes + picture.bytes.count <= Self.pictureLimit else {
      folder.refuse(file, "the report would become too large")
      return ""
    }
    pictureBytes += picture.bytes.count
    shown[hash] = (anchor, title)
    return Self.figure(
      "<img alt=\"\(Markup.escaped(caption))\" width=\"\(picture.width)\""
        + " height=\"\(picture.height)\""
        + " src=\"data:image/png;base64,\(Data(picture.bytes).base64EncodedString())\">", caption)
  }

  /// The head of `submission.csv`.
  ///
  /// - Parameter isFolded: whether it is shown only when asked for.
  mutating func submission(of folder: inout ReportSource, isFolded: Bool = false) -> String {
    guard let table = folder.table("submission.csv"), let header = table.first else { return "" }
    hasResults = true
    let (shown, widest) = (10, 12)
    let rows = table.dropFirst()
    var body = Self.table(
      header.prefix(widest).map { $0 }, rows.prefix(shown).map { Array($0.prefix(widest)) })
    if rows.count > shown { body += "<p>The first \(shown) of \(rows.count) rows.</p>\n" }
    if header.count > widest {
      body += "<p>The first \(widest) of \(header.count) columns.</p>\n"
    }
    return isFolded ? Self.folded("Its first rows", body) : body
  }

  /// How `manifest.json` says it was made.
  static func manifest(of folder: inout ReportSource, isOptional: Bool = false) -> String {
    guard let value = folder.json("manifest.json", isOptional: isOptional) else { return "" }
    let figures = ReportFigures(value).others
    return figures.isEmpty ? "" : self.figures(figures)
  }

  /// What is missing or refused, the last section.
  mutating func leftOut() {
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
}
