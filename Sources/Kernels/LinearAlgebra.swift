import COpenBLAS

/// Dense linear algebra by OpenBLAS and LAPACK: row-major matrices as flat arrays, shapes checked.
///
/// OpenBLAS itself runs single-threaded. A `pool` given to an operation shares its work out over
/// a partition that depends on the shapes alone, so the result has the same bits at any number of
/// threads.
public enum LinearAlgebra {
  /// Largest dimension that the 32-bit interface of BLAS and LAPACK can address.
  static let maximumDimension = Int(Int32.max)

  /// Work, in multiply-adds, below which sharing out costs more than it gains.
  static let smallestSharedWork = 1 << 19

  /// Makes OpenBLAS single-threaded, once a process.
  static let prepare: Void = openblas_set_num_threads(1)

  static func checkCount(
    _ found: Int, _ rows: Int, _ columns: Int, _ operation: String, _ what: String
  ) throws(LinearAlgebraError) {
    guard rows >= 0, columns >= 0, rows <= maximumDimension, columns <= maximumDimension,
      found == rows * columns
    else {
      throw .shape(operation: operation, what: what, rows: rows, columns: columns, found: found)
    }
  }

  /// Cuts `0..<extent` into pieces of a multiple of 16, at least `smallest`, at most 16 pieces.
  ///
  /// The pieces depend on the extent only.
  static func pieces(of extent: Int, smallest: Int) -> [Range<Int>] {
    let sixteenth = (extent + 15) / 16
    let length = max(smallest, (sixteenth + 15) / 16 * 16)
    return stride(from: 0, to: extent, by: length).map { $0..<min($0 + length, extent) }
  }

  static func forEach(
    _ count: Int, _ pool: ThreadPool?, _ body: @Sendable (_ index: Int) -> Void
  ) {
    if let pool, count > 1, pool.threads > 1 {
      pool.parallelFor(count, body)
    } else {
      for index in 0..<count { body(index) }
    }
  }
}

/// A failure of an operation of ``LinearAlgebra``.
public enum LinearAlgebraError: Error, Equatable, CustomStringConvertible {
  /// An array does not hold the matrix that the operation was told of.
  case shape(operation: String, what: String, rows: Int, columns: Int, found: Int)
  /// The leading minor of this order is not positive, so there is no Cholesky factor.
  case notPositiveDefinite(order: Int)
  /// The eigenvalue iteration did not converge.
  case notConverged(info: Int)

  public var description: String {
    switch self {
    case .shape(let operation, let what, let rows, let columns, let found):
      "\(operation): \(what) should hold \(rows) × \(columns) values and holds \(found)."
    case .notPositiveDefinite(let order):
      "Cholesky factorisation: the leading minor of order \(order) is not positive, "
        + "so the matrix is not positive definite."
    case .notConverged(let info):
      "Symmetric eigenvalues: the iteration did not converge (LAPACK's info \(info))."
    }
  }
}
