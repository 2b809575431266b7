import Kernels
import Testing

@Suite struct LinearAlgebraTests {
  /// Small whole numbers: every product and sum is exact in both types.
  static func numbers<T: BinaryFloatingPoint>(_ count: Int, _ seed: Int) -> [T] {
    (0..<count).map { T(($0 * 7919 + seed * 104_729) % 13 - 6) }
  }

  static func check<T: LinearAlgebraElement>(_ type: T.Type) throws {
    let pool = ThreadPool(threads: 3)
    // One below and several above the size from which work is shared out, tall, wide and deep.
    let shapes = [(1, 1, 1), (3, 5, 2), (200, 90, 70), (90, 200, 70), (33, 40, 700), (700, 3, 300)]
    for (m, n, k) in shapes {
      let a: [T] = numbers(m * k, 1)
      let b: [T] = numbers(k * n, 2)
      let start: [T] = numbers(m * n, 3)
      var expected = start
      for row in 0..<m {
        for column in 0..<n {
          var sum: T = 0
          for index in 0..<k { sum += a[row * k + index] * b[index * n + column] }
          expected[row * n + column] = 2 * sum + 3 * start[row * n + column]
        }
      }
      for (transposeA, transposeB) in [(false, false), (true, false), (false, true), (true, true)] {
        var c = start
        try LinearAlgebra.multiply(
          transposeA ? transposed(a, m, k) : a, transposeB ? transposed(b, k, n) : b, into: &c,
          m: m, n: n, k: k, transposeA: transposeA, transposeB: transposeB, alpha: 2, beta: 3,
          pool: pool)
        #expect(c == expected, "\(m)×\(n)×\(k), \(transposeA) \(transposeB)")
      }
      let x: [T] = numbers(k, 4)
      var y: [T] = numbers(m, 5)
      var column = y
      try LinearAlgebra.multiply(
        a, rows: m, columns: k, vector: x, into: &y, alpha: 2, beta: -1)
      try LinearAlgebra.multiply(a, x, into: &column, m: m, n: 1, k: k, alpha: 2, beta: -1)
      #expect(y == column)
    }
  }

  static func transposed<T>(_ a: [T], _ rows: Int, _ columns: Int) -> [T] {
    (0..<columns).flatMap { column in (0..<rows).map { a[$0 * columns + column] } }
  }

  @Test func productsAreExactOnWholeNumbers() throws {
    try Self.check(Float.self)
    try Self.check(Double.self)
  }

