import Kernels
import Synchronization

/// Cross-validation of a regression over strengths, with warm starts along each fold's path.
struct StrengthSearch {
  /// Strengths of the grid that is tried first if none are given, and the most steps beyond it.
  static let (gridCount, mostSteps) = (13, 8)

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

  /// What a fold came to at a strength.
  private struct Fit: Sendable {
    let weights: [Double]

    /// The logits of the rows that the fold held out, in their order.
    let heldOut: [Double]
    let iterations: Int
  }

  /// By strength, then by fold.
  private var fits: [[Fit]] = []

  /// Folds that may be under way side by side.
  private let workers: Int

  /// Folds solved, and those to be solved as far as known, over all paths.
  private var (done, total) = (0, 0)

  init(
    problem: RegressionProblem, labels: [Int], rowWeights: [Double], folds: [Int], foldCount: Int,
    workers: Int
  ) {
    self.problem = problem
    self.labels = labels
    self.rowWeights = rowWeights
    self.folds = folds
    self.foldCount = foldCount
    self.workers = workers
  }

  /// The index of the strength with the lowest log loss; of equals the strongest.
  var best: Int {
    strengths.indices.reversed().min { logLosses[$0] < logLosses[$1] } ?? 0
  }

  /// Tries the first strengths, from the strongest down.
  mutating func run(
    _ grid: [Double], pool: ThreadPool, progress: (Int, Int) throws -> Void
  ) throws {
    fits = try path(Array(grid.reversed()), from: nil, pool: pool, progress: progress).reversed()
    strengths = grid
    logLosses = fits.map { logLoss($0) }
  }

  /// Goes on beyond an edge of the grid as long as the best lies on it, by steps of √10.
  mutating func widen(pool: ThreadPool, progress: (Int, Int) throws -> Void) throws {
    for _ in 0..<Self.mostSteps {
      let atLow = best == 0
      guard atLow || best == strengths.count - 1 else { return }
      let edge = atLow ? 0 : strengths.count - 1
      let next = strengths[edge] * (atLow ? 1 / 10.0.squareRoot() : 10.0.squareRoot())
      let found = try path(
        [next], from: fits[edge].map(\.weights), pool: pool, progress: progress)[0]
      let position = atLow ? 0 : strengths.count
      strengths.insert(next, at: position)
      fits.insert(found, at: position)
      logLosses.insert(logLoss(found), at: position)
    }
  }

  /// The logits of each row from the fold that has not seen it.
  func logits(at index: Int) -> [Double] { outOfFold(fits[index]) }

  /// The mean of the folds' weights: a good start for the fit of all rows.
  func mean(at index: Int) -> [Double] {
    var result = problem.zero.weights
    for fit in fits[index] {
      for position in result.indices {
        result[position] += fit.weights[position] / Double(foldCount)
      }
    }
    return result
  }

  private func outOfFold(_ fits: [Fit]) -> [Double] {
    var result: [Double] = []
    result.reserveCapacity(labels.count * problem.outputs)
    var next = [Int](repeating: 0, count: foldCount)
    for fold in folds {
      result += fits[fold].heldOut[next[fold]..<next[fold] + problem.outputs]
      next[fold] += problem.outputs
    }
    return result
  }

  private func logLoss(_ fits: [Fit]) -> Double {
    RegressionProblem.logLoss(logits: outOfFold(fits), labels: labels, outputs: problem.outputs)
  }

  /// Solves every fold for one strength after the other; by strength, then by fold.
  ///
  /// Folds run side by side, each on one thread.
  ///
  /// - Parameter start: The coefficients that each fold begins with; nil for zeros.
  private mutating func path(
    _ strengths: [Double], from start: [[Double]]?, pool: ThreadPool,
    progress: (Int, Int) throws -> Void
  ) throws -> [[Fit]] {
    var byFold: [[Fit]] = []
    total += foldCount
    try progress(done, total)
    while byFold.count < foldCount {
      let first = byFold.count
      let wave = min(workers, foldCount - first)
      let results = Mutex([Int: Result<[Fit], any Error>]())
      let (problem, folds, rowWeights) = (problem, folds, rowWeights)
      pool.parallelFor(wave) { index in
        let fold = first + index
        let result = Result {
          let weights = rowWeights.indices.map { folds[$0] == fold ? 0 : rowWeights[$0] }
          let heldOut = folds.indices.filter { folds[$0] == fold }
          var solver = RegressionSolver(problem, rowWeights: weights, pool: nil)
          var solution = try start.map { try problem.solution($0[fold], nil) } ?? problem.zero
          return try strengths.map { strength in
            solution = try solver.minimize(
              strength: strength, from: solution, tolerance: 1e-3)
            return Fit(
              weights: solution.weights, heldOut: problem.logits(of: heldOut, in: solution),
              iterations: solution.iterations)
          }
        }
        results.withLock { $0[index] = result }
      }
      let solved = results.withLock { $0 }
      for index in 0..<wave {
        guard let result = solved[index] else { preconditionFailure("the pool lost a task") }
        byFold.append(try result.get())
      }
      done += wave
      try progress(done, total)
    }
    iterations += byFold.reduce(0) { $0 + $1.reduce(0) { $0 + $1.iterations } }
    return strengths.indices.map { index in byFold.map { $0[index] } }
  }
}
