import Foundation
import Headstart
import Kernels
import Pictures

/// `manifest.json` of a recipe's run: what it was made of, and so, with `recipe.yaml`, how to
/// repeat it.
struct RecipeManifest: Encodable {
  struct File: Encodable {
    let path: String
    let sha256: String
  }

  let headstart = Release.version
  let command: [String]
  let started: Date
  let recipe: String
  let seed: UInt64
  let data: Manifest.Data
  let test: Int
  /// The pretrained weights.
  let weights: [File]
  /// The models that came out, by their paths in the run's folder.
  let models: [File]
  let machine: Manifest.Machine
  /// Seconds of each model and of all.
  let seconds: [String: Double]
  let unreadable: [Manifest.Unreadable]

  init(
    command: [String], started: Date, data: String, dataSet: DataSet, recipe: Recipe,
    environment: RecipeEnvironment, results: RecipeResults, folder: RunFolder
  ) throws {
    self.command = command
    self.started = started
    self.recipe = recipe.name
    seed = environment.seed
    let unreadable = Set(results.unreadable.map(\.path))
    self.data = Manifest.Data(
      path: data, classes: dataSet.classes, training: dataSet.train.count,
      validation: dataSet.validation.count,
      sha256: try Manifest.dataHash(of: dataSet, without: unreadable))
    test = dataSet.test.count
    weights = try recipe.weightFiles(environment).map {
      File(path: $0, sha256: try FileHash.sha256($0))
    }
    models = try results.models.map {
      let path = $0.place + "/model.h5"
      return File(path: path, sha256: try FileHash.sha256(folder.path(path)))
    }
    machine = Manifest.Machine(threads: environment.pool.threads)
    var seconds = ["all": results.seconds]
    for model in results.models { seconds[model.place] = model.seconds }
    self.seconds = seconds
    self.unreadable = results.unreadable
  }
}
