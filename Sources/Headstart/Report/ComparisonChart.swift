import NeuralNetwork

/// Several trainings in one figure, a curve each against the epoch.
public enum ComparisonChart {
  /// A training, by the name in the legend, or those of a model's folds.
  public struct Run: Sendable {
    public var name: String
    /// One; of folds one each, which are drawn in one colour.
    public var histories: [[EpochRecord]]

    public init(_ name: String, _ history: [EpochRecord]) {
      self.init(name, folds: [history])
    }

    public init(_ name: String, folds: [[EpochRecord]]) {
      self.name = name
      histories = folds
    }
  }

  public enum Measure: Sendable, CaseIterable {
    case validationAccuracy, validationLogLoss, trainingAccuracy, trainingLogLoss
  }

  /// A chart for each measure, side by side, the legend in the runs' order. Trainings without a
  /// measure are left out of its chart, and a measure that none has is left out of the figure.
  ///
  /// - Returns: nil if nothing is left.
  public static func svg(
    _ runs: [Run], measures: [Measure] = [.validationAccuracy, .validationLogLoss],
    width: Double = 420, height: Double = 320
  ) -> String? {
    let longest = runs.flatMap { $0.histories.joined() }.map(\.epoch).max() ?? 0
    let axis = LineChart.Axis(
      "epoch", limits: longest > 1 ? 1...Double(longest) : nil, isWhole: true)
    let charts = measures.compactMap { measure -> LineChart? in
      let lines = runs.compactMap { run -> LineChart.Line? in
        let strands = run.histories.map { history in
          history.compactMap { record in
            value(measure, record).map { LineChart.Point(Double(record.epoch), $0) }
          }
        }.filter { !$0.isEmpty }
        return strands.isEmpty ? nil : LineChart.Line(run.name, strands: strands)
      }
      return lines.isEmpty ? nil : LineChart(x: axis, y: self.axis(of: measure), lines: lines)
    }
    return charts.isEmpty ? nil : LineChart.svg(charts, width: width, height: height)
  }

  private static func value(_ measure: Measure, _ record: EpochRecord) -> Double? {
    switch measure {
    case .validationAccuracy: record.validationAccuracy.map { 100 * $0 }
    case .validationLogLoss: record.validationLoss
    case .trainingAccuracy: 100 * record.accuracy
    case .trainingLogLoss: record.loss
    }
  }

  private static func axis(of measure: Measure) -> LineChart.Axis {
    switch measure {
    case .validationAccuracy: .init("validation accuracy (%)", possible: 0...100)
    case .validationLogLoss: .init("validation log loss (nats)", possible: 0...(.infinity))
    case .trainingAccuracy: .init("training accuracy (%)", possible: 0...100)
    case .trainingLogLoss: .init("training log loss (nats)", possible: 0...(.infinity))
    }
  }
}
