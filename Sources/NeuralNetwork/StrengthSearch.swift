import Kernels
import Synchronization

/// Cross-validation of a regression over strengths, with warm starts along each fold's path.
struct StrengthSearch {
  let problem: RegressionProblem
  let labels: [Int]
  let rowWeights: [Double]

  /// The fold of each row.
  let folds: [Int]
  let foldCount: Int

  /// Ascending.
  private(set) var strengths: [Double] = []

  /// In the order of `strengths`.
  private(set) var logLosses: [Double] = []
  private(set) var iterations = 0

  /// By strength, then by fold.
  private var solutions: [[RegressionProblem.Solution]] = []

  init(
    problem: RegressionProblem, labels: [Int], rowWeights: [Double], folds: [Int], foldCount: Int
  ) {
    self.problem = problem
    self.labels = labels
    self.rowWeights = rowWeights
    self.folds = folds
    self.foldCount = foldCount
  }

  /// The index of the strength with the lowest log loss; of equals the strongest.
  var best: Int {
    strengths.indices.reversed().min { logLosses[$0] < logLosses[$1] } ?? 0
  }

  /// Tries the first strengths, from the strongest down.
  mutating func run(
    _ grid: [Double], pool: ThreadPool, progress: (Int, Int) throws -> Void
  ) throws {
    let start = [RegressionProblem.Solution](repeating: problem.zero, count: foldCount)
    let paths = try path(Array(grid.reversed()), from: start, pool: pool, progress: progress)
    strengths = grid
    solutions = paths.reversed()
    logLosses = solutions.map { logLoss($0) }
  }

  /// Goes on beyond an edge of the grid as long as the best lies on it, at most 8 steps of √10.
  mutating func widen(pool: ThreadPool, progress: (Int, Int) throws -> Void) throws {
    for _ in 0..<8 {
      let atLow = best == 0
      guard atLow || best == strengths.count - 1 else { return }
      let edge = atLow ? 0 : strengths.count - 1
      let next = strengths[edge] * (atLow ? 1 / 10.0.squareRoot() : 10.0.squareRoot())
      let found = try path([next], from: solutions[edge], pool: pool, progress: progress)[0]
      let position = atLow ? 0 : strengths.count
      strengths.insert(next, at: position)
      solutions.insert(found, at: position)
      logLosses.insert(logLoss(found), at: position)
    }
  }

  /// The logits of each row from the fold that has not seen it.
  func logits(at index: Int) -> [Double] { outOfFold(solutions[index]) }

  /// The mean of the folds' weights: a good start for the fit of all rows.
  func mean(at index: Int) -> RegressionProblem.Solution {
    var result = problem.zero
    for solution in solutions[index] {
      for position in result.weights.indices {
        result.weights[position] += solution.weights[position] / Double(foldCount)
      }
    }
    return result
  }

  private func outOfFold(_ solutions: [RegressionProblem.Solution]) -> [Double] {
    var result = [Double](repeating: 0, count: labels.count * problem.outputs)
    for row in labels.indices {
      for index in row * problem.outputs..<(row + 1) * problem.outputs {
        result[index] = solutions[folds[row]].logits[index]
      }
    }
    return result
  }

  private func logLoss(_ solutions: [RegressionProblem.Solution]) -> Double {
    RegressionProblem.logLoss(
      logits: outOfFold(solutions), labels: labels, outputs: problem.outputs)
  }

  /// Solves every fold for one strength after the other; by strength, then by fold.
  ///
  /// Folds run side by side, each on one thread, as many at once as there are threads.
  private mutating func path(
    _ strengths: [Double], from start: [RegressionProblem.Solution], pool: ThreadPool,
    progress: (Int, Int) throws -> Void
  ) throws -> [[RegressionProblem.Solution]] {
    var byFold: [[RegressionProblem.Solution]] = []
    try progress(0, foldCount)
    while byFold.count < foldCount {
      let first = byFold.count
      let wave = min(pool.threads, foldCount - first)
      let results = Mutex([Int: Result<[RegressionProblem.Solution], any Error>]())
      let (problem, folds, rowWeights) = (problem, folds, rowWeights)
      pool.parallelFor(wave) { index in
        let result = Result {
          let fold = first + index
          let weights = rowWeights.indices.map { folds[$0] == fold ? 0 : rowWeights[$0] }
          var solver = RegressionSolver(problem, rowWeights: weights, pool: nil)
          var solution = start[fold]
          return try strengths.map { strength in
            solution = try solver.minimize(
              strength: strength, from: solution, tolerance: 1e-3)
            return solution
          }
        }
        results.withLock { $0[index] = result }
      }
      let done = results.withLock { $0 }
      for index in 0..<wave {
        guard let result = done[index] else { preconditionFailure("the pool lost a task") }
        byFold.append(try result.get())
      }
      try progress(byFold.count, foldCount)
    }
    iterations += byFold.reduce(0) { $0 + $1.reduce(0) { $0 + $1.iterations } }
    return strengths.indices.map { index in byFold.map { $0[index] } }
  }
}
