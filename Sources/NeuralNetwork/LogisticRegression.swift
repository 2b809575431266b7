import Foundation
import Kernels

/// What cross-validation found out about a regression.
public struct RegressionReport: Sendable {
  /// The strengths tried, ascending. λ multiplies ½Σw² beside the *sum* of the rows' losses, so
  /// λ = 1/C of scikit-learn.
  public var strengths: [Double]

  /// The mean log loss over all rows, each predicted by the fold that has not seen it; in the
  /// order of ``strengths``.
  public var logLosses: [Double]

  /// The strength with the lowest log loss.
  public var chosen: Double

  /// Out-of-fold probabilities at the chosen strength: (rows, 1), P(class 1), for two classes,
  /// (rows, classes) for more.
  public var outOfFold: Tensor

  /// The fold of each row.
  public var folds: [Int]

  /// Newton steps, over all folds, strengths and the final fit.
  public var iterations: Int
}

/// L2-regularised logistic regression (two classes) or softmax regression (more), to convergence,
/// its strength chosen by cross-validated log loss.
///
/// The intercept is not regularised. Arithmetic is `Double` throughout. With more features than
/// rows the problem is solved in the coordinates of the rows' span, which changes nothing: the
/// penalty does not depend on the axes. Standardisation, where asked for, uses the mean and the
/// deviation of all rows, and is folded into the weights.
public struct LogisticRegression: Sendable {
  /// The strengths to try; nil for 13 values from 10⁻⁴ to 10² times the features' total variance.
  /// If the best lies at an edge, the grid goes on beyond it.
  public var strengths: [Double]?
  /// Of the cross-validation that chooses the strength.
  public var folds = 5
  public var standardize = false

  /// One weight a class, multiplying its rows' losses in the fit (not in the log loss reported).
  public var classWeights: [Float]?
  /// The share ε of a label that is spread over all classes.
  public var labelSmoothing: Float = 0
  /// Of the folds.
  public var seed: UInt64 = 0

  public init() {}

  /// The weights of a fitted regression, on plain features.
  public struct Fit: Sendable {
    /// (features, outputs).
    public var kernel: Tensor
    /// (outputs).
    public var bias: Tensor
    /// How the strength was chosen.
    public var report: RegressionReport
  }

  /// Chooses the strength, then fits all rows with it.
  ///
  /// - Parameters:
  ///   - features: rows × columns.
  ///   - labels: The class of each row, in `0..<classes`; every class in at least two rows (or
  ///     groups of rows).
  ///   - classes: At least 2.
  ///   - groups: Rows of one group stay in one fold.
  ///   - progress: Called with the folds solved so far and those known to be solved in all, which
  ///     become more when the strengths go on beyond an edge; throwing stops the work.
  /// - Throws: ``NeuralNetworkError``, or what `progress` throws.
  public func fit(
    _ features: [Float], columns: Int, labels: [Int], classes: Int, groups: [Int]? = nil,
    pool: ThreadPool, progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
  ) throws -> Fit {
    guard labelSmoothing >= 0, labelSmoothing < 1 else {
      throw NeuralNetworkError.setting(
        name: "label smoothing", expected: "at least 0 and below 1", found: "\(labelSmoothing)")
    }
    let workers = try memory(rows: labels.count, columns: columns, classes: classes)
      .workers(threads: pool.threads)
    let folds = try Folds.stratified(
      labels: labels, classes: classes, folds: folds, groups: groups, seed: seed)
    let design = try RegressionDesign(
      features, rows: labels.count, columns: columns, standardize: standardize, pool: pool)
    let problem = RegressionProblem(
      design: design.matrix, rows: labels.count, columns: design.rank + 1,
      outputs: classes == 2 ? 1 : classes, targets: targets(labels, classes))
    let rowWeights = try rowWeights(labels, classes)
    var search = StrengthSearch(
      problem: problem, labels: labels, rowWeights: rowWeights, folds: folds,
      foldCount: self.folds, workers: workers)
    try search.run(try grid(design.totalVariance), pool: pool, progress: progress)
    if strengths == nil { try search.widen(pool: pool, progress: progress) }

    let best = search.best
    let start = try problem.solution(search.mean(at: best), pool)
    var solver = RegressionSolver(problem, rowWeights: rowWeights, pool: pool)
    let solution = try solver.minimize(
      strength: search.strengths[best], from: start, tolerance: 1e-5)
    let probabilities = problem.probabilities(search.logits(at: best)).values.map { Float($0) }
    let weights = try design.fold(solution.weights, outputs: problem.outputs)
    return Fit(
      kernel: Tensor(shape: [columns, problem.outputs], values: weights.kernel.map { Float($0) }),
      bias: Tensor(shape: [problem.outputs], values: weights.bias.map { Float($0) }),
      report: RegressionReport(
        strengths: search.strengths, logLosses: search.logLosses,
        chosen: search.strengths[best],
        outOfFold: Tensor(shape: [labels.count, problem.outputs], values: probabilities),
        folds: folds, iterations: search.iterations + solution.iterations))
  }

  /// What a fit of so many rows takes of memory.
  func memory(rows: Int, columns: Int, classes: Int) -> RegressionMemory {
    RegressionMemory(
      rows: rows, columns: columns, classes: classes, folds: folds, strengths: strengths?.count)
  }

  private func grid(_ totalVariance: Double) throws -> [Double] {
    guard let strengths else {
      let scale = totalVariance > 0 ? totalVariance : 1
      return (0..<StrengthSearch.gridCount).map { scale * pow(10, -4 + 0.5 * Double($0)) }
    }
    guard !strengths.isEmpty, strengths.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw NeuralNetworkError.setting(
        name: "strengths", expected: "at least one, all positive", found: "\(strengths)")
    }
    return Set(strengths).sorted()
  }

  private func targets(_ labels: [Int], _ classes: Int) -> [Double] {
    let smoothing = Double(labelSmoothing)
    if classes == 2 { return labels.map { Double($0) * (1 - smoothing) + smoothing / 2 } }
    return labels.flatMap { label in
      (0..<classes).map { ($0 == label ? 1 - smoothing : 0) + smoothing / Double(classes) }
    }
  }

  private func rowWeights(_ labels: [Int], _ classes: Int) throws -> [Double] {
    guard let classWeights else { return [Double](repeating: 1, count: labels.count) }
    guard classWeights.count == classes, classWeights.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw NeuralNetworkError.setting(
        name: "class weights", expected: "\(classes) positive numbers", found: "\(classWeights)")
    }
    return labels.map { Double(classWeights[$0]) }
  }
}
