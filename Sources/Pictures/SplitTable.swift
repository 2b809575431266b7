import Foundation

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
    public var split: Split
    /// The class, nil for a picture without label.
    public var label: String?

    public init(path: String, split: Split, label: String?) {
      self.path = path
      self.split = split
      self.label = label
    }
  }

  public var entries: [Entry]

  public init(entries: [Entry]) {
    self.entries = entries
  }

  /// Reads what `write(to:)` wrote.
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
    let lines = entries.map { CSVFile.line([$0.path, $0.split.rawValue, $0.label ?? ""]) }
    return (["path,split,label"] + lines).joined(separator: "\n") + "\n"
  }

  /// Writes the table as CSV, all of it or nothing: to a temporary name in the same folder, flushed,
  /// then renamed.
  public func write(to path: String) throws(DataSetError) {
    let temporary = path + ".\(getpid()).part"
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw Self.failure(path) }
    var bytes = Array(csv.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Self.abandon(file, temporary, path) }
      bytes = bytes.dropFirst(count)
    }
    guard fsync(file) == 0 else { throw Self.abandon(file, temporary, path) }
    guard close(file) == 0, rename(temporary, path) == 0 else {
      let error = Self.failure(path)
      unlink(temporary)
      throw error
    }
  }

  private static func failure(_ path: String) -> DataSetError {
    .unreadable(path: path, reason: "not written: " + String(cString: strerror(errno)))
  }

  private static func abandon(_ file: Int32, _ temporary: String, _ path: String) -> DataSetError {
    let error = failure(path)
    close(file)
    unlink(temporary)
    return error
  }
}
