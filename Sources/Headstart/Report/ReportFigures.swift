import Foundation
import KerasFormat

/// The reports and the single figures that lie in a JSON object of unknown shape, such as
/// `metrics.json` of any command.
struct ReportFigures {
  /// By the name of their place: `validation`, `out of fold`.
  private(set) var reports: [(name: String, report: EvaluationReport)] = []
  /// Everything that is not in a report: the place and the value.
  private(set) var others: [(name: String, value: String)] = []

  private static let limit = 200

  init(_ object: JSONValue) { collect(object, path: [], depth: 0) }

  /// What tells most about pictures that were not trained on.
  var best: (name: String, report: EvaluationReport)? {
    ["validation", "validation after", "test", "out of fold", "measured"].lazy
      .compactMap { name in reports.first { $0.name == name } }.first ?? reports.first
  }

  private mutating func collect(_ value: JSONValue, path: [String], depth: Int) {
    guard case .object(let members) = value, depth < 8 else { return }
    if let report = Self.report(value) {
      reports.append((path.isEmpty ? "measured" : Self.name(path), report))
      return
    }
    for (key, value) in members.sorted(by: { $0.key < $1.key }) where others.count < Self.limit {
      let place = path + [key]
      if case .object = value {
        collect(value, path: place, depth: depth + 1)
      } else if let text = Self.text(value) {
        others.append((Self.name(place), text))
      }
    }
  }

  private static func report(_ value: JSONValue) -> EvaluationReport? {
    guard case .object(let members) = value, members["confusion"] != nil,
      let report = try? JSONDecoder().decode(EvaluationReport.self, from: Data(value.text.utf8)),
      report.accuracyInterval.count == 2
    else { return nil }
    return report
  }

  /// Numbers, texts, and lists of them; nil for what is nothing or too much.
  private static func text(_ value: JSONValue) -> String? {
    switch value {
    case .string(let text): return Markup.cut(text, to: longest)
    case .bool(let value): return value ? "yes" : "no"
    case .integer(let value): return String(value)
    case .number(let value): return String(format: "%.6g", value)
    case .array(let values):
      let texts = values.compactMap { value -> String? in
        if case .array = value { nil } else { text(value) }
      }
      guard texts.count == values.count, !texts.isEmpty else { return nil }
      return Markup.cut(texts.joined(separator: " "), to: longest)
    case .null, .object: return nil
    }
  }

  private static let longest = 400

  private static func name(_ path: [String]) -> String {
    path.map(words).joined(separator: ", ")
  }

  /// `outOfFold` becomes `out of fold`, and `weightsSHA256` `weights SHA256`.
  static func words(_ name: String) -> String {
    var words: [String] = [""]
    for character in name {
      if character.isUppercase, words[words.count - 1].last?.isLowercase ?? false {
        words.append("")
      }
      words[words.count - 1].append(character)
    }
    return words.map { word in
      word.dropFirst().contains(where: \.isUppercase) ? word : word.lowercased()
    }.joined(separator: " ")
  }
}
