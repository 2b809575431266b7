/// A CSV of path and label, with or without header, and with an optional split.
struct LabelList {
  struct Row {
    let line: Int
    let path: String
    let label: String?
    let split: Split?
  }

  let rows: [Row]

  private static let pathNames: Set<String> = [
    "path", "file", "filename", "file_name", "image", "picture", "image_path", "filepath",
  ]
  private static let labelNames: Set<String> = ["label", "class", "category", "target"]
  private static let splitNames: Set<String> = ["split", "set", "subset"]

  /// Reads a list: with a header, the columns that it names, in any order and among others; without
  /// one, two columns, path and label.
  static func read(_ path: String) throws(DataSetError) -> LabelList {
    let table = try CSVFile.read(path)
    guard let first = table.first else {
      throw .malformedList(path: path, line: 1, found: "expected lines of path,label, found none")
    }
    var columns = (path: 0, label: 1, split: Int?.none)
    var body = table[...]
    let header = first.fields.map { $0.lowercased() }
    if let pathColumn = header.firstIndex(where: pathNames.contains),
      let labelColumn = header.firstIndex(where: labelNames.contains)
    {
      columns = (pathColumn, labelColumn, header.firstIndex(where: splitNames.contains))
      body = body.dropFirst()
    }
    let width = first.fields.count
    guard body.startIndex > 0 || width == 2 else {
      throw .malformedList(
        path: path, line: first.line,
        found: "expected path,label or a header that names them, found \(width) columns")
    }
    var rows: [Row] = []
    for row in body {
      guard row.fields.count == width else {
        throw .malformedList(
          path: path, line: row.line,
          found: "expected \(width) columns, found \(row.fields.count)")
      }
      let file = row.fields[columns.path]
      guard !file.isEmpty else {
        throw .malformedList(path: path, line: row.line, found: "an empty path")
      }
      let label = row.fields[columns.label]
      var split: Split?
      if let column = columns.split {
        split = try parseSplit(row.fields[column], path: path, line: row.line)
      }
      rows.append(
        Row(line: row.line, path: file, label: label.isEmpty ? nil : label, split: split))
    }
    return LabelList(rows: rows)
  }

  private static func parseSplit(
    _ text: String, path: String, line: Int
  ) throws(DataSetError) -> Split? {
    switch text.lowercased() {
    case "": return nil
    case "train", "training": return .train
    case "validation", "valid", "val": return .validation
    case "test", "testing": return .test
    default:
      throw .malformedList(
        path: path, line: line, found: "expected train, validation or test, found \(text)")
    }
  }
}
