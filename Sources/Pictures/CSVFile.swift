import Foundation

/// Comma-separated values as in RFC 4180, read leniently and written strictly.
package enum CSVFile {
  package struct Row: Equatable {
    /// The line that the row begins on, from 1.
    package let line: Int
    package let fields: [String]
  }

  /// More bytes than a list of a million pictures needs.
  static let limit = 1 << 28

  /// Reads rows: a byte-order mark, CRLF or LF, quoted fields (with commas, quotes and line ends in
  /// them) and spaces around unquoted fields are taken in stride; empty lines are left out.
  package static func read(_ path: String) throws(DataSetError) -> [Row] {
    let bytes: [UInt8]
    do {
      bytes = try FileBytes.read(path)
    } catch .unreadable(_, let reason) {
      throw .unreadable(path: path, reason: reason)
    } catch {
      throw .unreadable(path: path, reason: "expected a list of labels, found \(error)")
    }
    guard bytes.count <= limit else {
      throw .unreadable(path: path, reason: "\(bytes.count) bytes, more than \(limit)")
    }
    guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
      throw .unreadable(path: path, reason: "expected UTF-8 text")
    }
    return try parse(text, path: path)
  }

  package static func parse(_ text: String, path: String) throws(DataSetError) -> [Row] {
    let (comma, quote, feed, carriage): (UInt8, UInt8, UInt8, UInt8) = (0x2C, 0x22, 0x0A, 0x0D)
    var bytes = Array(text.utf8)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
    var rows: [Row] = []
    var fields: [String] = []
    var line = 1
    var start = 1
    var i = 0
    while i < bytes.count {
      var field: [UInt8] = []
      var quoted = false
      if bytes[i] == quote {
        quoted = true
        let opening = line
        i += 1
        while true {
          guard i < bytes.count else {
            throw .malformedList(path: path, line: opening, found: "a quote that is not closed")
          }
          if bytes[i] == quote {
            i += 1
            guard i < bytes.count, bytes[i] == quote else { break }
          }
          if bytes[i] == feed { line += 1 }
          field.append(bytes[i])
          i += 1
        }
      }
      while i < bytes.count, bytes[i] != comma, bytes[i] != feed, bytes[i] != carriage {
        let blank = bytes[i] == 0x20 || bytes[i] == 0x09
        guard !quoted || blank else {
          throw .malformedList(path: path, line: line, found: "text after a closing quote")
        }
        if !quoted { field.append(bytes[i]) }
        i += 1
      }
      let value = String(decoding: field, as: UTF8.self)
      fields.append(quoted ? value : trimmed(value))
      let ended = i >= bytes.count || bytes[i] != comma
      if ended {
        if fields != [""] { rows.append(Row(line: start, fields: fields)) }
        fields = []
        if i < bytes.count, bytes[i] == carriage { i += 1 }
        if i < bytes.count, bytes[i] == feed { i += 1 }
        line += 1
        start = line
      } else {
        i += 1
        // A comma at the very end has an empty field behind it.
        if i == bytes.count { rows.append(Row(line: start, fields: fields + [""])) }
      }
    }
    return rows
  }

  private static func trimmed(_ value: String) -> String {
    value.trimmingCharacters(in: CharacterSet(charactersIn: " \t"))
  }

  /// One line with its line feed; a field that holds a comma, a quote or a line break, or begins or
  /// ends with a space, is quoted.
  package static func line(_ fields: [String]) -> String {
    fields.map { field in
      let needsQuotes =
        field.utf8.contains { [0x2C, 0x22, 0x0A, 0x0D].contains($0) }
        || field.utf8.first == 0x20 || field.utf8.last == 0x20
      return needsQuotes ? "\"" + field.replacing("\"", with: "\"\"") + "\"" : field
    }.joined(separator: ",") + "\n"
  }
}
