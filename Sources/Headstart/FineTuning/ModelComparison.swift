import Foundation

/// Two classifiers on the same pictures: which has the lower log loss, and how sure that is.
///
/// The test is the paired t-test on the differences of the log losses picture by picture, its
/// p-value two-sided and from the normal distribution, which the t-distribution is close to from
/// some thirty pictures on.
public struct ModelComparison: Codable, Sendable, Equatable {
  /// Pictures judged by both.
  public let count: Int
  /// Of the first, −mean ln p(true class).
  public let logLossBefore: Double
  /// Of the second.
  public let logLossAfter: Double
  /// Mean of after − before, with its 95 % interval: negative is better.
  public let difference: Double
  /// Lower and upper end.
  public let differenceInterval: [Double]
  /// How likely a difference as large is if there is none in truth.
  public let pValue: Double
  /// Pictures that only one of the two judges rightly.
  public let onlyBeforeRight: Int
  /// Pictures that only the second judges rightly.
  public let onlyAfterRight: Int

  /// Whether the second has the lower log loss, however little.
  public var isBetter: Bool { logLossAfter < logLossBefore }

  /// - Parameters:
  ///   - before: a row of class probabilities for each label; `after` likewise.
  public init(before: [[Double]], after: [[Double]], labels: [Int]) {
    precondition(
      before.count == labels.count && after.count == labels.count && !labels.isEmpty,
      "a row of each for every label")
    let losses = labels.indices.map { row in
      (Self.loss(before[row], labels[row]), Self.loss(after[row], labels[row]))
    }
    let n = Double(labels.count)
    let change = Moments(losses.map { $0.1 - $0.0 })
    let mean = change.mean
    let error = (change.variance / n).squareRoot()
    count = labels.count
    logLossBefore = losses.reduce(0) { $0 + $1.0 } / n
    logLossAfter = losses.reduce(0) { $0 + $1.1 } / n
    difference = mean
    differenceInterval = [mean - 1.96 * error, mean + 1.96 * error]
    pValue = error > 0 ? erfc(abs(mean) / error / 2.0.squareRoot()) : (mean == 0 ? 1 : 0)
    let right = labels.indices.map { row in
      (Self.isRight(before[row], labels[row]), Self.isRight(after[row], labels[row]))
    }
    onlyBeforeRight = right.count { $0.0 && !$0.1 }
    onlyAfterRight = right.count { $0.1 && !$0.0 }
  }

  /// −ln p, p not below what a `Float` can tell from 0, so that one picture cannot be infinite.
  private static func loss(_ probabilities: [Double], _ label: Int) -> Double {
    -log(max(probabilities[label], 0x1p-24))
  }

  private static func isRight(_ probabilities: [Double], _ label: Int) -> Bool {
    probabilities.indices.allSatisfy { $0 == label || probabilities[$0] < probabilities[label] }
  }
}