  @Test func bitsAreTheSameForAnyNumberOfThreads() throws {
    let a = (0..<300 * 500).map { 1 / Float($0 % 977 + 3) }
    func product(_ pool: ThreadPool?) throws -> [Float] {
      var c = [Float](repeating: 0, count: 300 * 300)
      try LinearAlgebra.multiply(
        a, a, into: &c, m: 300, n: 300, k: 500, transposeB: true, pool: pool)
      return c
    }
    let alone = try product(nil)
    for threads in 1...4 { #expect(try product(ThreadPool(threads: threads)) == alone) }
  }

  @Test func weightedGramSkipsRowsOfWeightZero() throws {
    let a: [Double] = Self.numbers(9 * 4, 6)
    let weights: [Double] = [1, 0, 4, 0.25, 0, 0, 9, 1, 0]
    let found = try LinearAlgebra.weightedGram(a, rows: 9, columns: 4, weights: weights)
    for row in 0..<4 {
      for column in 0...row {
        let expected = (0..<9).reduce(0) { $0 + weights[$1] * a[$1 * 4 + row] * a[$1 * 4 + column] }
        #expect(found[row * 4 + column] == expected)
      }
    }
  }

  /// More rows than are scaled at a time, and more columns than are computed at a time.
  @Test func weightedGramOfManyRows() throws {
    let (rows, columns) = (LinearAlgebra.gramRows * 2 + 100, 5)
    let a: [Double] = Self.numbers(rows * columns, 6)
    let weights = (0..<rows).map { Double([1, 4, 0, 9][$0 % 4]) }
    let found = try LinearAlgebra.weightedGram(a, rows: rows, columns: columns, weights: weights)
    for row in 0..<columns {
      for column in 0...row {
        let expected = (0..<rows).reduce(0) {
          $0 + weights[$1] * a[$1 * columns + row] * a[$1 * columns + column]
        }
        #expect(found[row * columns + column] == expected)
      }
    }
  }

  @Test func weightedGramHasTheSameBitsForAnyNumberOfThreads() throws {
    var values = Values(seed: 40)
    let (rows, columns) = (LinearAlgebra.gramRows + 50, 300)
    let a = values.floats(rows * columns).map(Double.init)
    let weights = values.floats(rows).map { Double(abs($0)) }
    func gram(_ pool: ThreadPool?) throws -> [Double] {
      try LinearAlgebra.weightedGram(
        a, rows: rows, columns: columns, weights: weights, pool: pool)
    }
    let alone = try gram(nil)
    for threads in 1...3 { #expect(try gram(ThreadPool(threads: threads)) == alone) }
  }

  /// AᵀA, both triangles.
  static func gram(_ a: [Double], rows: Int, columns: Int) throws -> [Double] {
    var c = [Double](repeating: 0, count: columns * columns)
    try LinearAlgebra.multiply(
      a, a, into: &c, m: columns, n: columns, k: rows, transposeA: true)
    return c
  }

  @Test func choleskySolvesSeveralRightHandSides() throws {
    let order = 40
    let a: [Double] = Self.numbers(60 * order, 3)
    var matrix = try Self.gram(a, rows: 60, columns: order)
    for index in 0..<order { matrix[index * order + index] += 1 }
    let x: [Double] = Self.numbers(3 * order, 8)
    var b = [Double](repeating: 0, count: 3 * order)
    try LinearAlgebra.multiply(x, matrix, into: &b, m: 3, n: order, k: order)
    // Only the lower triangle is read.
    for row in 0..<order {
      for column in row + 1..<order { matrix[row * order + column] = .nan }
    }
    try CholeskyFactor(matrix, order: order).solve(&b, count: 3)
    for (found, expected) in zip(b, x) { #expect(abs(found - expected) < 1e-9) }
    #expect(throws: LinearAlgebraError.notPositiveDefinite(order: 2)) {
      try CholeskyFactor([1, 0, 2, 1], order: 2)
    }
  }

  @Test func eigenvectorsRebuildTheMatrix() throws {
    let order = 30
    let a: [Double] = Self.numbers(20 * order, 2)
    let matrix = try Self.gram(a, rows: 20, columns: order)
    let eigen = try SymmetricEigen(matrix, order: order)
    #expect(eigen.values == eigen.values.sorted())
    var scaled = eigen.vectors
    for row in 0..<order {
      for column in 0..<order { scaled[row * order + column] *= eigen.values[row] }
    }
    var rebuilt = [Double](repeating: 0, count: order * order)
    try LinearAlgebra.multiply(
      eigen.vectors, scaled, into: &rebuilt, m: order, n: order, k: order, transposeA: true)
    let scale = eigen.values.last ?? 0
    for (found, expected) in zip(rebuilt, matrix) {
      #expect(abs(found - expected) < 1e-12 * scale)
    }
  }

  @Test func wrongCountsAreRefused() {
    var c = [Double](repeating: 0, count: 4)
    #expect(
      throws: LinearAlgebraError.shape(
        operation: "Matrix product", what: "B", rows: 3, columns: 2, found: 5)
    ) {
      try LinearAlgebra.multiply(
        [Double](repeating: 0, count: 6), [Double](repeating: 0, count: 5), into: &c, m: 2, n: 2,
        k: 3)
    }
    #expect(throws: LinearAlgebraError.self) { try CholeskyFactor([1, 2, 3], order: 2) }
    #expect(throws: LinearAlgebraError.self) { try SymmetricEigen([1, 2, 3], order: 2) }
    #expect(throws: LinearAlgebraError.self) {
      try LinearAlgebra.weightedGram([1, 2], rows: 2, columns: 1, weights: [1])
    }
  }

  @Test func emptyProductsAreZero() throws {
    var c: [Float] = [5, 6]
    try LinearAlgebra.multiply([], [], into: &c, m: 1, n: 2, k: 0)
    #expect(c == [0, 0])
    #expect(
      try LinearAlgebra.weightedGram([], rows: 0, columns: 2, weights: []) == [0, 0, 0, 0])
    #expect(try LinearAlgebra.weightedGram([], rows: 2, columns: 0, weights: [1, 1]) == [])
  }

  @Test func chunksCoverAnArrayOnce() {
    for threads in 1...3 {
      let pool = ThreadPool(threads: threads)
      for count in [0, 1, 7, 8, 100] {
        var (a, b) = (
          [Int](repeating: 0, count: count), [Float](repeating: 0, count: count)
        )
        pool.forEachChunk(of: &a, &b, chunk: 8) { range, a, b in
          for index in a.indices {
            a[index] += range.lowerBound + index
            b[index] += 1
          }
        }
        #expect(a == Array(0..<count))
        #expect(b == [Float](repeating: 1, count: count))
      }
    }
  }
}
