/// Why weights could not be had, or are not what they should be.
public enum WeightsError: Error, Equatable, CustomStringConvertible {
  /// One place that was tried, and why it did not serve.
  public struct Attempt: Sendable, Equatable {
    public let source: String
    public let reason: String
  }

  case unavailable(file: String, attempts: [Attempt], advice: String)
  case unexpectedFile(path: String, expected: String, found: String)
  case cannotWrite(path: String, reason: String)
  case badMirror(value: String)
  case malformed(file: String, expected: String, found: String)
  case noFiles(folder: String)

  public var description: String {
    switch self {
    case .unavailable(let file, let attempts, let advice):
      let tried = attempts.map { "\n  \($0.source)\n    \($0.reason)" }.joined()
      return "\(file) could not be had. Tried:\(tried)\n\(advice)"
    case .unexpectedFile(let path, let expected, let found):
      return "\(path) is there already: expected \(expected), found \(found). It was left as it is;"
        + " move it away, or replace it with --force."
    case .cannotWrite(let path, let reason):
      return "Cannot write \(path): \(reason)."
    case .badMirror(let value):
      return "HEADSTART_MIRROR is \"\(value)\": expected an address that begins with http://,"
        + " https:// or file://, or an absolute path."
    case .malformed(let file, let expected, let found):
      return "\(file): expected \(expected), found \(found)."
    case .noFiles(let folder):
      return "\(folder) holds no weights (.h5 or .keras); headstart weights fetch vgg16 gets some."
    }
  }
}

/// Why one source did not serve; becomes an ``WeightsError/Attempt`` in the end.
struct SourceFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
