import Foundation
import Testing

/// Names that would move a terminal's cursor are spelled out for people, and kept for programs.
@Suite struct PrintableTests {
  @Test func controlCharactersAreSpelledOut() throws {
    let workspace = try Workspace()
    let name = "a\u{1B}[2J\u{9B}1m\r\nb\u{202E}.png"
    let spelled = #"a\u001b[2J\u009b1m\r\nb\u202e.png"#
    let files = FileManager.default
    for part in ["train", "validation"] {
      try files.moveItem(
        atPath: "\(workspace.path)/pictures/\(part)/stars",
        toPath: "\(workspace.path)/pictures/\(part)/st\u{7}ars")
    }
    try files.moveItem(
      atPath: workspace.path + "/pictures/test/1.png",
      toPath: workspace.path + "/pictures/test/" + name)
    try Data().write(to: URL(fileURLWithPath: workspace.path + "/pictures/test/x\u{8}.png"))
    let trained = try workspace.train("--output", "run")
    try #require(trained.exitCode == 0, "\(trained.errors)")
    #expect(trained.errors.contains(#"(flowers, st\u0007ars)"#))

    let arguments = ["predict", "run", "pictures/test", "--quiet"]
    let table = try CommandRun(arguments, in: workspace.path)
    #expect(table.exitCode == 3 && table.output.contains("pictures/test/\(spelled)  "))
    #expect(table.output.split(separator: "\n").count == 13)
    #expect(table.errors.contains(#"unreadable: pictures/test/x\u0008.png: "#))
    for text in [trained.output, trained.errors, table.output, table.errors] {
      let controls = text.unicodeScalars.filter { $0.properties.generalCategory == .control }
      #expect(controls.allSatisfy { $0 == "\n" })
    }

    struct Row: Decodable { let path: String }
    let json = try CommandRun(arguments + ["--json"], in: workspace.path)
    #expect(try json.json([Row].self).contains { $0.path == "pictures/test/" + name })
    let csv = try CommandRun(arguments + ["--format", "csv"], in: workspace.path)
    #expect(csv.output.contains(name) && csv.output.contains("st\u{7}ars"))

    let missing = try workspace.run("doctor", "no\u{1B}where")
    #expect(missing.exitCode == 1 && missing.errors.contains(#"no\u001bwhere"#))
    let usage = try workspace.run("doctor", "pictures", "--fl\u{1B}y")
    #expect(usage.exitCode == 64 && !usage.errors.contains("\u{1B}"))
  }
}
