import Foundation

/// Weights for the members of an ensemble.
public enum EnsembleWeights {
  /// Non-negative weights of sum 1 with the least log loss of the mean on held-out predictions.
  ///
  /// Minimises −Σᵢ ln Σₘ wₘ pₘᵢ over the simplex, pₘᵢ being what member m gives the true class of
  /// row i. This is convex. Pairwise Frank–Wolfe steps (Lacoste-Julien and Jaggi, arXiv:1511.05932)
  /// move weight from the member of least slope to that of most, as far as an exact line search
  /// says; they stop when the duality gap shows the mean log loss to be within 10⁻¹⁰ of the least.
  /// Where the members' predictions are equal, equal weights stay.
  ///
  /// The log loss of the fitted mean on the same rows is a little too good, by about
  /// (members − 1) / (2 · rows).
  ///
  /// - Parameters:
  ///   - members: probabilities (members, rows, classes), predicted without having seen the rows.
  ///   - labels: the true class of each row.
  /// - Returns: a weight for each member; equal ones if there are no rows.
  public static func fit(_ members: [[[Double]]], labels: [Int]) -> [Double] {
    precondition(!members.isEmpty, "there is nothing to weigh")
    precondition(members.allSatisfy { $0.count == labels.count }, "a row for every label")
    let count = members.count
    var weights = [Double](repeating: 1 / Double(count), count: count)
    guard count > 1, !labels.isEmpty else { return weights }
    // Off 0 by what `Float` can tell from it, as the log loss is computed.
    let chances = members.map { rows in zip(rows, labels).map { max($0[$1], 0x1p-24) } }
    let rows = labels.indices
    var mean = rows.map { row in chances.reduce(0) { $0 + $1[row] } / Double(count) }
    for _ in 0..<10_000 {
      let slopes = chances.map { chance in
        rows.reduce(0) { $0 + chance[$1] / mean[$1] } / Double(rows.count)
      }
      guard let best = slopes.indices.max(by: { slopes[$0] < slopes[$1] }),
        let worst = slopes.indices.filter({ weights[$0] > 0 })
          .min(by: { slopes[$0] < slopes[$1] }),
        slopes[best] - 1 > 1e-10, best != worst
      else { break }
      let direction = rows.map { chances[best][$0] - chances[worst][$0] }
      let step = Self.step(mean, direction, longest: weights[worst])
      weights[best] += step
      weights[worst] = step == weights[worst] ? 0 : weights[worst] - step
      // From the weights anew, or rounding would add up.
      mean = rows.map { row in zip(chances, weights).reduce(0) { $0 + $1.0[row] * $1.1 } }
    }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  /// The step of least −Σ ln(mean + step · direction), by bisection of its rising derivative.
  private static func step(_ mean: [Double], _ direction: [Double], longest: Double) -> Double {
    func descends(_ step: Double) -> Bool {
      zip(mean, direction).reduce(0) { $0 + $1.1 / ($1.0 + step * $1.1) } > 0
    }
    if descends(longest) { return longest }
    var (low, high) = (0.0, longest)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if descends(middle) { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }
}

extension Calibration {
  /// What to expect of probabilities as they are, such as an ensemble's mean; nothing is tempered.
  ///
  /// - Parameters:
  ///   - probabilities: held-out predictions of every class, a row for each label. Of an ensemble,
  ///     means of members none of which has seen the row: out-of-fold predictions of single members
  ///     say nothing certain of their mean.
  ///   - folds: as in ``init(logits:labels:folds:source:mayTemper:)``.
  public init(
    probabilities: [[Double]], labels: [Int], folds: [Int]? = nil, source: Source
  ) {
    self.init(
      logits: probabilities.map { row in row.map { log(max($0, 0x1p-24)) } }, labels: labels,
      folds: folds, source: source, mayTemper: false)
  }
}
