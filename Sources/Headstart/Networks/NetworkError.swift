/// Why a network cannot be trained.
public enum NetworkError: Error, Equatable, CustomStringConvertible {
  /// A picture file was read again, and is another one now.
  case pictureChanged(path: String)

  public var description: String {
    switch self {
    case .pictureChanged(let path):
      "\(path) has changed since the training began."
    }
  }
}
