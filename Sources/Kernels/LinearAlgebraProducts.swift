import COpenBLAS

/// The two element types of BLAS, and its products for each.
///
/// Conformances exist for `Float` and `Double`; there is no reason to add another.
public protocol LinearAlgebraElement: BinaryFloatingPoint, Sendable {
  /// Calls `cblas_?gemm`, row-major.
  static func _gemm(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ alpha: Self,
    _ a: UnsafePointer<Self>, _ lda: Int, _ b: UnsafePointer<Self>, _ ldb: Int, _ beta: Self,
    _ c: UnsafeMutablePointer<Self>, _ ldc: Int)

  /// Calls `cblas_?gemv`, row-major.
  static func _gemv(
    _ transposed: Bool, _ rows: Int, _ columns: Int, _ alpha: Self, _ a: UnsafePointer<Self>,
    _ lda: Int, _ x: UnsafePointer<Self>, _ beta: Self, _ y: UnsafeMutablePointer<Self>)
}

extension LinearAlgebra {
  /// C ← α·op(A)·op(B) + β·C, where op is the identity or the transpose.
  ///
  /// - Parameters:
  ///   - a: m × k, or k × m if `transposeA`.
  ///   - b: k × n, or n × k if `transposeB`.
  ///   - c: m × n. With `beta` 0 its former contents do not matter.
  /// - Throws: ``LinearAlgebraError/shape(operation:what:rows:columns:found:)``.
  public static func multiply<T: LinearAlgebraElement>(
    _ a: [T], _ b: [T], into c: inout [T], m: Int, n: Int, k: Int, transposeA: Bool = false,
    transposeB: Bool = false, alpha: T = 1, beta: T = 0, pool: ThreadPool? = nil
  ) throws(LinearAlgebraError) {
    try checkCount(a.count, transposeA ? k : m, transposeA ? m : k, "Matrix product", "A")
    try checkCount(b.count, transposeB ? n : k, transposeB ? k : n, "Matrix product", "B")
    try checkCount(c.count, m, n, "Matrix product", "C")
    guard m > 0, n > 0 else { return }
    guard k > 0 else {
      for index in c.indices { c[index] = beta == 0 ? 0 : c[index] * beta }
      return
    }
    prepare
    let lda = transposeA ? m : k
    let ldb = transposeB ? k : n
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        c.withUnsafeMutableBufferPointer { c in
          // Safe to share: A and B are only read, and every piece of C is written by one task.
          nonisolated(unsafe) let (a, b, c) = (a.baseAddress!, b.baseAddress!, c.baseAddress!)
          if m * n * k < smallestSharedWork {
            T._gemm(transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, n)
          } else if m >= n {
            let rows = pieces(of: m, smallest: 64)
            forEach(rows.count, pool) { index in
              let piece = rows[index]
              let first = piece.lowerBound
              T._gemm(
                transposeA, transposeB, piece.count, n, k, alpha,
                a + (transposeA ? first : first * lda), lda, b, ldb, beta, c + first * n, n)
            }
          } else {
            let columns = pieces(of: n, smallest: 64)
            forEach(columns.count, pool) { index in
              let piece = columns[index]
              let first = piece.lowerBound
              T._gemm(
                transposeA, transposeB, m, piece.count, k, alpha, a, lda,
                b + (transposeB ? first * ldb : first), ldb, beta, c + first, n)
            }
          }
        }
      }
    }
  }

  /// y ← α·op(A)·x + β·y for a matrix A of rows × columns.
  ///
  /// - Throws: ``LinearAlgebraError/shape(operation:what:rows:columns:found:)``.
  public static func multiply<T: LinearAlgebraElement>(
    _ a: [T], rows: Int, columns: Int, transposed: Bool = false, vector x: [T],
    into y: inout [T], alpha: T = 1, beta: T = 0
  ) throws(LinearAlgebraError) {
    try checkCount(a.count, rows, columns, "Matrix-vector product", "A")
    try checkCount(x.count, transposed ? rows : columns, 1, "Matrix-vector product", "x")
    try checkCount(y.count, transposed ? columns : rows, 1, "Matrix-vector product", "y")
    guard !y.isEmpty else { return }
    guard !x.isEmpty else {
      for index in y.indices { y[index] = beta == 0 ? 0 : y[index] * beta }
      return
    }
    prepare
    a.withUnsafeBufferPointer { a in
      x.withUnsafeBufferPointer { x in
        y.withUnsafeMutableBufferPointer { y in
          T._gemv(
            transposed, rows, columns, alpha, a.baseAddress!, columns, x.baseAddress!, beta,
            y.baseAddress!)
        }
      }
    }
  }

  /// Rows that ``weightedGram(_:rows:columns:weights:pool:)`` scales at a time.
  package static let gramRows = 4096

  /// The lower triangle of Aᵀ·diag(weights)·A, for weights that are not negative.
  ///
  /// Rows of weight 0 cost nothing. What the result (columns × columns) holds above its diagonal
  /// has no meaning: a Cholesky factorisation does not read it. Besides the result it takes memory
  /// for 4096 rows.
  ///
  /// - Throws: ``LinearAlgebraError/shape(operation:what:rows:columns:found:)``.
  public static func weightedGram(
    _ a: [Double], rows: Int, columns: Int, weights: [Double], pool: ThreadPool? = nil
  ) throws(LinearAlgebraError) -> [Double] {
    try checkCount(a.count, rows, columns, "Weighted symmetric product", "A")
    try checkCount(weights.count, rows, 1, "Weighted symmetric product", "weights")
    let used = (0..<rows).filter { weights[$0] > 0 }
    var c = [Double](repeating: 0, count: columns * columns)
    guard columns > 0 else { return c }
    var scaled = [Double](repeating: 0, count: min(used.count, gramRows) * columns)
    for first in stride(from: 0, to: used.count, by: gramRows) {
      let count = min(gramRows, used.count - first)
      a.withUnsafeBufferPointer { a in
        scaled.withUnsafeMutableBufferPointer { scaled in
          // Safe to share: every row is written by one task.
          nonisolated(unsafe) let (a, scaled) = (a, scaled)
          forEach((count + 63) / 64, pool) { block in
            for index in block * 64..<min(block * 64 + 64, count) {
              let row = used[first + index]
              let root = weights[row].squareRoot()
              for column in 0..<columns {
                scaled[index * columns + column] = a[row * columns + column] * root
              }
            }
          }
        }
      }
      addLowerGram(
        scaled, rows: count, columns: columns, beta: first == 0 ? 0 : 1, to: &c, pool: pool)
    }
    return c
  }

  /// C ← AᵀA + β·C, its lower triangle.
  private static func addLowerGram(
    _ a: [Double], rows: Int, columns: Int, beta: Double, to c: inout [Double], pool: ThreadPool?
  ) {
    prepare
    let pieces = pieces(of: columns, smallest: 256)
    let tiles = pieces.indices.flatMap { row in (0...row).map { (row, $0) } }
    a.withUnsafeBufferPointer { a in
      c.withUnsafeMutableBufferPointer { c in
        // Safe to share: every tile is written by one task.
        nonisolated(unsafe) let (a, c) = (a.baseAddress!, c.baseAddress!)
        forEach(tiles.count, pool) { index in
          let (row, column) = (pieces[tiles[index].0], pieces[tiles[index].1])
          let tile = c + row.lowerBound * columns + column.lowerBound
          if row == column {
            cblas_dsyrk(
              CblasRowMajor, CblasLower, CblasTrans, Int32(row.count), Int32(rows), 1,
              a + row.lowerBound, Int32(columns), beta, tile, Int32(columns))
          } else {
            Double._gemm(
              true, false, row.count, column.count, rows, 1, a + row.lowerBound, columns,
              a + column.lowerBound, columns, beta, tile, columns)
          }
        }
      }
    }
  }
}

