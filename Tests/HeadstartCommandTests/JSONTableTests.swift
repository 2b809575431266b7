import Foundation
import Testing

/// README's table of JSON keys: what a command prints stands in its row.
@Suite struct JSONTableTests {
  /// Objects whose keys are names of classes, settings and views, not of the table.
  private static let free: Set = ["probabilities", "settings", "views"]

  @Test func everyKeyStandsInTheTable() throws {
    let workspace = try Workspace()
    let table = try Self.table()
    let small = ["--weights", "weights.h5", "--size", "32", "--layer", "block3_pool"]
    let tune = [
      "pictures", "--model", "run", "--unfreeze", "block3", "--views", "1", "-o", "tuned",
    ]
    try """
    name: small
    pictures: {size: 32}
    models:
      - name: head
        layer: block2_pool
        head: {pooling: average, strength: 0.01}
    """.write(toFile: workspace.path + "/small.yaml", atomically: true, encoding: .utf8)
    for (command, arguments) in [
      ("train", ["pictures", "--output", "run"] + small),
      ("train", ["pictures", "--output", "net", "--solver", "adam", "--epochs", "1"] + small),
      ("extract", ["pictures"] + small), ("extract --dry-run", ["pictures", "--dry-run"] + small),
      ("fine-tune", tune + ["--epochs", "1"]), ("fine-tune --dry-run", tune + ["--dry-run"]),
      ("fine-tune --find-lr", tune + ["--find-lr"]), ("evaluate", ["run", "pictures"]),
      ("predict", ["run", "pictures/test", "none.png"]),
      ("submit", ["run", "pictures/test", "--output", "s.csv"]),
      ("run", ["pictures", "--recipe", "small.yaml", "--weights", "weights.h5", "-o", "all"]),
      ("recipes", []), ("report", ["run"]), ("convert", ["run", "--output", "c.keras"]),
      ("summary", ["run"]), ("filters", ["weights.h5", "--filters", "1", "--size", "16"]),
      ("augment", ["pictures/test/1.png", "--views", "1", "--output", "a.png"]),
      ("doctor", ["pictures"]), ("weights inspect", ["weights.h5"]),
      ("weights verify", ["weights.h5"]), ("features list", []), ("features verify", []),
      ("features prune", ["--older-than", "0", "--dry-run"]),
      ("features export", ["pictures", "--output", "exported"] + small),
      ("bench", ["--size", "32", "--batch", "1", "--repetitions", "1"]),
      ("bench --fine-tune", ["--fine-tune", "--size", "32", "--batch", "1", "--repetitions", "1"]),
      (
        "bench --network",
        [
          "--network", "small-convnet", "--data", "pictures", "--size", "32", "--repetitions", "1",
        ]
      ),
    ] {
      let words = command.split(separator: " ").map(String.init).filter { !$0.hasPrefix("-") }
      let run = try CommandRun(words + arguments + ["--json"], in: workspace.path)
      try #require([0, 3].contains(run.exitCode), "\(command): \(run.errors)")
      let known = try #require(table[command], "README has no row for \(command)")
      let value = try JSONSerialization.jsonObject(with: Data(run.output.utf8))
      let missing = Self.keys(of: value).subtracting(known).sorted()
      #expect(missing.isEmpty, "README's row of \(command) lacks \(missing)")
    }
  }

  /// The words in backticks of each row, under each command that the row is of.
  private static func table() throws -> [String: Set<String>] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
    let section = try #require(text.components(separatedBy: "\n### JSON\n").last)
    func words(_ text: Substring) -> [String] {
      text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
        .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
    var table: [String: Set<String>] = [:]
    for line in section.prefix(while: { $0 != "#" }).split(separator: "\n") {
      let cells = line.split(separator: "|", maxSplits: 1)
      guard line.hasPrefix("| `"), cells.count == 2 else { continue }
      for command in words(cells[0]) { table[command] = Set(words(cells[1])) }
    }
    // A report of an evaluation is told once.
    let evaluation = table["evaluate"] ?? []
    for command in ["train", "fine-tune", "run"] { table[command]?.formUnion(evaluation) }
    return table
  }

  private static func keys(of value: Any) -> Set<String> {
    switch value {
    case let array as [Any]: return Set(array.flatMap(keys))
    case let object as [String: Any]:
      return object.reduce(into: []) { found, member in
        found.insert(member.key)
        if !free.contains(member.key) || member.value is [Any] {
          found.formUnion(keys(of: member.value))
        }
      }
    default: return []
    }
  }
}
