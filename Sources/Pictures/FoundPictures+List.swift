extension FoundPictures {
  /// Pictures in a CSV of path and label, and perhaps split.
  static func inList(
    _ list: String, _ root: String, _ options: DataSetOptions
  ) throws(DataSetError) -> FoundPictures {
    var found = FoundPictures()
    var missing: [String] = []
    var repeated: [String] = []
    var rowOfPath: [[UInt8]: LabelList.Row] = [:]
    let rows = try LabelList.read(list).rows
    for row in rows {
      guard let path = resolve(row.path, in: [root, FolderPath.parent(list)]) else {
        missing.append(row.path)
        continue
      }
      let key = Array(path.utf8)
      if let earlier = rowOfPath[key] {
        guard earlier.label == row.label, earlier.split == row.split else {
          let (one, other) = (earlier.labelAndSplit, row.labelAndSplit)
          throw .contradictingLabels(path: path, labels: [one, other], list: list)
        }
        repeated.append(path)
        continue
      }
      rowOfPath[key] = row
      guard row.label != nil || row.split == .test else {
        throw .malformedList(path: list, line: row.line, found: "expected a label, found none")
      }
      found.items.append(Item(path: path, label: row.label, split: row.split ?? .train))
    }
    found.classes = Set(found.items.compactMap(\.label)).sorted(by: bytesPrecede)
    guard !found.items.isEmpty || missing.isEmpty else {
      throw .unreadable(path: list, reason: "none of its \(missing.count) pictures is there")
    }
    if !missing.isEmpty {
      found.problems.append(
        DataProblem(.missingFile, missing, "in \(list), but no such file; not used"))
    }
    if !repeated.isEmpty {
      found.problems.append(
        DataProblem(.listedTwice, repeated, "in \(list) more than once; used once"))
    }
    found.wantsSplit = !found.items.contains { $0.split == .validation }
    return found
  }

  private static func resolve(_ path: String, in folders: [String]) -> String? {
    folders.lazy.map { FolderPath.join($0, path) }.first { !FileBytes.isMissing($0) }
  }
}

extension LabelList.Row {
  /// For an error message: `cat`, or `cat (validation)`.
  fileprivate var labelAndSplit: String {
    (label ?? "nothing") + (split.map { " (\($0.rawValue))" } ?? "")
  }
}
