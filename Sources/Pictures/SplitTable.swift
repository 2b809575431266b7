/// The parts of a data set.
public enum Split: String, Sendable, CaseIterable {
  case train, validation, test
}

/// Which picture is in which part, to be written down beside what was computed from it.
///
/// As a file it is a CSV with the header `path,split,label`, which is also a list of labels that
/// `DataSet.open` takes.
public struct SplitTable: Sendable, Equatable {
  public struct Entry: Sendable, Equatable {
    /// Relative to the data set's folder if the picture lies in it.
    public var path: String
    /// Its part.
    public var split: Split
    /// The class, nil for a picture without label.
    public var label: String?

    public init(path: String, split: Split, label: String?) {
      self.path = path
      self.split = split
      self.label = label
    }
  }

  /// A picture each.
  public var entries: [Entry]

  public init(entries: [Entry]) {
    self.entries = entries
  }

  /// Reads a file that holds ``csv``.
  public static func read(_ path: String) throws(DataSetError) -> SplitTable {
    let list = try LabelList.read(path)
    var entries: [Entry] = []
    for row in list.rows {
      guard let split = row.split else {
        throw .malformedList(
          path: path, line: row.line, found: "expected train, validation or test, found nothing")
      }
      entries.append(Entry(path: row.path, split: split, label: row.label))
    }
    return SplitTable(entries: entries)
  }

  /// The table as CSV.
  public var csv: String {
    CSVFile.line(["path", "split", "label"])
      + entries.map { CSVFile.line([$0.path, $0.split.rawValue, $0.label ?? ""]) }.joined()
  }
}
