import NeuralNetwork

/// Several trainings in one figure, a curve each against the epoch.
public enum ComparisonChart {
  /// A training, by the name in the legend.
  public struct Run: Sendable {
    public var name: String
    public var history: [EpochRecord]

    public init(_ name: String, _ history: [EpochRecord]) {
      self.name = name
      self.history = history
    }
  }

  public enum Measure: Sendable, CaseIterable {
    case validationAccuracy, validationLogLoss, trainingAccuracy, trainingLogLoss
  }

  /// A chart for each measure, side by side. Trainings without it are left out of its chart, and a
  /// measure that none has is left out of the figure.
  ///
  /// - Returns: nil if nothing is left.
  public static func svg(
    _ runs: [Run], measures: [Measure] = [.validationAccuracy, .validationLogLoss],
    width: Double = 420, height: Double = 320
  ) -> String? {
    let longest = runs.compactMap { $0.history.map(\.epoch).max() }.max() ?? 0
    let axis = LineChart.Axis("epoch", limits: longest > 1 ? 1...Double(longest) : nil)
    let charts = measures.compactMap { measure -> LineChart? in
      let lines = runs.compactMap { run -> LineChart.Line? in
        let points = run.history.compactMap { record in
          value(measure, record).map { LineChart.Point(Double(record.epoch), $0) }
        }
        return points.isEmpty ? nil : LineChart.Line(run.name, points)
      }
      return lines.isEmpty ? nil : LineChart(x: axis, y: .init(label(measure)), lines: lines)
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

  private static func label(_ measure: Measure) -> String {
    switch measure {
    case .validationAccuracy: "validation accuracy (%)"
    case .validationLogLoss: "validation log loss (nats)"
    case .trainingAccuracy: "training accuracy (%)"
    case .trainingLogLoss: "training log loss (nats)"
    }
  }
}
