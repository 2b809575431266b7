import Foundation

/// How good predicted probabilities are against true labels.
public struct ClassificationMetrics: Sendable, Equatable {
  /// One class's figures; 0 where a denominator is 0, as scikit-learn's `zero_division=0`.
  public struct PerClass: Sendable, Equatable {
    /// Of the rows predicted as this class, the part that is.
    public var precision: Double
    /// Of the rows of this class, the part predicted as it.
    public var recall: Double
    /// The harmonic mean of both.
    public var f1: Double
    /// Rows of this class.
    public var support: Int
  }

  /// Rows judged.
  public let count: Int
  /// Rows whose most probable class is the true one.
  public let correct: Int
  /// correct / count.
  public let accuracy: Double

  /// Wilson's 95 % interval of the accuracy.
  public let accuracyInterval: ClosedRange<Double>

  /// −mean log of the true class's probability.
  public let logLoss: Double

  /// The area under the ROC curve, ties counting half; the mean over classes of one against the
  /// rest for more than two. nil if a class has no rows, or all.
  public let rocAUC: Double?

  /// In the order of the labels.
  public let perClass: [PerClass]

  /// Rows by true class, then by predicted class.
  public let confusion: [[Int]]

  /// Measures predictions.
  ///
  /// The predicted class is the most probable one, of equals the first; with one column it is 1
  /// for probabilities above ½.
  ///
  /// - Parameters:
  ///   - probabilities: (rows, 1), P(class 1), for two classes; (rows, classes) for two or more.
  ///   - clip: If given, the log loss is computed with probabilities brought into
  ///     [clip, 1 − clip] (with more than two classes not scaled to a sum of 1 again). Without
  ///     it, they are kept off 0 and 1 by the precision of `Float`, 2⁻²⁴.
  /// - Throws: ``NeuralNetworkError`` for no rows, bad labels, or probabilities outside [0, 1].
  public init(
    probabilities: Tensor, labels: [Int], classes: Int, clip: Double? = nil
  ) throws {
    let table = try Self.table(probabilities, labels: labels, classes: classes)
    if let clip, !(clip > 0 && clip < 0.5) {
      throw NeuralNetworkError.setting(
        name: "clip", expected: "above 0 and below 0.5", found: "\(clip)")
    }
    let limit = clip ?? 0x1p-24
    var confusion = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
    var logLoss = 0.0
    for (row, label) in labels.enumerated() {
      let values = table[row]
      var predicted = 0
      for index in 1..<classes where values[index] > values[predicted] { predicted = index }
      confusion[label][predicted] += 1
      logLoss -= log(min(max(values[label], limit), 1 - limit))
    }
    count = labels.count
    correct = (0..<classes).reduce(0) { $0 + confusion[$1][$1] }
    accuracy = Double(correct) / Double(count)
    accuracyInterval = Self.wilsonInterval(correct: correct, count: count)
    self.logLoss = logLoss / Double(count)
    rocAUC = Self.rocAUC(table, labels: labels, classes: classes)
    perClass = (0..<classes).map { index in
      let hits = Double(confusion[index][index])
      let support = confusion[index].reduce(0, +)
      let predicted = confusion.reduce(0) { $0 + $1[index] }
      return PerClass(
        precision: predicted == 0 ? 0 : hits / Double(predicted),
        recall: support == 0 ? 0 : hits / Double(support),
        f1: support + predicted == 0 ? 0 : 2 * hits / Double(support + predicted),
        support: support)
    }
    self.confusion = confusion
  }

  /// Wilson's score interval for a proportion, by default at 95 %.
  public static func wilsonInterval(
    correct: Int, count: Int, z: Double = 1.959963984540054
  ) -> ClosedRange<Double> {
    guard count > 0 else { return 0...1 }
    let (n, p) = (Double(count), Double(correct) / Double(count))
    let centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    return max(0, centre - half)...min(1, centre + half)
  }

  /// The probability that a positive row scores higher than a negative one, ties counting half;
  /// nil if either kind is missing.
  public static func rocAUC(scores: [Double], positive: [Bool]) -> Double? {
    precondition(scores.count == positive.count, "every score has its truth")
    let positives = positive.count { $0 }
    let negatives = positive.count - positives
    guard positives > 0, negatives > 0 else { return nil }
    let order = scores.indices.sorted { scores[$0] < scores[$1] }
    // Mann and Whitney: the sum of the positives' ranks, tied rows sharing their mean rank.
    var rankSum = 0.0
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, scores[order[end]] == scores[order[start]] { end += 1 }
      let rank = Double(start + end + 1) / 2
      for index in start..<end where positive[order[index]] { rankSum += rank }
      start = end
    }
    let lowest = Double(positives) * Double(positives + 1) / 2
    return (rankSum - lowest) / (Double(positives) * Double(negatives))
  }

  private static func rocAUC(_ table: [[Double]], labels: [Int], classes: Int) -> Double? {
    if classes == 2 {
      return rocAUC(scores: table.map { $0[1] }, positive: labels.map { $0 == 1 })
    }
    var sum = 0.0
    for index in 0..<classes {
      guard
        let area = rocAUC(
          scores: table.map { $0[index] }, positive: labels.map { $0 == index })
      else { return nil }
      sum += area
    }
    return sum / Double(classes)
  }

  /// Checks everything, and gives two columns to two classes.
  private static func table(
    _ probabilities: Tensor, labels: [Int], classes: Int
  ) throws -> [[Double]] {
    guard classes >= 2 else {
      throw NeuralNetworkError.setting(
        name: "classes", expected: "at least 2", found: "\(classes)")
    }
    let width = probabilities.shape.last ?? 0
    guard probabilities.shape.count == 2, width == classes || (width == 1 && classes == 2) else {
      throw NeuralNetworkError.shape(
        layer: "the metrics", expected: "(rows, \(classes)) probabilities",
        found: probabilities.shape)
    }
    guard !labels.isEmpty else {
      throw NeuralNetworkError.count(what: "rows to measure (or more)", expected: 1, found: 0)
    }
    guard labels.count == probabilities.batch else {
      throw NeuralNetworkError.count(
        what: "labels", expected: probabilities.batch, found: labels.count)
    }
    try checkLabels(labels, classes: classes)
    return try labels.indices.map { row in
      let values = probabilities[row: row].map { Double($0) }
      guard values.allSatisfy({ $0 >= 0 && $0 <= 1 }) else {
        throw NeuralNetworkError.setting(
          name: "probability", expected: "between 0 and 1", found: "\(values)")
      }
      return width == 1 ? [1 - values[0], values[0]] : values
    }
  }
}
