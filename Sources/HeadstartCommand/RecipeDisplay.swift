import Headstart

/// Shows what a recipe's run is at.
final class RecipeDisplay {
  private let common: CommonOptions
  private let recipe: Recipe
  private var head: HeadStageDisplay
  private var training: FineTuneDisplay
  private let predicting: ProgressBar
  private let filters: ProgressBar

  init(_ common: CommonOptions, recipe: Recipe) {
    self.common = common
    self.recipe = recipe
    head = HeadStageDisplay(common, epochs: 0)
    training = FineTuneDisplay(common, epochs: 0)
    predicting = ProgressBar("Predictions", unit: "views", quiet: common.quiet)
    filters = ProgressBar("Filters", unit: "steps", quiet: common.quiet)
  }

  func show(_ event: RecipeRun.Event) {
    switch event {
    case .model(let name, let fold, let isKept):
      finish()
      let model = recipe.model(name)
      let number = (recipe.models.firstIndex { $0.name == name } ?? 0) + 1
      var line = "model \(number)/\(recipe.models.count): \(name)"
      if let fold, let model { line += ", fold \(fold + 1)/\(model.folds)" }
      common.note(isKept ? line + " (trained by an earlier run)" : line)
      head = HeadStageDisplay(common, epochs: model?.head?.epochs ?? 0)
      training = FineTuneDisplay(
        common, epochs: model?.fineTuning?.epochs ?? model?.training?.epochs ?? 0)
    case .unchanged:
      common.note("nothing has changed since these results were made: nothing is done again")
    case .head(let event): head.show(event)
    case .fineTuning(let event): training.show(event)
    case .network(.extraction(let progress)): training.show(.extraction(progress))
    case .network(.training(let progress)): training.show(.training(progress))
    case .predicting(let progress):
      predicting.update(progress)
      if progress.done == progress.total { predicting.finish() }
    case .filters(let done, let total):
      filters.update(done: done, total: total)
      if done == total { filters.finish() }
    case .remark(let text): Console.note("note: \(text)")
    }
  }

  func finish() {
    head.finish()
    training.finish()
    predicting.finish()
    filters.finish()
  }
}
