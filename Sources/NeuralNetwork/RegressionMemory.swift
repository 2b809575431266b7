import Kernels

/// The memory that a ``LogisticRegression`` takes at its widest moment, known before its features
/// are read.
struct RegressionMemory {
  /// Bytes that a regression may take, its features among them.
  static let limit = 4 << 30

  /// Strengths that are tried at most if none are given.
  static let mostStrengths = StrengthSearch.gridCount + StrengthSearch.mostSteps

  let rows, columns: Int

  /// 1 for two classes, the number of classes for more.
  let outputs: Int
  let folds, strengths: Int

  init(rows: Int, columns: Int, classes: Int, folds: Int, strengths: Int?) {
    self.rows = rows
    self.columns = columns
    outputs = classes == 2 ? 1 : classes
    self.folds = folds
    self.strengths = strengths ?? Self.mostStrengths
  }

  /// Bytes with so many folds under way side by side.
  func bytes(workers: Int) -> Int {
    4 * rows * columns + 8 * max(design, kept + workers * worker)
  }

  /// The most folds, up to the threads, that can be under way side by side.
  ///
  /// - Throws: ``NeuralNetworkError/tooLarge(what:bytes:limit:)`` if there is no room for one.
  func workers(threads: Int) throws -> Int {
    for workers in stride(from: max(1, min(threads, folds)), through: 1, by: -1)
    where bytes(workers: workers) <= Self.limit {
      return workers
    }
    throw NeuralNetworkError.tooLarge(
      what: "matrices of the newton solver (\(rows) rows of \(columns) features)",
      bytes: bytes(workers: 1), limit: Self.limit)
  }

  private var isRotated: Bool { columns > rows }

  /// Columns of the design, that of ones among them.
  private var width: Int { min(rows, columns) + 1 }

  /// Numbers while the design is made: the centred features, and if they are rotated the rotation
  /// beside four matrices of the rows' products.
  private var design: Int {
    isRotated ? 2 * rows * columns + 4 * rows * rows : rows * width
  }

  /// Numbers while folds are solved: the design, the rotation, and for each strength the weights of
  /// every fold and the logits of the rows that it held out.
  private var kept: Int {
    rows * width + (isRotated ? rows * columns : 0) + rows * outputs
      + strengths * (rows * outputs + folds * width * outputs)
  }

  /// Numbers that a fold under way takes: two matrices of the columns' products and the rows scaled
  /// for them, and some ten vectors of each size.
  private var worker: Int {
    2 * width * width + min(rows, LinearAlgebra.gramRows) * width
      + 10 * (rows + width) * outputs + 2 * rows
  }
}
