import ArgumentParser
import Foundation
import Headstart

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "One HTML file of everything in a run's folder.",
    discussion: """
      Figures, curves, confusion matrix, misclassified pictures, the head of a submission, and how all \
      of it was made: whatever of it the folder holds. Of a recipe's run, the recipe and its source's \
      result come first, and each model has a section of its own. The file needs no other, runs no \
      script, and prints well.

        headstart report runs/pets
        headstart report runs/best --output best.html
      """)

  @Argument(help: "Folder of a run, or of evaluate --output.", completion: .directory)
  var folder: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "HTML file to write; default: report.html in the folder.", valueName: "file"),
    completion: .file(extensions: ["html"]))
  var output: String?

  @Flag(help: "What was written and what was left out, as one JSON object on standard output.")
  var json = false

  private struct Summary: Encodable {
    let output: String
    let missing, refused: [String]
  }

  func run() throws {
    let report = try RunReport(folder: folder)
    let path = output ?? (folder as NSString).appendingPathComponent("report.html")
    try report.write(to: path)
    if json {
      try Console.json(
        Summary(output: path, missing: report.missing, refused: report.refused))
    } else {
      for refused in report.refused { Console.line("left out: \(refused)") }
      Console.result(path)
    }
  }
}
