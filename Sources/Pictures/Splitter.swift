/// Divides labelled pictures into parts: by class, by chance, near-duplicates together.
///
/// Within each class, groups of lookalikes are ranked by a hash of the seed and of the content of
/// their pictures, and the first ones go to validation, the next ones to test, until these have their
/// share. Names, order and the other classes have no say, so renaming or moving files changes nothing
/// and adding some moves at most the pictures next to the border.
struct Splitter {
  let validationFraction: Double
  let testFraction: Double
  let seed: UInt64

  /// The part of every picture.
  ///
  /// - Parameters:
  ///   - labels: The class of each picture.
  ///   - groups: Which pictures belong together.
  ///   - names: What stands in for the content of a file that cannot be read.
  ///   - settled: Parts that are known; nil where one is to be chosen.
  func split(
    labels: [Int], groups: SketchGroups, names: [String], settled: [Split?]
  ) -> [Split] {
    let keys = names.indices.map { index in
      let content = groups.sketches[index]?.content ?? ContentHash.hash(Array(names[index].utf8))
      return SplitMix64.mix(content ^ SplitMix64.mix(seed))
    }
    let members = Dictionary(grouping: names.indices) { groups.representatives[$0] }
    var result = settled
    // A picture that resembles one whose part is known goes there too.
    for group in members.values {
      guard let known = group.lazy.compactMap({ settled[$0] }).first else { continue }
      for index in group where result[index] == nil { result[index] = known }
    }
    let classCount = (labels.max() ?? -1) + 1
    var totals = [Int](repeating: 0, count: classCount)
    for label in labels { totals[label] += 1 }
    for part in [Split.validation, .test] {
      let fraction = part == .validation ? validationFraction : testFraction
      var room = totals.map { Int((Double($0) * fraction).rounded()) }
      for index in names.indices where result[index] == part { room[labels[index]] -= 1 }
      let open = members.values.filter { result[$0[0]] == nil }
        .map { group in (key: group.map { keys[$0] }.min()!, group: group) }
        .sorted { ($0.key, names[$0.group[0]]) < ($1.key, names[$1.group[0]]) }
      for (_, group) in open {
        // A group may span classes; it must fit in all of them.
        var need: [Int: Int] = [:]
        for index in group { need[labels[index], default: 0] += 1 }
        guard need.allSatisfy({ room[$0.key] >= $0.value }) else { continue }
        for (label, count) in need { room[label] -= count }
        for index in group { result[index] = part }
      }
    }
    return result.map { $0 ?? .train }
  }
}
