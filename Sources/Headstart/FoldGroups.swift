import Kernels
import Pictures

/// Which training pictures must lie in one fold: those of equal bytes, and those that look the same.
///
/// A fold that is judged by a model which was trained on near copies of its pictures flatters the
/// model.
package struct FoldGroups {
  /// A number for each picture, equal for those that belong together.
  package let numbers: [Int]
  /// What is to be said of pictures that look the same; nil if there are none.
  package let remark: String?

  /// Looks at the pictures whose sketches the features' folder does not have yet, on all threads.
  ///
  /// - Parameters:
  ///   - labels: of the pictures.
  ///   - folds: that are to be made; at least as many groups are, and two of each class.
  ///   - progress: told how many pictures have been looked at, of how many; never if all are known.
  /// - Throws: ``Cancelled``.
  package init(
    _ paths: [String], labels: [Int], classes: Int, folds: Int = 2, featuresFolder: String,
    pool: ThreadPool, cancellation: Cancellation, progress: (_ done: Int, _ total: Int) -> Void
  ) throws {
    var sketches = SketchFile.read(in: featuresFolder)
    let groups = try SketchGroups(
      paths: paths, known: &sketches, pool: pool, progress: progress,
      check: { try cancellation.check() })
    // Time is all that is lost without them.
    try? SketchFile.write(sketches, in: featuresFolder)
    let copies = groups.nearDuplicates.reduce(0) { $0 + $1.count }
    guard copies > 0 else {
      (numbers, remark) = (groups.equalBytes, nil)
      return
    }
    let sizes = Self.groupsByClass(groups.representatives, labels: labels, classes: classes)
    let suffices = sizes.allSatisfy { $0 >= 2 } && sizes.reduce(0, +) >= folds
    let told = "\(copies) of \(paths.count) training pictures look the same as others of them"
    guard suffices else {
      numbers = groups.equalBytes
      remark =
        told + ", too many for those to lie in one fold; out-of-fold figures flatter"
      return
    }
    numbers = groups.representatives
    remark = told + ", and lie in one fold with those"
  }

  /// How many groups of each class there are; a group is of the class of its first picture.
  static func groupsByClass(_ numbers: [Int], labels: [Int], classes: Int) -> [Int] {
    var counts = [Int](repeating: 0, count: classes)
    var seen: Set<Int> = []
    for (number, label) in zip(numbers, labels) where seen.insert(number).inserted {
      counts[label] += 1
    }
    return counts
  }
}
