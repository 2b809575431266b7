import Kernels
import Synchronization

extension FoundPictures {
  /// Sets pictures of `train` aside for validation (and test), and returns the table of all of them.
  mutating func makeSplit(
    _ root: String, _ options: DataSetOptions, sketches: inout SketchTable, threads: ThreadPool,
    _ attention: DataSetAttention
  ) throws -> SplitTable {
    let pool = items.indices.filter { items[$0].split == .train && items[$0].label != nil }
      .sorted { bytesPrecede(items[$0].path, items[$1].path) }
    let paths = pool.map { items[$0].path }
    let names = paths.map { FolderPath.relative($0, to: root) }
    let numbers = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    let labels = pool.map { numbers[items[$0].label!]! }
    let settled = settledParts(names, pool, options.previousSplit)
    var parts = settled.compactMap { $0 }
    if parts.count < pool.count {  // else an earlier split says it all, and no picture need be read
      let groups = try SketchGroups(
        paths: paths, known: &sketches, pool: threads, attention: attention)
      parts = Splitter(
        validationFraction: options.validationFraction, testFraction: options.testFraction,
        seed: options.seed
      ).split(labels: labels, groups: groups, names: names, settled: settled)
      if options.findDuplicates { noteLookalikes(groups, pool) }
    }
    for (index, part) in zip(pool, parts) { items[index].split = part }
    return SplitTable(
      entries: zip(zip(names, parts), pool).map { pair, index in
        SplitTable.Entry(path: pair.0, split: pair.1, label: items[index].label)
      })
  }

  /// The parts that an earlier split gave to pictures, if they have the class that they had then.
  private func settledParts(
    _ names: [String], _ pool: [Int], _ previous: SplitTable?
  ) -> [Split?] {
    guard let previous else { return Array(repeating: nil, count: names.count) }
    var entries: [[UInt8]: SplitTable.Entry] = [:]
    for entry in previous.entries { entries[Array(entry.path.utf8)] = entry }
    return zip(names, pool).map { name, index in
      guard let entry = entries[Array(name.utf8)], entry.label == items[index].label else {
        return nil
      }
      return entry.split
    }
  }

  private mutating func noteLookalikes(_ groups: SketchGroups, _ pool: [Int]) {
    // Files that are equal to the last byte are reported as such.
    for group in groups.nearDuplicates {
      let members = group.map { pool[$0] }
      let labels = Set(members.compactMap { items[$0].label }).sorted(by: bytesPrecede)
      let classes =
        labels.count > 1 ? "; their classes differ: \(labels.joined(separator: ", "))" : ""
      problems.append(
        DataProblem(
          .nearDuplicates, members.map { items[$0].path },
          "look the same, kept on one side of the split" + classes))
    }
  }

  /// Reports files with the same bytes, in whatever part and class.
  ///
  /// Only files of equal size are read.
  mutating func noteEqualFiles(threads: ThreadPool, _ attention: DataSetAttention) throws {
    let bySize = Dictionary(grouping: items.indices) { FileBytes.size(items[$0].path) ?? 0 }
    let candidates = bySize.filter { $0.key > 0 && $0.value.count > 1 }.values.joined().sorted()
    var byContent: [UInt64: [Int]] = [:]
    let part = 64 * threads.threads
    for start in stride(from: 0, to: candidates.count, by: part) {
      try attention.check()
      let indices = Array(candidates[start..<min(start + part, candidates.count)])
      let paths = indices.map { items[$0].path }
      let hashes = Mutex([UInt64?](repeating: nil, count: paths.count))
      threads.parallelFor(paths.count) { index in
        let hash = (try? FileBytes.picture(paths[index])).map { ContentHash.hash($0.bytes) }
        hashes.withLock { $0[index] = hash }
      }
      for (index, hash) in zip(indices, hashes.withLock { $0 }) {
        if let hash { byContent[hash, default: []].append(index) }
      }
    }
    let groups = byContent.values.filter { $0.count > 1 }
    for group in groups.sorted(by: { $0[0] < $1[0] }) { noteEqual(group) }
  }

  private mutating func noteEqual(_ group: [Int]) {
    let paths = group.map { items[$0].path }
    let labels = Set(group.compactMap { items[$0].label }).sorted(by: bytesPrecede)
    let splits = Set(group.map { items[$0].split })
    if labels.count > 1 {
      problems.append(
        DataProblem(
          .sameContentInTwoClasses, paths,
          "the same bytes as \(labels.joined(separator: " and as "))"))
    }
    if splits.count > 1 {
      let names = Split.allCases.filter(splits.contains).map(\.rawValue)
      problems.append(
        DataProblem(
          .sameContentInTwoSplits, paths, "the same bytes in \(names.joined(separator: " and in "))"
        ))
    }
    if labels.count < 2, splits.count < 2 {
      problems.append(DataProblem(.duplicate, paths, "the same bytes"))
    }
  }
}
