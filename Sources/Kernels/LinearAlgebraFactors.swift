import COpenBLAS

/// The Cholesky factor L of a symmetric positive definite matrix A = L·Lᵀ, in `Double`.
public struct CholeskyFactor: Sendable {
  /// Rows, and columns, of the matrix.
  public let order: Int

  /// Row-major; the lower triangle holds L, the rest is what the matrix had there.
  private let factor: [Double]

  /// Factors a matrix (LAPACK's `dpotrf`).
  ///
  /// - Parameters:
  ///   - matrix: order × order; only its lower triangle is read.
  /// - Throws: ``LinearAlgebraError/notPositiveDefinite(order:)``, or `shape`.
  public init(_ matrix: [Double], order: Int) throws(LinearAlgebraError) {
    try LinearAlgebra.checkCount(matrix.count, order, order, "Cholesky factorisation", "A")
    LinearAlgebra.prepare
    var factor = matrix
    var info: Int32 = 0
    if order > 0 {
      var n = Int32(order)
      factor.withUnsafeMutableBufferPointer {
        // LAPACK is column-major: its upper triangle is our lower one.
        dpotrf_("U", &n, $0.baseAddress!, &n, &info, 1)
      }
    }
    guard info == 0 else { throw .notPositiveDefinite(order: Int(info)) }
    self.order = order
    self.factor = factor
  }

  /// Solves A·x = b for `count` right-hand sides (LAPACK's `dpotrs`).
  ///
  /// - Parameters:
  ///   - b: count × order, a right-hand side a row; replaced by the solutions.
  /// - Throws: ``LinearAlgebraError/shape(operation:what:rows:columns:found:)``.
  public func solve(_ b: inout [Double], count: Int = 1) throws(LinearAlgebraError) {
    try LinearAlgebra.checkCount(b.count, count, order, "Cholesky solution", "b")
    guard order > 0, count > 0 else { return }
    var (n, columns, info) = (Int32(order), Int32(count), Int32(0))
    factor.withUnsafeBufferPointer { factor in
      b.withUnsafeMutableBufferPointer { b in
        dpotrs_("U", &n, &columns, factor.baseAddress!, &n, b.baseAddress!, &n, &info, 1)
      }
    }
    precondition(info == 0, "dpotrs refuses only malformed arguments, which were checked")
  }
}

/// Eigenvalues and eigenvectors of a symmetric matrix A = Vᵀ·diag(λ)·V, in `Double`.
public struct SymmetricEigen: Sendable {
  /// Eigenvalues, ascending.
  public let values: [Double]

  /// Eigenvectors as rows (order × order): row i belongs to value i.
  public let vectors: [Double]

  /// Decomposes a matrix (LAPACK's `dsyevd`).
  ///
  /// - Parameters:
  ///   - matrix: order × order; only its lower triangle is read.
  /// - Throws: ``LinearAlgebraError/notConverged(info:)``, or `shape`.
  public init(_ matrix: [Double], order: Int) throws(LinearAlgebraError) {
    // dsyevd wants 1 + 6n + 2n² doubles, counted in 32 bits.
    guard order <= 30_000 else {
      throw .shape(
        operation: "Symmetric eigenvalues (order at most 30000)", what: "A", rows: order,
        columns: order, found: matrix.count)
    }
    try LinearAlgebra.checkCount(matrix.count, order, order, "Symmetric eigenvalues", "A")
    LinearAlgebra.prepare
    var vectors = matrix
    var values = [Double](repeating: 0, count: order)
    var info: Int32 = 0
    if order > 0 {
      var n = Int32(order)
      var workCount = Int32(1 + 6 * order + 2 * order * order)
      var indexCount = Int32(3 + 5 * order)
      var work = [Double](repeating: 0, count: Int(workCount))
      var indices = [Int32](repeating: 0, count: Int(indexCount))
      vectors.withUnsafeMutableBufferPointer {
        // Column-major eigenvectors as columns are row-major eigenvectors as rows.
        dsyevd_(
          "V", "U", &n, $0.baseAddress!, &n, &values, &work, &workCount, &indices, &indexCount,
          &info, 1, 1)
      }
    }
    guard info == 0 else { throw .notConverged(info: Int(info)) }
    self.values = values
    self.vectors = vectors
  }
}
