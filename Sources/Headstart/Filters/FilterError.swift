/// Why filters cannot be shown.
public enum FilterError: Error, Equatable, CustomStringConvertible {
  case noConvolutions(source: String)
  case unknownLayer(String, known: [String], source: String)
  case noSuchFilter(Int, layer: String, filters: Int)
  case tooSmall(size: Int, least: Int, layer: String)
  case setting(name: String, expected: String, found: String)
  case notFinite(layer: String)

  public var description: String {
    switch self {
    case .noConvolutions(let source):
      return "\(source): expected a model on the convolutional base of VGG16 or VGG19, found one"
        + " without."
    case .unknownLayer(let layer, let known, let source):
      return "\(source) has no convolution named \(layer); it has"
        + " \(known.joined(separator: ", "))."
    case .noSuchFilter(let index, let layer, let filters):
      return "\(layer) has no filter \(index); its \(filters) filters are numbered from 0 to"
        + " \(filters - 1)."
    case .tooSmall(let size, let least, let layer):
      return "Nothing is left of \(size) × \(size) pixels at \(layer): it needs at least \(least)."
    case .setting(let name, let expected, let found):
      return "Filters: expected \(name) to be \(expected), found \(found)."
    case .notFinite(let layer):
      return "\(layer) gives infinite values or NaN: are the weights sound?"
    }
  }
}
