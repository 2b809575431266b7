import ArgumentParser
import Headstart
import NeuralNetwork
import Pictures

/// Values of options that can never be right: exit code 64 under the option's name, however far
/// below the command line they are refused.
enum WrongUsage {
  /// What `body` refuses of the settings that the command line gave it becomes wrong usage; what it
  /// says of files stays what it is.
  static func refusing<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch {
      throw sentence(error).map { ValidationError($0) } ?? error
    }
  }

  /// `--dropout: expected at least 0 and below 1, found 1.5.`
  static func sentence(_ option: String, _ expected: String, _ found: String) -> String {
    "\(option): expected \(expected == "positive" ? "a positive number" : expected), found "
      + "\(found.isEmpty ? "nothing" : found)."
  }

  private static func sentence(_ error: any Error) -> String? {
    switch error {
    case NeuralNetworkError.setting(let name, let expected, let found):
      sentence(option(name), expected, found)
    case let error as AugmentationError:
      sentence(option(error.parameter), error.expected, error.found)
    case BackboneError.unknownLayer(let layer, let known, let source):
      sentence("--layer", "a layer of \(source) (\(known.joined(separator: ", ")))", layer)
    case FineTuneError.unknownPart(let name, let expected):
      sentence("--unfreeze", "one of \(expected)", name)
    case FineTuneError.unknownRate(let name, let expected):
      sentence("--rate-factor", "one of \(expected)", name)
    case FilterError.setting(let name, let expected, let found):
      sentence(option(name), expected, found)
    case FilterError.unknownLayer(let layer, let known, let source):
      sentence("--layer", "a convolution of \(source) (\(known.joined(separator: ", ")))", layer)
    case FilterError.noSuchFilter(let index, let layer, let filters):
      sentence("--index", "filters of \(layer), from 0 to \(filters - 1)", "\(index)")
    case FilterError.tooSmall(let size, let least, let layer):
      sentence("--size", "at least \(least) pixels for \(layer)", "\(size)")
    case SubmissionError.clip(let value):
      sentence("--clip", "at least 0 and below 0.5", "\(value)")
    case SubmissionError.unknownClass(let name, let known):
      sentence("--positive", "one of the classes \(known.joined(separator: ", "))", name)
    case SubmissionError.positiveOfMany:
      "--positive: \(error)"
    default: nil
    }
  }

  /// The option that sets what the code below calls `learning rate`, Keras `zoom_range`, or
  /// `random_resized_crop scale`, a part of it.
  private static func option(_ name: String) -> String {
    switch name {
    case "limit of gradients": "--clip-norm"
    case "rate factors": "--rate-factor"
    case "count", "count × size²": "--filters"
    case "indices": "--index"
    case let name where name.contains("_"):
      "--" + name.prefix { $0 != " " }.replacing("_", with: "-")
    default: "--" + name.replacing(" ", with: "-")
    }
  }
}
