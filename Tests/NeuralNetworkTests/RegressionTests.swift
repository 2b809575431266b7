import Foundation
import Kernels
import NeuralNetwork
import Testing

@Suite struct RegressionTests {
  struct Fixture: Decodable {
    struct Case: Decodable {
      let name: String
      let rows: Int
      let columns: Int
      let classes: Int
      let strength: Double
      let classWeights: [Float]?
      let labels: [Int]
      let features: [Float]
      /// (outputs, columns).
      let coefficients: [Double]
      let intercepts: [Double]
      /// (rows, classes).
      let probabilities: [Double]
    }
    let cases: [Case]
  }

  /// Logits of rows in `Double`, from the fitted weights.
  static func logits(_ fit: LogisticRegression.Fit, _ features: [Float], rows: Int) -> [Double] {
    let (columns, outputs) = (fit.kernel.shape[0], fit.kernel.shape[1])
    return (0..<rows).flatMap { row in
      (0..<outputs).map { output in
        (0..<columns).reduce(Double(fit.bias.values[output])) {
          $0
            + Double(features[row * columns + $1])
            * Double(fit.kernel.values[$1 * outputs + output])
        }
      }
    }
  }

  @Test func fitsAreThoseOfScikitLearn() throws {
    let fixture = try fixture("regressions.json", as: Fixture.self)
    #expect(fixture.cases.count == 7)
    for item in fixture.cases {
      var regression = LogisticRegression()
      regression.strengths = [item.strength]
      regression.classWeights = item.classWeights
      let fit = try regression.fit(
        item.features, columns: item.columns, labels: item.labels, classes: item.classes,
        pool: pool)
      let outputs = item.classes == 2 ? 1 : item.classes
      var expected = [Double](repeating: 0, count: item.coefficients.count)
      for output in 0..<outputs {
        for column in 0..<item.columns {
          expected[column * outputs + output] = item.coefficients[output * item.columns + column]
        }
      }
      // The weights are rounded to Float: 6e-8 relative, and the solution is exact to about 1e-9.
      #expect(
        largestRelativeError(fit.kernel.values, expected, floor: 1e-2) < 2e-6, "\(item.name)")
      #expect(
        largestRelativeError(fit.bias.values, item.intercepts, floor: 1) < 2e-6, "\(item.name)")
      let logits = Self.logits(fit, item.features, rows: item.rows)
      for row in 0..<item.rows {
        for label in 0..<item.classes {
          let probability: Double
          if outputs == 1 {
            probability = 1 / (1 + exp(label == 1 ? -logits[row] : logits[row]))
          } else {
            let values = logits[row * outputs..<(row + 1) * outputs]
            probability = exp(values[row * outputs + label]) / values.reduce(0) { $0 + exp($1) }
          }
          #expect(abs(probability - item.probabilities[row * item.classes + label]) < 3e-6)
        }
      }
    }
  }

  @Test(arguments: [2, 3]) func outOfFoldRowsAreUnseen(classes: Int) throws {
    let source = try clouds(rows: 60, shape: [5], classes: classes, spread: 0.7, seed: 2)
    var regression = LogisticRegression()
    regression.folds = 4
    regression.strengths = [0.3, 3, 30]
    let fit = try regression.fit(
      source.features, columns: 5, labels: source.labels, classes: classes, pool: pool)
    let report = fit.report
    #expect(report.strengths == [0.3, 3, 30])
    let best = try #require(report.logLosses.min())
    #expect(report.logLosses[try #require(report.strengths.firstIndex(of: report.chosen))] == best)

    let outputs = classes == 2 ? 1 : classes
    var logLoss = 0.0
    for fold in 0..<4 {
      let inside = report.folds.indices.filter { report.folds[$0] != fold }
      let held = report.folds.indices.filter { report.folds[$0] == fold }
      #expect(held.count == 15)
      var single = LogisticRegression()
      single.strengths = [report.chosen]
      let part = try single.fit(
        source.read(inside), columns: 5, labels: inside.map { source.labels[$0] },
        classes: classes, pool: pool)
      let logits = Self.logits(part, source.read(held), rows: held.count)
      for (index, row) in held.enumerated() {
        let values = Array(logits[index * outputs..<(index + 1) * outputs])
        let sum = values.reduce(0) { $0 + exp($1) }
        let expected =
          outputs == 1 ? [1 / (1 + exp(-values[0]))] : values.map { exp($0) / sum }
        #expect(largestRelativeError(Array(report.outOfFold[row: row]), expected) < 1e-4)
        let label = source.labels[row]
        logLoss -= log(
          outputs == 1 ? (label == 1 ? expected[0] : 1 - expected[0]) : expected[label])
      }
    }
    #expect(abs(logLoss / 60 - best) < 1e-5)
  }

  @Test(arguments: [2, 4]) func separableDataConverges(classes: Int) throws {
    let source = try clouds(rows: 80, shape: [30], classes: classes, spread: 3, seed: 5)
    for strengths in [nil, [1e-6], [1e-9, 1e9]] as [[Double]?] {
      var regression = LogisticRegression()
      regression.strengths = strengths
      let fit = try regression.fit(
        source.features, columns: 30, labels: source.labels, classes: classes, pool: pool)
      #expect(fit.kernel.values.allSatisfy { $0.isFinite })
      #expect(fit.report.logLosses.allSatisfy { $0.isFinite })
      let logits = Self.logits(fit, source.features, rows: 80)
      let outputs = fit.bias.values.count
      let correct = source.labels.indices.count { row in
        let values = Array(logits[row * outputs..<(row + 1) * outputs])
        return outputs == 1
          ? (values[0] > 0) == (source.labels[row] == 1)
          : values.indices.allSatisfy { values[$0] <= values[source.labels[row]] }
      }
      #expect(correct == 80)
    }
  }

  /// Solving in the rows' span gives what solving in all coordinates gives.
  @Test func moreFeaturesThanRowsAreNoDifference() throws {
    let narrow = try clouds(rows: 40, shape: [30], classes: 2, spread: 0.4, seed: 8)
    // The same rows with fifteen columns of zeros: wide, but the same problem.
    let wide = (0..<40).flatMap { row in
      narrow.read([row]) + [Float](repeating: 0, count: 15)
    }
    var regression = LogisticRegression()
    regression.strengths = [0.7]
    for standardize in [false, true] {
      regression.standardize = standardize
      let first = try regression.fit(
        narrow.features, columns: 30, labels: narrow.labels, classes: 2, pool: pool)
      let second = try regression.fit(
        wide, columns: 45, labels: narrow.labels, classes: 2, pool: pool)
      #expect(
        largestRelativeError(
          Array(second.kernel.values.prefix(30)), first.kernel.values, floor: 1e-2) < 1e-6)
      #expect(second.kernel.values.dropFirst(30).allSatisfy { $0 == 0 })
      #expect(largestRelativeError(second.bias.values, first.bias.values, floor: 1) < 1e-6)
    }
  }

  @Test func standardisationFoldsIntoTheWeights() throws {
    let source = try clouds(rows: 50, shape: [6], classes: 2, spread: 0.5, seed: 3)
    // Scales and offsets that standardisation takes away again, and a constant column.
    let scaled = source.features.enumerated().map { index, value in
      index % 6 == 5 ? 7 : value * Float(index % 6 * 10 + 1) + 100
    }
    var standardised = scaled
    Standardization(scaled, rows: 50, columns: 6).apply(to: &standardised)
    var plain = LogisticRegression()
    plain.strengths = [2]
    let expected = try plain.fit(
      standardised, columns: 6, labels: source.labels, classes: 2, pool: pool)
    var standardising = plain
    standardising.standardize = true
    let found = try standardising.fit(
      scaled, columns: 6, labels: source.labels, classes: 2, pool: pool)
    #expect(found.kernel.values[5] == 0)
    #expect(
      largestRelativeError(
        Self.logits(found, scaled, rows: 50),
        Self.logits(expected, standardised, rows: 50), floor: 1) < 1e-5)
  }

  @Test func theGridGoesOnBeyondItsEdge() throws {
    // Labels that have nothing to do with the features: the stronger the better.
    var generator = Generator(seed: 6)
    let features = (0..<60 * 20).map { _ in Float(generator.normal()) }
    var steps: [(done: Int, total: Int)] = []
    let fit = try LogisticRegression().fit(
      features, columns: 20, labels: (0..<60).map { $0 % 2 }, classes: 2, pool: pool
    ) { steps.append(($0, $1)) }
    #expect(fit.report.strengths.count > 13)
    // Progress goes on with the grid, and ends where it said it would.
    let widened = fit.report.strengths.count - 13
    #expect(steps.map(\.done) == steps.map(\.done).sorted())
    #expect(steps.allSatisfy { $0.done <= $0.total })
    #expect(steps.last! == (5 + 5 * widened, 5 + 5 * widened))
    #expect(fit.report.strengths == fit.report.strengths.sorted())
    // The folds' intercepts alone cost a little more than log 2.
    #expect(abs((fit.report.logLosses.min() ?? 0) - log(2)) < 0.01)
  }

  @Test func moreThanMemoryHoldsIsRefusedBeforehand() throws {
    func isTooLarge(rows: Int, columns: Int, classes: Int) -> Bool {
      do {
        _ = try LogisticRegression().fit(
          [], columns: columns, labels: (0..<rows).map { $0 % classes }, classes: classes,
          pool: pool)
      } catch NeuralNetworkError.tooLarge {
        return true
      } catch {}
      return false  // then the features are missed
    }
    // 4 GB of features, 8 GB of these in Double and 10 GB for a fold's products of columns.
    #expect(isTooLarge(rows: 40_000, columns: 25_000, classes: 2))
    // 2 GB of features, and more than 20 GB to rotate them.
    #expect(isTooLarge(rows: 20_000, columns: 25_000, classes: 2))
    // 10 GB of held-out logits for 21 strengths, a tenth of it for a tenth of the rows.
    #expect(isTooLarge(rows: 60_000, columns: 64, classes: 1000))
    #expect(!isTooLarge(rows: 6_000, columns: 64, classes: 1000))
    // Kaggle's dogs and cats, pooled and at 150×150 unpooled.
    #expect(!isTooLarge(rows: 25_000, columns: 512, classes: 2))
    #expect(!isTooLarge(rows: 25_000, columns: 8192, classes: 2))
  }

  @Test func bitsAreTheSameForAnyNumberOfThreads() throws {
    let source = try clouds(rows: 300, shape: [280], classes: 3, spread: 0.2, seed: 4)
    func weights(_ threads: Int, _ classes: Int) throws -> [Float] {
      let fit = try LogisticRegression().fit(
        source.features, columns: 280, labels: source.labels.map { min($0, classes - 1) },
        classes: classes, pool: ThreadPool(threads: threads))
      return fit.kernel.values + fit.bias.values + fit.report.outOfFold.values
    }
    for classes in [2, 3] {
      let one = try weights(1, classes)
      #expect(try weights(2, classes) == one)
      #expect(try weights(3, classes) == one)
    }
  }

  @Test func foldsAreStratifiedSeededAndKeepGroups() throws {
    let labels = (0..<103).map { $0 % 5 == 0 ? 1 : 0 }
    let folds = try Folds.stratified(labels: labels, classes: 2, folds: 5, seed: 3)
    for fold in 0..<5 {
      #expect((20...21).contains(folds.count { $0 == fold }))
      #expect((4...5).contains(labels.indices.count { folds[$0] == fold && labels[$0] == 1 }))
    }
    #expect(try Folds.stratified(labels: labels, classes: 2, folds: 5, seed: 3) == folds)
    #expect(try Folds.stratified(labels: labels, classes: 2, folds: 5, seed: 4) != folds)
    let groups = labels.indices.map { $0 / 4 }
    let grouped = try Folds.stratified(
      labels: labels, classes: 2, folds: 5, groups: groups, seed: 3)
    for row in labels.indices { #expect(grouped[row] == grouped[row / 4 * 4]) }
    #expect(Set(grouped).count == 5)
    #expect(throws: NeuralNetworkError.tooFewRows(class: 1, expected: 2, found: 1)) {
      try Folds.stratified(labels: [0, 0, 0, 1], classes: 2, folds: 2, seed: 0)
    }
    #expect(throws: NeuralNetworkError.self) {
      try Folds.stratified(labels: labels, classes: 2, folds: 1, seed: 0)
    }
    #expect(throws: NeuralNetworkError.self) {
      try Folds.stratified(labels: labels, classes: 2, folds: 2, groups: [1], seed: 0)
    }
  }

  @Test func badInputIsRefused() throws {
    let labels = [0, 1, 0, 1]
    let regression = LogisticRegression()
    #expect(throws: NeuralNetworkError.notFinite(what: "features", row: 2)) {
      try regression.fit(
        [1, 2, 3, 4, .nan, 6, 7, 8], columns: 2, labels: labels, classes: 2, pool: pool)
    }
    #expect(throws: NeuralNetworkError.self) {
      try regression.fit([1, 2, 3], columns: 2, labels: labels, classes: 2, pool: pool)
    }
    #expect(throws: NeuralNetworkError.label(row: 1, found: 2, classes: 2)) {
      try regression.fit([1, 2, 3, 4], columns: 1, labels: [0, 2, 1, 1], classes: 2, pool: pool)
    }
    var negative = regression
    negative.labelSmoothing = -0.1
    #expect(throws: NeuralNetworkError.self) {
      try negative.fit([1, 2, 3, 4], columns: 1, labels: labels, classes: 2, pool: pool)
    }
    for strengths in [[], [0], [-1, 1], [.nan]] as [[Double]] {
      var bad = regression
      bad.strengths = strengths
      #expect(throws: NeuralNetworkError.self) {
        try bad.fit([1, 2, 3, 4], columns: 1, labels: labels, classes: 2, pool: pool)
      }
    }
  }
}
