import Foundation
import Headstart
import NeuralNetwork
import Pictures
import TestSupport
import Testing

/// Temperature, clip levels and what they promise.
@Suite struct CalibrationTests {
  /// Labels drawn from the softmax of random logits, and those logits times a factor.
  private func sample(
    rows: Int, classes: Int, overconfidence: Double, seed: UInt64 = 1
  ) -> (logits: [[Double]], labels: [Int]) {
    var generator = SeededGenerator(seed: seed)
    func uniform() -> Double { (Double(generator.next() >> 11) + 0.5) / Double(1 << 53) }
    var (logits, labels): ([[Double]], [Int]) = ([], [])
    for _ in 0..<rows {
      let values = (0..<classes).map { _ in
        2 * (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform())
      }
      let powers = values.map(exp)
      var left = uniform() * powers.reduce(0, +)
      var label = 0
      while label < classes - 1, left >= powers[label] {
        left -= powers[label]
        label += 1
      }
      logits.append(values.map { $0 * overconfidence })
      labels.append(label)
    }
    return (logits, labels)
  }

  @Test(arguments: [2, 4]) func overconfidenceIsUndone(classes: Int) {
    let (logits, labels) = sample(rows: 3000, classes: classes, overconfidence: 3)
    let calibration = Calibration(logits: logits, labels: labels, source: .validation)
    #expect(calibration.isApplied && abs(calibration.temperature - 3) < 0.25)
    #expect(calibration.temperature == calibration.bestTemperature)
    #expect(calibration.logLossAfter < calibration.logLossBefore - 1.96 * calibration.standardError)
    let kept = Calibration(
      logits: logits, labels: labels, source: .validation, mayTemper: false)
    #expect(!kept.isApplied && kept.bestTemperature == calibration.bestTemperature)
  }

  @Test func soundPredictionsAreLeftAlone() {
    for seed in UInt64(1)...5 {
      let (logits, labels) = sample(rows: 1000, classes: 2, overconfidence: 1, seed: seed)
      let calibration = Calibration(logits: logits, labels: labels, source: .outOfFold)
      #expect(!calibration.isApplied && calibration.temperature == 1)
      #expect(abs(calibration.bestTemperature - 1) < 0.2)
      // No fold's temperature was fitted to its own rows, so it may well be the worse one.
      #expect(abs(calibration.logLossAfter - calibration.logLossBefore) < 0.01)
    }
  }

  private static let logits: [[Double]] = [
    [2, 0, -1], [0.5, 0.2, -3], [4, -2, 1], [-1, 3, 0.5], [0, 6, 1], [1, 1.5, -2],
    [0, 0.1, 5], [-3, 2, 4], [2, 2, 2.5], [7, -1, 0], [0.5, 3, 0], [-1, -2, 1],
  ]
  private static let labels = [0, 0, 0, 1, 1, 1, 2, 2, 2, 1, 2, 0]

  /// Values from SciPy's `minimize_scalar` on the smoothed loss, and NumPy.
  @Test func agreesWithSciPy() throws {
    let calibration = Calibration(
      logits: Self.logits, labels: Self.labels, source: .validation, mayTemper: false)
    #expect(abs(calibration.bestTemperature - 4.147635608) < 1e-4)
    #expect(abs(calibration.logLossBefore - 1.3017542481) < 1e-9)
    for (clip, mean, deviation) in [
      (0.0, 1.3017542481, 2.3239786721), (0.005, 1.0777066272, 1.6490633476),
      (0.1, 0.8562341391, 0.9159636480),
    ] {
      let level = try #require(calibration.clipping.levels.first { $0.clip == clip })
      #expect(abs(level.mean - mean) < 1e-9 && abs(level.deviation - deviation) < 1e-9)
    }
  }

  @Test func predictionsWithoutAMistakeStayFinite() {
    let calibration = Calibration(
      logits: (0..<40).map { $0 % 2 == 0 ? [0, -9] : [0, 9] }, labels: (0..<40).map { $0 % 2 },
      source: .validation)
    #expect(calibration.bestTemperature > 0.05 && calibration.bestTemperature < 20)
    // Forty pictures do not prove that one in two hundred is never wrong.
    #expect(calibration.clipping.best == ClipTable.standardClip)
  }

  @Test func clipLevelFollowsConfidentMistakes() {
    func table(rows: Int, mistakes: Int) -> ClipTable {
      // Certain of everything, and so wrong that a temperature would be wanted.
      Calibration(
        logits: [[Double]](repeating: [0, 14], count: rows),
        labels: (0..<rows).map { $0 < mistakes ? 0 : 1 }, source: .validation, mayTemper: false
      ).clipping
    }
    #expect(table(rows: 1000, mistakes: 50).best == 0.05)
    #expect(table(rows: 1000, mistakes: 5).best == ClipTable.standardClip)
    #expect(table(rows: 20000, mistakes: 2).best < 0.001)
    let sure = table(rows: 20000, mistakes: 0)
    #expect(sure.best > 0 && sure.best < 0.001)
    // However bad they are, a handful of pictures decides nothing.
    #expect(table(rows: 99, mistakes: 40).best == ClipTable.standardClip)
    #expect(table(rows: 100, mistakes: 40).best > ClipTable.standardClip)
  }

