/// What can be wrong with a network, its input or the settings of its training.
public enum NeuralNetworkError: Error, Equatable, CustomStringConvertible {
  /// A layer was given a shape that it cannot take.
  case shape(layer: String, expected: String, found: [Int])
  /// An array has the wrong number of elements.
  case count(what: String, expected: Int, found: Int)
  /// A label lies outside `0..<classes`.
  case label(row: Int, found: Int, classes: Int)
  /// A setting has no meaning, or contradicts another.
  case setting(name: String, expected: String, found: String)
  /// There are not enough rows of a class to train on.
  case tooFewRows(class: Int, expected: Int, found: Int)
  /// A feature or a probability is infinite or not a number.
  case notFinite(what: String, row: Int)
  /// `backward` was called without the `forward` that it differentiates.
  case backwardBeforeForward(layer: String)
  /// The loss became infinite or not a number.
  case diverged(epoch: Int)
  /// Newton's method did not reach its tolerance.
  case notConverged(iterations: Int, strength: Double)
  /// The problem needs more memory than allowed.
  case tooLarge(what: String, bytes: Int, limit: Int)

  public var description: String {
    switch self {
    case .shape(let layer, let expected, let found):
      "Layer \(layer) takes \(expected) and was given the shape \(found)."
    case .count(let what, let expected, let found):
      "There should be \(expected) \(what), and there are \(found)."
    case .label(let row, let found, let classes):
      "The label of row \(row) is \(found), outside 0..<\(classes)."
    case .setting(let name, let expected, let found):
      "The setting \(name) should be \(expected), not \(found)."
    case .tooFewRows(let index, let expected, let found):
      "Training needs at least \(expected) rows of every class, and class \(index) has \(found)."
    case .notFinite(let what, let row):
      "Row \(row) of the \(what) holds an infinite value or not a number."
    case .backwardBeforeForward(let layer):
      "Layer \(layer) was asked for gradients before a training pass went through it."
    case .diverged(let epoch):
      "The loss became infinite or not a number in epoch \(epoch); a smaller learning rate may help."
    case .notConverged(let iterations, let strength):
      "The regression with strength \(strength) did not converge in \(iterations) iterations."
    case .tooLarge(let what, let bytes, let limit):
      "The \(what) would take \(bytes) bytes, more than the \(limit) allowed."
    }
  }
}
