import Foundation
import Kernels

/// The objective of L2-regularised logistic (one output) or softmax regression, with its first
/// and second derivatives.
///
/// f(W) = Σᵢ sᵢ·ℓ(xᵢ·Wᵀ, yᵢ) + λ/2 · Σ W², where ℓ is the cross-entropy, sᵢ a row's weight, and
/// the intercept, the last column of W, is not penalised. In scikit-learn's terms λ = 1/C.
struct RegressionProblem: Sendable {
  /// rows × columns, the last column all ones.
  let design: [Double]
  let rows: Int
  let columns: Int

  /// 1 for two classes, the number of classes for more.
  let outputs: Int

  /// rows × outputs: smoothed targets.
  let targets: [Double]

  /// Coefficients, outputs × columns, with the logits (rows × outputs) that they give.
  struct Solution: Sendable {
    var weights: [Double]
    var logits: [Double]
    var iterations = 0

    mutating func add(_ step: [Double], _ change: [Double], length: Double) {
      for index in step.indices { weights[index] += length * step[index] }
      for index in change.indices { logits[index] += length * change[index] }
    }
  }

  /// Probabilities, rows × outputs, and what is missing from each to 1.
  struct Probabilities {
    var values: [Double]
    var complements: [Double]
  }

  /// The start: all coefficients zero.
  var zero: Solution {
    Solution(
      weights: [Double](repeating: 0, count: outputs * columns),
      logits: [Double](repeating: 0, count: rows * outputs))
  }

  /// The solution that has these coefficients.
  func solution(_ weights: [Double], _ pool: ThreadPool?) throws -> Solution {
    Solution(weights: weights, logits: try logits(weights, pool))
  }

  /// The mean cross-entropy of rows, unpenalised, against hard labels.
  static func logLoss(logits: [Double], labels: [Int], outputs: Int) -> Double {
    var sum = 0.0
    for (row, label) in labels.enumerated() {
      if outputs == 1 {
        let margin = label == 1 ? logits[row] : -logits[row]
        sum += softplus(-margin)
      } else {
        let values = logits[row * outputs..<(row + 1) * outputs]
        sum += logSumExp(values) - values[row * outputs + label]
      }
    }
    return sum / Double(max(labels.count, 1))
  }

  /// σ(z), or softmax(z) by rows, with their complements 1 − p to full relative precision: rows
  /// that are almost certain are those that a weak penalty hangs on.
  func probabilities(_ logits: [Double]) -> Probabilities {
    if outputs == 1 {
      return Probabilities(
        values: logits.map { Activation.sigmoid($0) },
        complements: logits.map { Activation.sigmoid(-$0) })
    }
    var (values, complements) = (logits, logits)
    for row in 0..<rows {
      let range = row * outputs..<(row + 1) * outputs
      let total = Self.logSumExp(logits[range])
      for index in range { values[index] = exp(logits[index] - total) }
      for index in range {
        complements[index] = 1 - values[index]
        guard complements[index] < 0.5 else { continue }
        complements[index] = range.reduce(0) { $1 == index ? $0 : $0 + values[$1] }
      }
    }
    return Probabilities(values: values, complements: complements)
  }

  /// rows × outputs: X·Wᵀ.
  func logits(_ weights: [Double], _ pool: ThreadPool?) throws -> [Double] {
    var result = [Double](repeating: 0, count: rows * outputs)
    if outputs == 1 {
      try LinearAlgebra.multiply(
        design, rows: rows, columns: columns, vector: weights, into: &result)
    } else {
      try LinearAlgebra.multiply(
        design, weights, into: &result, m: rows, n: outputs, k: columns, transposeB: true,
        pool: pool)
    }
    return result
  }

  /// The logits of some rows.
  func logits(of rows: [Int], in solution: Solution) -> [Double] {
    rows.flatMap { solution.logits[$0 * outputs..<($0 + 1) * outputs] }
  }

  /// outputs × columns: Rᵀ·X.
  private func adjoint(_ residual: [Double], _ pool: ThreadPool?) throws -> [Double] {
    var result = [Double](repeating: 0, count: outputs * columns)
    if outputs == 1 {
      try LinearAlgebra.multiply(
        design, rows: rows, columns: columns, transposed: true, vector: residual, into: &result)
    } else {
      try LinearAlgebra.multiply(
        residual, design, into: &result, m: outputs, n: columns, k: rows, transposeA: true,
        pool: pool)
    }
    return result
  }

  /// Σᵢ sᵢ·ℓ(zᵢ, yᵢ).
  func loss(_ logits: [Double], _ rowWeights: [Double]) -> Double {
    var sum = 0.0
    for row in 0..<rows where rowWeights[row] > 0 {
      if outputs == 1 {
        // Without the cancellation of log(1 + eᶻ) − y·z.
        sum +=
          rowWeights[row]
          * (targets[row] * Self.softplus(-logits[row])
            + (1 - targets[row]) * Self.softplus(logits[row]))
      } else {
        let range = row * outputs..<(row + 1) * outputs
        var value = Self.logSumExp(logits[range])
        for index in range { value -= targets[index] * logits[index] }
        sum += rowWeights[row] * value
      }
    }
    return sum
  }

  /// λ/2 · Σ W².
  func penalty(_ weights: [Double], _ strength: Double) -> Double {
    var sum = 0.0
    for output in 0..<outputs {
      for column in 0..<columns - 1 {
        let weight = weights[output * columns + column]
        sum += weight * weight
      }
    }
    return strength / 2 * sum
  }

  private func addPenalty(_ result: inout [Double], _ weights: [Double], _ strength: Double) {
    for output in 0..<outputs {
      for index in output * columns..<(output + 1) * columns - 1 {
        result[index] += strength * weights[index]
      }
    }
  }

  /// The gradient of the objective, outputs × columns.
  func gradient(
    _ probabilities: Probabilities, _ weights: [Double], _ rowWeights: [Double],
    _ strength: Double, _ pool: ThreadPool?
  ) throws -> [Double] {
    var residual = probabilities.values
    for row in 0..<rows {
      for index in row * outputs..<(row + 1) * outputs {
        // p − y without its cancellation.
        residual[index] =
          rowWeights[row]
          * (probabilities.values[index] * (1 - targets[index])
            - probabilities.complements[index] * targets[index])
      }
    }
    var result = try adjoint(residual, pool)
    addPenalty(&result, weights, strength)
    return result
  }

  /// The Hessian times a direction (outputs × columns).
  func hessian(
    _ direction: [Double], _ probabilities: Probabilities, _ rowWeights: [Double],
    _ strength: Double, _ pool: ThreadPool?
  ) throws -> [Double] {
    var change = try logits(direction, pool)
    for row in 0..<rows {
      let range = row * outputs..<(row + 1) * outputs
      if outputs == 1 {
        change[row] *=
          rowWeights[row] * probabilities.values[row] * probabilities.complements[row]
      } else {
        let mean = range.reduce(0) { $0 + probabilities.values[$1] * change[$1] }
        for index in range {
          change[index] =
            rowWeights[row] * probabilities.values[index] * (change[index] - mean)
        }
      }
    }
    var result = try adjoint(change, pool)
    addPenalty(&result, direction, strength)
    return result
  }

  /// log(1 + eˣ) without overflow.
  private static func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

  private static func logSumExp(_ values: ArraySlice<Double>) -> Double {
    let largest = values.max() ?? 0
    return largest + log(values.reduce(0) { $0 + exp($1 - largest) })
  }
}
