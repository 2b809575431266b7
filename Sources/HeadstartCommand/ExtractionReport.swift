import ArgumentParser
import Headstart

/// The pictures that could not be read.
enum Unreadable {
  /// Names each on standard error, even with `--quiet`.
  ///
  /// - Throws: exit code 3 if there is one.
  static func report(_ problems: [(path: String, reason: String)]) throws {
    guard !problems.isEmpty else { return }
    for problem in problems {
      // Most reasons name the picture themselves.
      let named = problem.reason.contains(problem.path)
      Console.note("unreadable: \(named ? "" : problem.path + ": ")\(problem.reason)")
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
