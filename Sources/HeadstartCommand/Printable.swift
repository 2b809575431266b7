/// Text that only says something, and does nothing to a terminal.
enum Printable {
  /// The text with its control characters spelled out, as `\n`, `\t`, `\u001b`: names of files and
  /// classes may hold any, and a terminal would obey them. So would it to marks that turn the
  /// direction of writing.
  ///
  /// - Parameter keepsLines: whether line feeds stay what they are.
  static func text(_ text: String, keepsLines: Bool = false) -> String {
    func passes(_ scalar: Unicode.Scalar) -> Bool {
      !isControl(scalar) || keepsLines && scalar == "\n"
    }
    guard !text.unicodeScalars.allSatisfy(passes) else { return text }
    return text.unicodeScalars.reduce(into: "") { result, scalar in
      if passes(scalar) {
        result.unicodeScalars.append(scalar)
      } else {
        result += spelled(scalar)
      }
    }
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x202A...0x202E, 0x2066...0x2069: true
    default:
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator: true
      default: false
      }
    }
  }

  private static func spelled(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\n": return #"\n"#
    case "\r": return #"\r"#
    case "\t": return #"\t"#
    default:
      let digits = String(scalar.value, radix: 16)
      return #"\u"# + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
  }
}
