/// Why a classifier cannot be fine-tuned, or a fine-tuning not be resumed.
public enum FineTuneError: Error, Equatable, CustomStringConvertible {
  case unknownPart(name: String, expected: String)
  case noConvolutions(layer: String)
  case otherClasses(model: [String], data: [String])
  case noValidation
  case otherRun(path: String, what: String, expected: String, found: String)
  case damagedCheckpoint(path: String, reason: String)

  public var description: String {
    switch self {
    case .unknownPart(let name, let expected):
      return "There is nothing called \(name) to unfreeze; expected one of \(expected)."
    case .noConvolutions(let layer):
      return "A classifier on the features of \(layer) cannot be fine-tuned: its head must stand"
        + " directly on a convolutional block, such as block5_pool."
    case .otherClasses(let model, let data):
      return "The model knows the classes \(model.joined(separator: ", ")), the pictures are of"
        + " \(data.joined(separator: ", "))."
    case .noValidation:
      return "There are no validation pictures, so nothing can say whether fine-tuning makes the"
        + " model better: set some apart, or take the result as it comes with --force."
    case .otherRun(let path, let what, let expected, let found):
      return "\(path) belongs to another run: its \(what) is \(found), this run's is \(expected)."
    case .damagedCheckpoint(let path, let reason):
      return "\(path) is no checkpoint that training could go on from: \(reason)."
    }
  }
}
