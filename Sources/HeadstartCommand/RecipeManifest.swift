import Foundation
import Headstart
import Pictures

/// `manifest.json` of a recipe's run: what it was made of, and so, with `recipe.yaml`, how to
/// repeat it.
struct RecipeManifest: Encodable {
  let headstart = Release.version
  let command: [String]
  let started: Date
  let recipe: String
  let data: String
  let classes: [String]
  let training, validation, test: Int
  let machine: Manifest.Machine
  let seconds: [String: Double]

  init(
    command: [String], started: Date, data: String, dataSet: DataSet, results: RecipeResults,
    threads: Int
  ) {
    self.command = command
    self.started = started
    recipe = results.recipe
    self.data = data
    classes = dataSet.classes
    training = dataSet.train.count
    validation = dataSet.validation.count
    test = dataSet.test.count
    machine = Manifest.Machine(threads: threads)
    var seconds = ["all": results.seconds]
    for model in results.models { seconds[model.place] = model.seconds }
    self.seconds = seconds
  }
}
