import Foundation
import Headstart

/// What `run` prints.
enum RecipeText {
  static func summary(_ results: RecipeResults, _ recipe: Recipe, _ folder: RunFolder) -> String {
    let hasFolds = recipe.models.contains { $0.folds > 0 }
    let hasOutOfFold = results.models.contains { $0.outOfFold != nil }
    var rows = [
      [
        "model", "parameters", "epochs", hasFolds ? "accuracy (validation, fold)" : "val accuracy",
        "log loss",
      ] + (hasOutOfFold ? ["out of fold"] : []) + ["minutes"]
    ]
    for model in results.models {
      var row = [
        model.place, ModelSummary.grouped(model.parameters),
        model.epochs == 0 ? "" : "\(model.epochs)",
        model.validation.map { String(format: "%.4f", $0.accuracy) } ?? "",
        model.validation.map { String(format: "%.4f", $0.logLoss) } ?? "",
      ]
      if hasOutOfFold {
        row.append(model.outOfFold.map { String(format: "%.4f", $0.logLoss) } ?? "")
      }
      rows.append(row + [String(format: "%.1f", model.seconds / 60)])
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
      let what = recipe.testTime.isPlain ? "out of fold" : "out of fold, plain pictures"
      reports.append([what, "\(report.count) pictures", report.line])
    }
    if let report = results.validation {
      reports.append(["validation", "\(report.count) pictures", report.line])
    }
    if let report = results.test {
      reports.append(["test", "\(report.count) pictures", report.line])
    }
    if !reports.isEmpty { text += Console.table(reports) + "\n" }
    if let remark = ValidationChoice.remark(on: results.validationChoices ?? []) {
      text += remark + "\n"
    }
    if let submission = results.submission {
      text += "\n\(submission.path): \(submission.summary)\n"
    }
    let isEnsemble = FileManager.default.fileExists(atPath: folder.path("ensemble.json"))
    let ending = isEnsemble ? "ensemble.json" : "model.h5"
    return text
      + "\nmodel: \(folder.path(ending))  (\(describe(seconds: results.seconds)))"
  }
}
