import ArgumentParser
import Foundation
import Headstart
import Pictures

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "What is wrong with the pictures, before anything is trained on them.",
    discussion: """
      Reads every picture of DATA to its end and names those that cannot be read, tiny ones, those \
      of one colour, wrong extensions, unusual modes, pictures turned by the camera, equal and \
      similar pictures with different labels or in different parts (which make validation flatter), \
      and classes of very different size.

      Exit code 3 if there are pictures that cannot be read.

        headstart doctor photos
        headstart doctor photos --json \\
          | jq '.problems[] | select(.severity == "error")'
      """)

  @Argument(help: "Folder of labelled pictures.", completion: .directory)
  var data: String

  @Option(help: ArgumentHelp("Name at most so many files of a kind.", valueName: "n"))
  var examples = 5

  @OptionGroup(title: "Data options") var labelOptions: LabelOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  private struct Report: Encodable {
    struct Class: Encodable {
      let name: String
      let train, validation, test: Int
    }
    struct Problem: Encodable {
      let kind, severity, detail: String
      let paths: [String]
    }
    let pictures: Int
    let classes: [Class]
    let problems: [Problem]
    let skipped: Int
  }

  func validate() throws {
    guard examples >= 0 else { throw ValidationError("--examples must be at least 0.") }
  }

  func run() throws {
    let pool = try common.threadPool()
    var options = labelOptions.options
    options.validationFraction = 0
    options.minimumClasses = 1
    let check = { try Interruption.cancellation.check() }
    let dataSet = try labelOptions.reading(data) {
      try DataSet.open(data, options: options, pool: pool, check: check)
    }
    let bar = ProgressBar("Examination", unit: "pictures", quiet: common.quiet)
    defer { bar.finish() }
    let examination = try DataSetExamination(
      dataSet, pool: pool, progress: { bar.update(done: $0, total: $1) }, check: check)
    bar.finish()
    let report = Report(
      pictures: examination.count,
      classes: dataSet.classes.enumerated().map { label, name in
        func count(_ part: Split) -> Int { dataSet[part].count { $0.label == label } }
        return Report.Class(
          name: name, train: count(.train), validation: count(.validation), test: count(.test))
      },
      problems: examination.problems.map {
        Report.Problem(
          kind: $0.kind.rawValue, severity: $0.kind.severity.rawValue, detail: $0.detail,
          paths: $0.paths)
      }, skipped: dataSet.skipped.count)
    if common.json {
      try Console.json(report)
    } else {
      Console.result(text(report, examination.problems))
    }
    if examination.problems.contains(where: { $0.kind.severity == .error }) { throw ExitCode(3) }
  }

  private func text(_ report: Report, _ problems: [DataProblem]) -> String {
    let classes =
      [["class", "training", "validation", "test"]]
      + report.classes.map { [$0.name, "\($0.train)", "\($0.validation)", "\($0.test)"] }
    var parts = [Console.table(classes)]
    for kind in DataProblem.Kind.allCases {
      let found = problems.filter { $0.kind == kind }
      guard !found.isEmpty else { continue }
      var lines = ["\(kind.severity.rawValue): \(kind.title) (\(found.count))"]
      lines += found.prefix(examples).map { problem in
        let shown = problem.paths.prefix(max(examples, 1)).joined(separator: ", ")
        let more = problem.paths.count - min(problem.paths.count, max(examples, 1))
        let names = shown + (more > 0 ? " and \(more) more" : "")
        return "  " + [names, problem.detail].filter { !$0.isEmpty }.joined(separator: ": ")
      }
      if found.count > examples { lines.append("  and \(found.count - examples) more") }
      parts.append(lines.joined(separator: "\n"))
    }
    if problems.isEmpty { parts.append("nothing is wrong with \(report.pictures) pictures") }
    return parts.joined(separator: "\n\n")
  }
}

extension DataProblem.Kind {
  /// What the findings of a kind are, in the plural.
  fileprivate var title: String {
    switch self {
    case .outsideClassFolders: "pictures outside the class folders"
    case .emptyClassFolder: "empty class folders"
    case .unknownClass: "folders of no known class"
    case .duplicate: "equal files"
    case .sameContentInTwoClasses: "equal files with different labels"
    case .sameContentInTwoSplits: "equal files in different parts"
    case .nearDuplicates: "similar pictures"
    case .nearDuplicatesInTwoClasses: "similar pictures with different labels"
    case .nearDuplicatesInTwoSplits: "similar pictures in different parts"
    case .nameNotUTF8: "names that are not UTF-8"
    case .unreadableFolder: "folders that cannot be read"
    case .folderReachedTwice: "folders reached twice"
    case .folderNamedLikePicture: "folders named like pictures"
    case .unreadFormat: "pictures of formats that are not read"
    case .missingFile: "listed files that are not there"
    case .listedTwice: "files listed twice"
    case .noClassInName: "names without a class"
    case .unreadablePicture: "pictures that cannot be read"
    case .tinyPicture: "tiny pictures"
    case .oneColour: "pictures of one colour"
    case .wrongExtension: "wrong extensions"
    case .unusualMode: "unusual modes"
    case .turnedByCamera: "pictures turned by the camera"
    case .imbalance: "unequal classes"
    }
  }
}
