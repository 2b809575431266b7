import Foundation
import Headstart

/// `--ensemble` takes all names that follow it, and so would take the pictures behind it for models.
enum EnsembleArguments {
  private static let commands = ["predict", "evaluate", "submit"]

  /// The arguments with the names behind `--ensemble` that are there, and no models, moved to where
  /// they can only be pictures: behind all options, after `--`. What is not there stays, and is
  /// refused as a model: better than an ensemble of fewer models than were named.
  static func sorted(_ arguments: [String]) -> [String] {
    guard let command = arguments.first, commands.contains(command) else { return arguments }
    let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
    var pictures: [String] = []
    var others: [String] = []
    var isEnsemble = false
    for argument in arguments[..<end] {
      if argument.hasPrefix("-") { isEnsemble = argument == "--ensemble" }
      if isEnsemble, !argument.hasPrefix("-"), isThere(argument), !ModelPlace.isModel(argument) {
        pictures.append(argument)
      } else {
        others.append(argument)
      }
    }
    guard !pictures.isEmpty else { return arguments }
    return others + ["--"] + pictures + arguments[end...].dropFirst()
  }

  /// What to say of arguments with `--ensemble` that cannot be parsed: often the first model is
  /// missing, since the option took it.
  static func hint(_ arguments: [String]) -> String? {
    guard let command = arguments.first, commands.contains(command),
      arguments.contains("--ensemble")
    else { return nil }
    return "  The first model stands before --ensemble: headstart \(command) a.h5 "
      + (command == "predict" ? "pictures" : "photos") + " --ensemble b.h5 c.h5"
  }

  private static func isThere(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: path)
  }
}
