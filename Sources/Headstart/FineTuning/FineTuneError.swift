/// Why a classifier cannot be fine-tuned.
public enum FineTuneError: Error, Equatable, CustomStringConvertible {
  case unknownPart(name: String, expected: String)
  /// A factor of the learning rate of something that is not in the network.
  case unknownRate(name: String, expected: String)
  case noConvolutions(layer: String)
  case otherClasses(model: [String], data: [String])
  case noValidation

  public var description: String {
    switch self {
    case .unknownPart(let name, let expected):
      return "There is nothing called \(name) to unfreeze; expected one of \(expected)."
    case .unknownRate(let name, let expected):
      return "There is nothing called \(name) whose learning rate could have a factor; expected one"
        + " of \(expected)."
    case .noConvolutions(let layer):
      return "A classifier on the features of \(layer) cannot be fine-tuned: its head must stand"
        + " directly on a convolutional block, such as block5_pool."
    case .otherClasses(let model, let data):
      return "The model knows the classes \(model.joined(separator: ", ")), the pictures are of"
        + " \(data.joined(separator: ", "))."
    case .noValidation:
      return "There are no validation pictures, so nothing can say whether fine-tuning makes the"
        + " model better: set some apart, or take the result as it comes with --force."
    }
  }
}