  @Test func expectedLogLossHasAnInterval() throws {
    let (logits, labels) = sample(rows: 400, classes: 2, overconfidence: 1)
    let table = Calibration(logits: logits, labels: labels, source: .outOfFold).clipping
    let level = try #require(table.levels.first { $0.clip == 0.02 })
    let expected = try #require(table.expectedLogLoss(clip: 0.02, pictures: 100))
    #expect(expected.mean == level.mean)
    let error = level.deviation * (1 / 400 + 1 / 100.0).squareRoot()
    #expect(abs(log(expected.interval.upperBound / level.mean) - 1.96 * error / level.mean) < 1e-9)
    #expect(abs(log(expected.interval.lowerBound / level.mean) + 1.96 * error / level.mean) < 1e-9)
    // Between two levels, and beyond the last.
    let between = try #require(table.expectedLogLoss(clip: 0.025, pictures: 100)).mean
    let next = try #require(table.levels.first { $0.clip == 0.03 })
    #expect(between > min(level.mean, next.mean) && between < max(level.mean, next.mean))
    #expect(table.expectedLogLoss(clip: 0.49, pictures: 100)?.mean == table.levels.last?.mean)
    // Nineteen of twenty intervals hold the mean of as many other pictures.
    let held = (2..<102).count { seed in
      let other = sample(rows: 100, classes: 2, overconfidence: 1, seed: UInt64(seed))
      let mean = Calibration(logits: other.logits, labels: other.labels, source: .validation)
        .clipping.levels.first { $0.clip == 0.02 }?.mean
      return expected.interval.contains(mean ?? 0)
    }
    #expect(held >= 85)
  }

  @Test func qualityGate() throws {
    let report = try EvaluationReport(
      probabilities: [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]], labels: [0, 1, 1, 1],
      classes: ["a", "b"])
    #expect(throws: Never.self) { try QualityGate().check(report, of: "any") }
    #expect(throws: Never.self) {
      try QualityGate(minimumAccuracy: 0.75, maximumLogLoss: 0.5).check(report, of: "any")
    }
    let failure = try #require(throws: QualityGateFailure.self) {
      try QualityGate(minimumAccuracy: 0.76, maximumLogLoss: 0.4).check(report, of: "validation")
    }
    #expect(failure.shortcomings.count == 2)
    #expect(failure.description.contains("validation accuracy is 0.7500 (95 %: 0.3006–0.9544)"))
    #expect(failure.description.contains("must be at most 0.4"))
  }

  /// A model or an ensemble from elsewhere may say anything of itself.
  @Test func tablesThatNobodyWroteAreRefused() throws {
    let (logits, labels) = sample(rows: 40, classes: 2, overconfidence: 1)
    let calibration = Calibration(logits: logits, labels: labels, source: .validation)
    let folder = try TemporaryFolder("calibration")
    let path = folder.file("ensemble.json")
    func read(_ change: (inout [String: Any]) -> Void) throws -> EnsembleFile {
      let file = EnsembleFile(
        members: [.init(model: "model.h5", weight: 1)], calibration: calibration)
      try file.write(to: path)
      let data = try Data(contentsOf: URL(fileURLWithPath: path))
      var root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      var said = try #require(root["calibration"] as? [String: Any])
      var table = try #require(said["clipping"] as? [String: Any])
      change(&table)
      said["clipping"] = table
      root["calibration"] = said
      try JSONSerialization.data(withJSONObject: root).write(to: URL(fileURLWithPath: path))
      return try EnsembleFile.read(path)
    }
    func level(
      _ clip: Double, _ mean: Double = 0.3, _ deviation: Double = 0.1
    ) -> [String: Double] {
      ["clip": clip, "mean": mean, "deviation": deviation, "gain": 0, "gainError": 0]
    }
    #expect(try read { _ in }.calibration == calibration)
    #expect(try read { $0["levels"] = [level(0), level(0.1)] }.calibration != nil)
    for (levels, found) in [
      ([], "no clip levels"),
      ([level(0.1), level(0.1)], "clip levels that do not ascend from 0 to below 0.5"),
      ([level(0.5)], "clip levels that do not ascend from 0 to below 0.5"),
      ([level(-0.1)], "clip levels that do not ascend from 0 to below 0.5"),
      ([level(0, 1e308), level(0.1, -1e308)], "a log loss of 1e+308"),
      ([level(0, 0.3, -1e6)], "a log loss of -1000000.0"),
    ] {
      #expect(
        throws: EnsembleError.invalid(
          path: path, expected: "a calibration with clip levels", found: found)
      ) { try read { $0["levels"] = levels } }
    }
    #expect(throws: EnsembleError.self) { try read { $0["rows"] = 0 } }
  }

  @Test func whatIsNoNumberIsNotExpected() throws {
    func table(_ levels: String) throws -> ClipTable {
      try JSONDecoder().decode(
        ClipTable.self, from: Data("{\"rows\": 9, \"levels\": [\(levels)]}".utf8))
    }
    #expect(try table("").expectedLogLoss(clip: 0.01, pictures: 5) == nil)
    let wide = "{\"clip\": 0, \"mean\": 1e-9, \"deviation\": 1e5, \"gain\": 0, \"gainError\": 0}"
    #expect(try table(wide).expectedLogLoss(clip: 0, pictures: 5) == nil)
    #expect(try table(wide).expectedLogLoss(clip: 0.01, pictures: 5) != nil)
  }
}
