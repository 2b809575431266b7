/// Stratified, seeded folds for cross-validation.
public enum Folds {
  /// Assigns each row a fold, every class spread evenly over the folds.
  ///
  /// - Parameters:
  ///   - labels: The class of each row.
  ///   - folds: How many, at least 2.
  ///   - groups: A number for each row; rows of one group (views of one picture, near duplicates)
  ///     stay together. The group counts towards the class of its first row.
  /// - Returns: for each row a number in `0..<folds`.
  /// - Throws: ``NeuralNetworkError``; a class needs at least two groups, so that no training part
  ///   lacks it.
  public static func stratified(
    labels: [Int], classes: Int, folds: Int, groups: [Int]? = nil, seed: UInt64
  ) throws -> [Int] {
    guard folds >= 2 else {
      throw NeuralNetworkError.setting(
        name: "folds", expected: "at least 2", found: "\(folds)")
    }
    if let groups, groups.count != labels.count {
      throw NeuralNetworkError.count(
        what: "group numbers", expected: labels.count, found: groups.count)
    }
    try checkLabels(labels, classes: classes)
    var rowsOfGroup: [Int: [Int]] = [:]
    var groupsOfClass = [[Int]](repeating: [], count: classes)
    for row in labels.indices {
      let group = groups?[row] ?? row
      if rowsOfGroup[group] == nil { groupsOfClass[labels[row]].append(group) }
      rowsOfGroup[group, default: []].append(row)
    }
    var generator = Generator.derived(seed: seed, purpose: 0xF01D)
    var result = [Int](repeating: 0, count: labels.count)
    // Dealt on from class to class, so that the folds' sizes differ by at most one group.
    var next = 0
    for (index, var members) in groupsOfClass.enumerated() {
      guard members.count >= 2 else {
        throw NeuralNetworkError.tooFewRows(class: index, expected: 2, found: members.count)
      }
      generator.shuffle(&members)
      for group in members {
        for row in rowsOfGroup[group] ?? [] { result[row] = next % folds }
        next += 1
      }
    }
    return result
  }
}
