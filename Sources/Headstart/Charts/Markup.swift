import Foundation

/// Pieces of SVG and HTML text.
enum Markup {
  /// Text that may stand between tags and in quoted attributes.
  ///
  /// Class names and paths are anything that a file may be called: control characters, which XML
  /// forbids, are shown as their symbols (␊ for a line feed).
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\u{00}"..."\u{1F}":
        result.unicodeScalars.append(Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}")
      case "\u{7F}": result += "\u{2421}"
      case "\u{80}"..."\u{9F}": result += "\u{FFFD}"
      // Characters that turn what follows from right to left, and those that are none.
      case "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}": result += "\u{FFFD}"
      case _ where scalar.value & 0xFFFE == 0xFFFE: result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// A text in a chart.
  static func text(_ text: String, _ x: Double, _ y: Double, _ attributes: String = "") -> String {
    let place = "x=\"\(LineChart.number(x))\" y=\"\(LineChart.number(y))\""
    return "<text \(place)\(attributes.isEmpty ? "" : " " + attributes)>\(escaped(text))</text>\n"
  }

  /// About how wide a text is in Helvetica, in units of the font's size.
  static func width(_ text: String) -> Double {
    text.reduce(0) { $0 + ($1.unicodeScalars.first.map { $0.value >= 0x1100 } ?? false ? 1 : 0.56) }
  }

  /// At most so many characters.
  static func cut(_ text: String, to count: Int) -> String {
    text.count <= count ? text : text.prefix(max(1, count - 1)) + "…"
  }
}
