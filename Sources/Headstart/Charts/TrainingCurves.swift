import Foundation
import NeuralNetwork

/// `curves.svg`: how a training went.
public enum TrainingCurves {
  /// Loss and accuracy against the epoch, side by side; of `newton` the out-of-fold log loss against
  /// the strength.
  public static func svg(_ trained: TrainedHead) -> String {
    if let regression = trained.regression { return svg(regression) }
    return svg(trained.history, best: trained.bestEpoch)
  }

  /// - Parameter best: the epoch whose weights were kept, if not simply the last.
  public static func svg(_ history: [EpochRecord], best: Int? = nil) -> String {
    func line(_ name: String, _ value: (EpochRecord) -> Double?) -> LineChart.Line? {
      let points = history.compactMap { record in
        value(record).map { LineChart.Point(Double(record.epoch), $0) }
      }
      return points.isEmpty ? nil : LineChart.Line(name, points)
    }
    let marks =
      best.flatMap { best in
        best == history.last?.epoch
          ? nil : [LineChart.Mark(x: Double(best), text: "kept: epoch \(best)")]
      } ?? []
    let epochs = history.count > 1 ? 1...Double(history.count) : nil
    let axis = LineChart.Axis("epoch", limits: epochs, isWhole: true)
    return LineChart.svg([
      LineChart(
        x: axis, y: .init("log loss (nats)", possible: 0...(.infinity)),
        lines: [line("train", \.loss), line("validation", \.validationLoss)].compactMap { $0 },
        marks: marks),
      LineChart(
        x: axis, y: .init("accuracy (%)", possible: 0...100),
        lines: [
          line("train") { 100 * $0.accuracy },
          line("validation") { $0.validationAccuracy.map { 100 * $0 } },
        ].compactMap { $0 }, marks: marks),
    ])
  }

  /// The out-of-fold log loss at each strength tried.
  static func svg(_ regression: RegressionReport) -> String {
    LineChart(
      x: .init("strength λ of the regularisation", scale: .logarithmic),
      y: .init("out-of-fold log loss (nats)"),
      lines: [
        LineChart.Line(
          "out of fold",
          zip(regression.strengths, regression.logLosses).map { LineChart.Point($0, $1) })
      ],
      marks: [
        LineChart.Mark(
          x: regression.chosen, text: "chosen: λ = \(String(format: "%.3g", regression.chosen))")
      ]
    ).svg()
  }
}