extension Float: LinearAlgebraElement {
  public static func _gemm(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ alpha: Float,
    _ a: UnsafePointer<Float>, _ lda: Int, _ b: UnsafePointer<Float>, _ ldb: Int, _ beta: Float,
    _ c: UnsafeMutablePointer<Float>, _ ldc: Int
  ) {
    cblas_sgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans,
      transposeB ? CblasTrans : CblasNoTrans, Int32(m), Int32(n), Int32(k), alpha, a, Int32(lda),
      b, Int32(ldb), beta, c, Int32(ldc))
  }

  public static func _gemv(
    _ transposed: Bool, _ rows: Int, _ columns: Int, _ alpha: Float, _ a: UnsafePointer<Float>,
    _ lda: Int, _ x: UnsafePointer<Float>, _ beta: Float, _ y: UnsafeMutablePointer<Float>
  ) {
    cblas_sgemv(
      CblasRowMajor, transposed ? CblasTrans : CblasNoTrans, Int32(rows), Int32(columns), alpha,
      a, Int32(lda), x, 1, beta, y, 1)
  }
}

extension Double: LinearAlgebraElement {
  public static func _gemm(
    _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ alpha: Double,
    _ a: UnsafePointer<Double>, _ lda: Int, _ b: UnsafePointer<Double>, _ ldb: Int,
    _ beta: Double, _ c: UnsafeMutablePointer<Double>, _ ldc: Int
  ) {
    cblas_dgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans,
      transposeB ? CblasTrans : CblasNoTrans, Int32(m), Int32(n), Int32(k), alpha, a, Int32(lda),
      b, Int32(ldb), beta, c, Int32(ldc))
  }

  public static func _gemv(
    _ transposed: Bool, _ rows: Int, _ columns: Int, _ alpha: Double,
    _ a: UnsafePointer<Double>, _ lda: Int, _ x: UnsafePointer<Double>, _ beta: Double,
    _ y: UnsafeMutablePointer<Double>
  ) {
    cblas_dgemv(
      CblasRowMajor, transposed ? CblasTrans : CblasNoTrans, Int32(rows), Int32(columns), alpha,
      a, Int32(lda), x, 1, beta, y, 1)
  }
}
