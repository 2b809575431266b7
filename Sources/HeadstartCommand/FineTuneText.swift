import Foundation
import Headstart

/// What `fine-tune` prints.
enum FineTuneText {
  static func summary(
    _ result: FineTuneResult, choices: [ValidationChoice], isKept: Bool, isForced: Bool,
    _ folder: RunFolder
  ) -> String {
    var rows: [[String]] = []
    if let before = result.validationBefore {
      rows.append(["before", "\(before.count) pictures", before.line])
    }
    if let after = result.validationAfter {
      rows.append(["fine-tuned", "\(after.count) pictures", after.line])
    }
    var text = Console.table(rows) + "\n"
    if let comparison = result.comparison {
      text += String(
        format: """
          log loss after − before: %+.4f, 95 %% interval %+.4f to %+.4f, p = %.2g (paired t-test \
          on %d pictures)
          only right before: %d, only right after: %d

          """, comparison.difference, comparison.differenceInterval[0],
        comparison.differenceInterval[1], comparison.pValue, comparison.count,
        comparison.onlyBeforeRight, comparison.onlyAfterRight)
    }
    switch (isKept, isForced) {
    case (true, false): text += "The fine-tuned model (epoch \(result.trained.bestEpoch)) is kept."
    case (true, true): text += "The fine-tuned model is kept, as --force asks."
    case (false, _):
      text +=
        "Fine-tuning did not lower the validation log loss: model.h5 is the model it began with."
    }
    if let remark = ValidationChoice.remark(on: choices) { text += "\n" + remark }
    return text + "\n\nmodel: \(folder.path("model.h5"))"
  }

  static func text(_ plan: FineTunePlan) -> String {
    let views = plan.training.views * plan.training.pictures + plan.validation.pictures
    var rows = [
      ["frozen up to", plan.cut],
      ["trains", plan.trained.joined(separator: ", ")],
      ["views", "\(views), \(plan.toCompute) of them to be computed"],
      ["disk for them", String(format: "%.1f GB", Double(plan.bytesOnDisk) / 1e9)],
      ["memory for them", String(format: "%.1f GB", Double(plan.bytesOfMemory) / 1e9)],
      ["time for them", describe(seconds: 60 * plan.minutes)],
    ]
    if let free = plan.training.bytesFree {
      rows.insert(["disk that is free", String(format: "%.1f GB", Double(free) / 1e9)], at: 4)
    }
    return Console.table(rows)
  }

  static func text(_ result: LearningRateFinder.Result, _ folder: RunFolder) -> String {
    let suggestion =
      result.suggestion.map { String(format: "suggested learning rate: %.1e", $0) }
      ?? "the loss never fell: there is no rate to suggest"
    return suggestion + "\n\ncurve: \(folder.path("find-lr.svg"))"
  }

  static func chart(_ result: LearningRateFinder.Result) -> LineChart {
    func line(_ name: String, _ value: (LearningRateFinder.Point) -> Double) -> LineChart.Line {
      LineChart.Line(name, result.points.map { LineChart.Point(Double($0.rate), value($0)) })
    }
    return LineChart(
      x: .init("learning rate", scale: .logarithmic), y: .init("log loss (nats)"),
      lines: [line("smoothed", \.smoothed), line("of each batch", \.loss)],
      marks: result.suggestion.map {
        [LineChart.Mark(x: Double($0), text: String(format: "suggested: %.1e", $0))]
      } ?? [])
  }

  static func csv(_ result: LearningRateFinder.Result) -> String {
    result.points.reduce("learning_rate,loss,smoothed_loss\n") {
      $0 + String(format: "%.6e,%.6f,%.6f\n", $1.rate, $1.loss, $1.smoothed)
    }
  }
}
