import Kernels

/// Newton's method for a ``RegressionProblem`` on weighted rows, along a path of strengths.
///
/// Each step solves the Newton equations by conjugate gradients. Their preconditioner is the
/// Cholesky factor of Xᵀ·diag(curvature)·X + λ·I, exact for two classes and shared by all classes
/// for more; it is kept from step to step and from strength to strength for as long as it serves,
/// because making it costs as much as many products with the Hessian.
struct RegressionSolver {
  let problem: RegressionProblem

  /// sᵢ ≥ 0; rows of weight 0 take no part but get their logits.
  let rowWeights: [Double]
  let pool: ThreadPool?

  private var preconditioner: CholeskyFactor?

  /// Conjugate gradient steps that the preconditioner needed when it was new.
  private var stepsWhenNew: Int?
  private var isStale = true

  init(_ problem: RegressionProblem, rowWeights: [Double], pool: ThreadPool?) {
    self.problem = problem
    self.rowWeights = rowWeights
    self.pool = pool
  }

  /// Minimises the objective from a start, by damped Newton steps until one changes no logit
  /// of a weighted row by more than `tolerance`; convergence being quadratic, the error that
  /// remains is of the order of its square.
  ///
  /// - Parameter strength: λ > 0.
  /// - Throws: ``NeuralNetworkError/notConverged(iterations:strength:)``.
  mutating func minimize(
    strength: Double, from start: RegressionProblem.Solution, tolerance: Double
  ) throws -> RegressionProblem.Solution {
    var solution = start
    var objective =
      problem.loss(solution.logits, rowWeights) + problem.penalty(solution.weights, strength)
    // Rounding of the objective must not look like a failure to descend.
    let slack = 1e-14 * rowWeights.reduce(0, +)
    var precision = 0.01
    for iteration in 1...200 {
      solution.iterations = iteration
      let probabilities = problem.probabilities(solution.logits)
      let gradient = try problem.gradient(
        probabilities, solution.weights, rowWeights, strength, pool)
      let step = try newtonStep(probabilities, gradient, strength, precision)
      let change = try problem.logits(step, pool)
      let slope = dot(gradient, step)
      let largest = largestWeighted(change)
      // So small a step is right without a look at the objective, whose rounding might hide it.
      if largest <= tolerance {
        solution.add(step, change, length: 1)
        return solution
      }
      var length = 1.0
      while true {
        var candidate = solution
        candidate.add(step, change, length: length)
        let value =
          problem.loss(candidate.logits, rowWeights)
          + problem.penalty(candidate.weights, strength)
        if value <= objective + 1e-4 * length * slope + slack {
          (solution, objective) = (candidate, value)
          break
        }
        length /= 2
        guard length > 1e-12 else {
          throw NeuralNetworkError.notConverged(iterations: iteration, strength: strength)
        }
      }
      // Superlinear: each step is solved the more exactly the closer it is to the last.
      precision = min(0.01, max(largest * 0.1, 1e-8))
    }
    throw NeuralNetworkError.notConverged(iterations: 200, strength: strength)
  }

  /// Solves H·step = −gradient to a relative residual of `precision` in the preconditioner's norm.
  private mutating func newtonStep(
    _ probabilities: RegressionProblem.Probabilities, _ gradient: [Double],
    _ strength: Double, _ precision: Double
  ) throws -> [Double] {
    let factor: CholeskyFactor
    if let preconditioner, !isStale {
      factor = preconditioner
    } else {
      preconditioner = nil  // give its memory back first
      factor = try freshFactor(probabilities, strength)
      preconditioner = factor
      isStale = false
      stepsWhenNew = nil
    }
    let outputs = problem.outputs
    var step = [Double](repeating: 0, count: gradient.count)
    var residual = gradient.map { -$0 }
    centreIntercepts(&residual)
    var scaled = residual
    try factor.solve(&scaled, count: outputs)
    centreIntercepts(&scaled)
    var direction = scaled
    var product = dot(residual, scaled)
    let goal = precision * precision * product
    var steps = 0
    while product > goal, steps < 500 {
      let image = try problem.hessian(direction, probabilities, rowWeights, strength, pool)
      let curvature = dot(direction, image)
      guard curvature > 0 else { break }
      let length = product / curvature
      for index in step.indices {
        step[index] += length * direction[index]
        residual[index] -= length * image[index]
      }
      centreIntercepts(&residual)
      scaled = residual
      try factor.solve(&scaled, count: outputs)
      centreIntercepts(&scaled)
      let next = dot(residual, scaled)
      for index in direction.indices {
        direction[index] = scaled[index] + next / product * direction[index]
      }
      product = next
      steps += 1
    }
    if let stepsWhenNew { isStale = steps > 2 * stepsWhenNew + 4 } else { stepsWhenNew = steps }
    return step
  }

  /// The Cholesky factor of Xᵀ·diag(curvature)·X + λ·I at the present probabilities.
  ///
  /// The curvature is that of the loss for one output, and the mean over the classes of the
  /// Hessian's diagonal blocks for more. Where rounding has left the matrix short of positive
  /// definite, its diagonal is raised until it is.
  private func freshFactor(
    _ probabilities: RegressionProblem.Probabilities, _ strength: Double
  ) throws -> CholeskyFactor {
    let (columns, outputs) = (problem.columns, problem.outputs)
    var curvature = rowWeights
    for row in curvature.indices {
      var sum = 0.0
      for index in row * outputs..<(row + 1) * outputs {
        sum += probabilities.values[index] * probabilities.complements[index]
      }
      curvature[row] *= sum / Double(outputs)
    }
    var matrix = try LinearAlgebra.weightedGram(
      problem.design, rows: problem.rows, columns: columns, weights: curvature, pool: pool)
    var trace = 0.0
    for index in 0..<columns { trace += matrix[index * columns + index] }
    for index in 0..<columns - 1 { matrix[index * columns + index] += strength }
    var damping = 1e-14 * (trace / Double(columns) + strength)
    matrix[columns * columns - 1] += damping
    while true {
      do {
        return try CholeskyFactor(matrix, order: columns)
      } catch {
        guard case .notPositiveDefinite = error, damping < trace + strength else { throw error }
        damping *= 100
        for index in 0..<columns { matrix[index * columns + index] += damping }
      }
    }
  }

  /// Takes out the direction in which the objective of softmax regression is flat, a constant
  /// added to all intercepts: rounding would be blown up along it.
  private func centreIntercepts(_ values: inout [Double]) {
    let (columns, outputs) = (problem.columns, problem.outputs)
    guard outputs > 1 else { return }
    let intercepts = stride(from: columns - 1, to: values.count, by: columns)
    let mean = intercepts.reduce(0) { $0 + values[$1] } / Double(outputs)
    for index in intercepts { values[index] -= mean }
  }

  private func largestWeighted(_ change: [Double]) -> Double {
    var largest = 0.0
    for row in rowWeights.indices where rowWeights[row] > 0 {
      for index in row * problem.outputs..<(row + 1) * problem.outputs {
        largest = max(largest, abs(change[index]))
      }
    }
    return largest
  }
}

private func dot(_ a: [Double], _ b: [Double]) -> Double {
  var sum = 0.0
  for index in a.indices { sum += a[index] * b[index] }
  return sum
}
