import ArgumentParser
import Headstart
import Pictures

/// The pictures that could not be read.
enum Unreadable {
  /// Names each on standard error, even with `--quiet`.
  ///
  /// - Throws: exit code 3 if there is one.
  static func report(_ problems: [(path: String, reason: String)]) throws {
    guard !problems.isEmpty else { return }
    for problem in problems {
      // Most reasons begin with the picture's name.
      let named = problem.reason.hasPrefix(problem.path + ":")
      Console.line("unreadable: \(named ? "" : problem.path + ": ")\(problem.reason)")
    }
    Console.note("\(problems.count) picture\(problems.count == 1 ? "" : "s") could not be read")
    throw ExitCode(3)
  }
}

extension ProgressBar {
  /// Draws the state of an extraction.
  func update(_ progress: ExtractionProgress) {
    var detail = progress.cached > 0 ? "\(progress.cached) cached" : ""
    if progress.unreadable > 0 {
      detail += (detail.isEmpty ? "" : ", ") + "\(progress.unreadable) unreadable"
    }
    update(done: progress.done, total: progress.total, detail: detail)
  }
}

extension [DataProblem] {
  /// What may hold pictures that nobody will see: not only odd, but lost.
  var unreadable: [(path: String, reason: String)] {
    let kinds: Set<DataProblem.Kind> = [
      .nameNotUTF8, .unreadableFolder, .folderNamedLikePicture, .unreadFormat,
    ]
    return filter { kinds.contains($0.kind) }
      .flatMap { problem in problem.paths.map { ($0, problem.detail) } }
  }
}
