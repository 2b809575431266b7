import Foundation

/// Charts that may stand within a report.
///
/// A file in a run's folder may have come from anywhere, and SVG within HTML can run scripts and
/// load what it likes. So nothing is let through but what the charts here are made of.
package enum InlineSVG {
  private static let elements: Set<String> = [
    "svg", "g", "rect", "line", "polyline", "circle", "text", "title",
  ]
  private static let attributes: Set<String> = [
    "width", "height", "viewBox", "font-family", "font-size", "font-weight", "fill", "stroke",
    "stroke-width", "stroke-linejoin", "stroke-dasharray", "text-anchor", "transform", "x", "y",
    "x1", "y1", "x2", "y2", "cx", "cy", "r", "points",
  ]
  private static let namespace = "http://www.w3.org/2000/svg"

  /// The text if it is a chart and nothing else; nil otherwise.
  package static func checked(_ text: String) -> String? {
    let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard trimmed.hasPrefix("<svg ") else { return nil }
    var rest = Array(trimmed.utf8)[...]
    var open: [String] = []
    var isFirst = true
    while !rest.isEmpty {
      guard isFirst || !open.isEmpty else { return nil }  // something behind </svg>
      let plain = rest.prefix { $0 != UInt8(ascii: "<") }
      guard isText(plain) else { return nil }
      rest = rest.dropFirst(plain.count)
      guard !rest.isEmpty else { break }
      guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return nil }
      let tag = rest[(rest.startIndex + 1)..<end]
      rest = rest[(end + 1)...]
      if tag.first == UInt8(ascii: "/") {
        guard open.popLast() == String(decoding: tag.dropFirst(), as: UTF8.self) else { return nil }
        continue
      }
      let closes = tag.last == UInt8(ascii: "/")
      guard let name = element(closes ? tag.dropLast() : tag), isFirst == (name == "svg") else {
        return nil
      }
      isFirst = false
      if !closes { open.append(name) }
    }
    return open.isEmpty && !isFirst ? trimmed : nil
  }

  /// The name of an element with none but known attributes.
  private static func element(_ tag: ArraySlice<UInt8>) -> String? {
    let name = tag.prefix { isNameByte($0) }
    let element = String(decoding: name, as: UTF8.self)
    guard elements.contains(element) else { return nil }
    var rest = tag.dropFirst(name.count)
    while true {
      let blank = rest.prefix { isBlank($0) }
      rest = rest.dropFirst(blank.count)
      guard !rest.isEmpty else { return element }
      let key = rest.prefix { isNameByte($0) }
      rest = rest.dropFirst(key.count)
      guard !blank.isEmpty, rest.starts(with: Array("=\"".utf8)) else { return nil }
      rest = rest.dropFirst(2)
      let value = rest.prefix { $0 != UInt8(ascii: "\"") }
      rest = rest.dropFirst(value.count)
      guard !rest.isEmpty, isText(value) else { return nil }
      rest = rest.dropFirst()
      let (attribute, text) = (
        String(decoding: key, as: UTF8.self), String(decoding: value, as: UTF8.self)
      )
      guard attribute == "xmlns" ? text == namespace : attributes.contains(attribute),
        // No reference to anything, inside or outside.
        !text.lowercased().contains("url"), !text.contains("&")
      else { return nil }
    }
  }

  /// No tag, no bare ampersand, no character that XML forbids.
  private static func isText(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard !bytes.contains(where: { $0 < 0x20 && ![0x09, 0x0A, 0x0D].contains($0) }),
      !bytes.contains(UInt8(ascii: ">")), !bytes.contains(UInt8(ascii: "<"))
    else { return false }
    let text = String(decoding: bytes, as: UTF8.self)
    return text.split(separator: "&", omittingEmptySubsequences: false).dropFirst().allSatisfy {
      part in ["amp;", "lt;", "gt;", "quot;", "#39;"].contains { part.hasPrefix($0) }
    }
  }

  private static func isBlank(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
  }
}
