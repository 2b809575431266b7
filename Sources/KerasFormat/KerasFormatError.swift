/// What went wrong with a file of Keras' kind: which file, which object in it, what was expected
/// there and what was found.
public struct KerasFormatError: Error, Sendable, Equatable {
  /// The sort of failure, for callers that treat some of them apart.
  public enum Kind: Sendable, Equatable {
    /// The file does not exist, is not a regular file, or may not be read.
    case cannotOpen
    /// The file is of another format altogether.
    case wrongFormat
    /// The file is of the right format, but cut short or inconsistent.
    case damaged
    /// A group, dataset, attribute or archive member is not there.
    case missing
    /// An object is there, but of another type, shape or order than needed.
    case unexpected
    /// A declared size exceeds what the file can hold, or a limit that guards against that.
    case tooLarge
    /// The file is sound, and uses something that is not supported here.
    case unsupported
    /// A tensor holds NaN or infinite values.
    case notFinite
    /// Writing failed: the disk is full, the folder may not be written, and so on.
    case cannotWrite
    /// The caller's own values do not fit together.
    case invalidArgument
  }

  /// The sort of failure.
  public let kind: Kind
  /// The path of the file.
  public let file: String
  /// The object within the file, for example `/block1_conv1/kernel:0`; nil for the whole file.
  public let object: String?
  /// What was looked for.
  public let expected: String
  /// What was found instead.
  public let found: String

  public init(
    _ kind: Kind, file: String, object: String? = nil, expected: String, found: String
  ) {
    self.kind = kind
    self.file = file
    self.object = object
    self.expected = expected
    self.found = found
  }
}

extension KerasFormatError: CustomStringConvertible {
  /// A full sentence, for example “Cannot use weights.h5, object /fc1: expected …, found ….”
  public var description: String {
    let place = object.map { "\(file), object \($0)" } ?? file
    func sentence(_ verb: String) -> String {
      "\(verb) \(place): expected \(expected), found \(found)."
    }
    return switch kind {
    case .cannotOpen: sentence("Cannot open")
    case .wrongFormat: sentence("Cannot recognise")
    case .damaged: sentence("Damaged file")
    case .missing: sentence("Missing in")
    case .unexpected, .notFinite: sentence("Cannot use")
    case .tooLarge: sentence("Refused, for its size,")
    case .unsupported: sentence("Not supported:")
    case .invalidArgument: sentence("Wrong values for")
    // The system's reason says all there is to say.
    case .cannotWrite: "Cannot write \(place): \(found)."
    }
  }
}
