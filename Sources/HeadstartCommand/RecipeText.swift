import Foundation
import Headstart

/// What `run` prints.
enum RecipeText {
  static func summary(_ results: RecipeResults, _ recipe: Recipe, _ folder: RunFolder) -> String {
    let hasFolds = recipe.models.contains { $0.folds > 0 }
    var rows = [
      [
        "model", "parameters", "epochs", hasFolds ? "accuracy (validation, fold)" : "val accuracy",
        "log loss", "minutes",
      ]
    ]
    for model in results.models {
      rows.append([
        model.place, number(model.parameters), model.epochs == 0 ? "" : "\(model.epochs)",
        model.validation.map { String(format: "%.4f", $0.accuracy) } ?? "",
        model.validation.map { String(format: "%.4f", $0.logLoss) } ?? "",
        String(format: "%.1f", model.seconds / 60),
      ])
    }
    var text = Console.table(rows) + "\n"
    let views =
      recipe.testTime.isPlain
      ? "" : ", \(results.views) view\(results.views == 1 ? "" : "s") of each picture"
    let members = results.members
    let what =
      members.count == 1
      ? members[0].model.replacingOccurrences(of: "/model.h5", with: "")
      : "mean of \(members.count) models"
    text += "\nresult: \(what)\(views)\n"
    if members.count > 1, Set(members.map(\.weight)).count > 1 {
      for member in members {
        text += String(format: "  %.3f  ", member.weight) + member.model + "\n"
      }
    }
    var reports: [[String]] = []
    if let report = results.outOfFold {
      reports.append(["out of fold", "\(report.count) pictures", report.line])
    }
    if let report = results.validation {
      reports.append(["validation", "\(report.count) pictures", report.line])
    }
    if let report = results.test {
      reports.append(["test", "\(report.count) pictures", report.line])
    }
    if !reports.isEmpty { text += Console.table(reports) + "\n" }
    if let submission = results.submission {
      text += "\n\(submission.path): \(submission.rows) rows, clipped at \(submission.clip)"
      if let expected = submission.expectedLogLoss,
        let interval = submission.expectedLogLossInterval
      {
        text += String(
          format: "; expected log loss %.4f (95 %%: %.4f–%.4f)", expected, interval[0],
          interval[1])
      }
      text += "\n"
    }
    let ending = members.count == 1 && recipe.testTime.isPlain ? "model.h5" : "ensemble.json"
    return text
      + "\nmodel: \(folder.path(ending))  (\(describe(seconds: results.seconds)))"
  }

  /// 1,212,513
  private static func number(_ value: Int) -> String {
    let digits = String(value)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text += "," }
      text.append(digit)
    }
    return text
  }
}
