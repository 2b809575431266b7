import Foundation
import Testing

/// Help on a terminal of 80 columns: paragraphs wrap once, examples not at all.
@Suite struct HelpTests {
  private static let commands = [
    "", "extract", "train", "fine-tune", "evaluate", "predict", "submit", "run", "recipes",
    "recipes show", "report", "summary", "weights", "weights fetch", "weights inspect",
    "weights verify", "weights make", "features", "features list", "features verify",
    "features export", "features prune", "doctor", "augment", "bench", "demo", "filters", "convert",
  ]

  @Test(arguments: commands) func nothingWrapsTwice(_ command: String) throws {
    let words = command.split(separator: " ").map(String.init)
    let run = try CommandRun(
      ["help"] + words, in: NSTemporaryDirectory(), environment: ["COLUMNS": "80"])
    #expect(run.exitCode == 0)
    let text = run.output.components(separatedBy: "\nUSAGE:")[0]
    let lines = text.components(separatedBy: "\n")
    for (line, next) in zip(lines, lines.dropFirst()) where !line.isEmpty && !next.isEmpty {
      if next.hasPrefix(" ") { continue }
      #expect(!line.hasPrefix(" "), "an example is broken: \(line)")
      let word = next.prefix { $0 != " " }
      #expect(line.count + 1 + word.count >= 80, "a line ends too early: \(line)")
    }
  }
}
