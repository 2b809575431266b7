import Files
import Foundation

/// Where the command writes: results to standard output, everything else to standard error.
enum Console {
  static let errorIsTerminal = isatty(FileHandle.standardError.fileDescriptor) == 1

  /// Results, and nothing but results, for people; see ``Printable``.
  static func result(_ text: String) {
    exact(Printable.text(text, keepsLines: true))
  }

  /// Results for programs, to the byte.
  static func exact(_ text: String) {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    } catch {
      let reason = SystemReason.number(in: error).map(SystemReason.plain) ?? "\(error)"
      note("Error: standard output cannot be written: \(reason).")
      exit(1)
    }
  }

  /// Diagnostics and progress.
  static func note(_ text: String) {
    raw(Printable.text(text, keepsLines: true) + "\n")
  }

  /// A note of one line, whatever the names in it hold.
  static func line(_ text: String) { note(Printable.text(text)) }

  static func warning(_ text: String) { line("warning: " + text) }

  /// On standard error as it is, terminal codes and all. Where nobody can read it, nobody misses it.
  static func raw(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }

  /// One JSON object (or array) on standard output, its keys in alphabetical order, times as
  /// ISO 8601 strings in UTC.
  static func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    exact(String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  /// Columns padded to their widest cell; the first column is aligned left, the others right.
  static func table(_ rows: [[String]]) -> String {
    let rows = rows.map { $0.map { Printable.text($0) } }
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.compactMap { column < $0.count ? $0[column].count : nil }.max() ?? 0
    }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + padding : padding + cell
      }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}

/// A duration for people: `0.4 s`, `12 s`, `3 min 05 s`, `2 h 07 min`.
func describe(seconds: Double) -> String {
  guard seconds.isFinite, seconds >= 0 else { return "–" }
  if seconds < 9.95 { return String(format: "%.1f s", seconds) }
  let whole = Int(seconds.rounded())
  if whole < 60 { return "\(whole) s" }
  if whole < 3600 { return String(format: "%d min %02d s", whole / 60, whole % 60) }
  return String(format: "%d h %02d min", whole / 3600, whole % 3600 / 60)
}
