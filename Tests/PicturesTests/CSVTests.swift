import Pictures
import Testing

struct CSVTests {
  private func rows(_ text: String) throws -> [[String]] {
    try CSVFile.parse(text, path: "list.csv").map(\.fields)
  }

  @Test func plainAndQuotedFields() throws {
    #expect(try rows("a,b\nc,d\n") == [["a", "b"], ["c", "d"]])
    #expect(try rows("a,b") == [["a", "b"]])
    #expect(try rows("\u{FEFF}a,b\r\nc,d\r\n") == [["a", "b"], ["c", "d"]])
    #expect(try rows("a,b\rc,d\r") == [["a", "b"], ["c", "d"]])
    #expect(try rows("\"a, \"\"b\"\"\nc\",d\n") == [["a, \"b\"\nc", "d"]])
    #expect(try rows("  a b ,\tc\n") == [["a b", "c"]])
    #expect(try rows("a,\n,b\na,") == [["a", ""], ["", "b"], ["a", ""]])
    #expect(try rows("\n\na,b\n\n") == [["a", "b"]])
    #expect(try rows("\"\",\"x\"") == [["", "x"]])
    #expect(try rows("käse 猫.jpg,é\n") == [["käse 猫.jpg", "é"]])
    #expect(try rows("").isEmpty)
  }

  @Test func linesAreCountedThroughQuotes() throws {
    let rows = try CSVFile.parse("\"a\nb\",c\n\nd,e\n", path: "list.csv")
    #expect(rows.map(\.line) == [1, 4])
  }

  @Test func malformedQuotes() {
    #expect(
      throws: DataSetError.malformedList(
        path: "list.csv", line: 2, found: "a quote that is not closed")
    ) { try rows("a,b\n\"c,d\ne,f\n") }
    #expect(
      throws: DataSetError.malformedList(
        path: "list.csv", line: 1, found: "text after a closing quote")
    ) { try rows("\"a\"b,c\n") }
  }

  @Test(arguments: [
    ["a", "b"], ["a,b", "c\"d\""], [" lead", "trail "], ["line\nend", "return\r"], ["", "x"],
  ])
  func writtenLinesReadBack(fields: [String]) throws {
    #expect(try rows(CSVFile.line(fields)) == [fields])
  }

  @Test func filesThatAreNoText() throws {
    let folder = try TemporaryFolder()
    for bytes: [UInt8] in [[0xFF, 0xFE, 0x41], [0x61, 0, 0x62]] {
      let path = try folder.write("list.csv", bytes)
      #expect(throws: DataSetError.unreadable(path: path, reason: "expected UTF-8 text")) {
        try CSVFile.read(path)
      }
    }
  }

  @Test func splitTablesReadBack() throws {
    let folder = try TemporaryFolder()
    let table = SplitTable(entries: [
      .init(path: "cats/a, b.jpg", split: .train, label: "cats"),
      .init(path: "dogs/\"x\"\n.jpg", split: .validation, label: "dogs"),
      .init(path: "猫.jpg", split: .test, label: nil),
    ])
    let path = try folder.write("split.csv", table.csv)
    #expect(try SplitTable.read(path) == table)
    #expect(table.csv.hasPrefix("path,split,label\n"))
    try folder.write("split.csv", SplitTable(entries: []).csv)
    #expect(try SplitTable.read(path).entries.isEmpty)
  }

  @Test func splitTableWithoutSplits() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("split.csv", "path,label\na.jpg,cat\n")
    #expect(
      throws: DataSetError.malformedList(
        path: path, line: 2, found: "expected train, validation or test, found nothing")
    ) { try SplitTable.read(path) }
  }
}
