/// Why a picture could not be read. Each case names the file.
public enum PictureError: Error, Equatable, Sendable {
  /// The operating system refused, for the reason given (no such file, permission denied…).
  case unreadable(name: String, reason: String)
  /// A folder, a pipe or a device where a file was expected.
  case notAFile(name: String, found: String)
  /// A file of zero bytes.
  case empty(name: String)
  /// More bytes than are ever read.
  case fileTooLarge(name: String, bytes: Int, limit: Int)
  /// The first bytes are those of no picture format.
  case notAPicture(name: String, found: String)
  /// A picture, but of a format or kind that is not read.
  case unsupported(name: String, format: String, found: String)
  /// The data ends before the picture does.
  case truncated(name: String, format: String)
  /// The data contradicts the format.
  case damaged(name: String, format: String, found: String)
  /// More pixels than `DecodingOptions.maximumPixels`; nothing was allocated for them.
  case tooManyPixels(name: String, width: Int, height: Int, limit: Int)
  /// Memory ran out while decoding.
  case outOfMemory(name: String, width: Int, height: Int)
}

extension PictureError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unreadable(let name, let reason):
      "\(name): cannot be read: \(reason)"
    case .notAFile(let name, let found):
      "\(name): expected a picture file, found \(found)"
    case .empty(let name):
      "\(name): expected a picture, found an empty file (0 bytes)"
    case .fileTooLarge(let name, let bytes, let limit):
      "\(name): file of \(bytes) bytes is larger than the limit of \(limit)"
    case .notAPicture(let name, let found):
      "\(name): expected a picture (\(PictureFormat.list)), found \(found)"
    case .unsupported(let name, let format, let found):
      "\(name): \(format) not supported: \(found)"
    case .truncated(let name, let format):
      "\(name): truncated: the \(format) data ends before the picture does"
    case .damaged(let name, let format, let found):
      "\(name): damaged \(format): \(found)"
    case .tooManyPixels(let name, let width, let height, let limit):
      "\(name): picture of \(width)×\(height) pixels exceeds the limit of \(limit) pixels"
    case .outOfMemory(let name, let width, let height):
      "\(name): out of memory while decoding \(width)×\(height) pixels"
    }
  }
}
