import Foundation
import Kernels
import NeuralNetwork
import Pictures

/// Carries a recipe out: trains its models one after the other, judges what it ends with by the
/// validation pictures, and writes the submission.
///
/// Everything is left in a folder: each model in one of its own. Run again with the same recipe,
/// pictures and folder, it goes on where it was interrupted.
public struct RecipeRun: Sendable {
  public enum Event: Sendable {
    /// A model's turn has come; `isKept`: it was trained by an earlier run.
    case model(name: String, fold: Int?, isKept: Bool)
    case head(HeadStage.Event)
    case network(NetworkStage.Event)
    case fineTuning(FineTuneStage.Event)
    /// Steps of filter maximisation.
    case filters(done: Int, total: Int)
    case predicting(ExtractionProgress)
    case remark(String)
  }

  public let recipe: Recipe
  public let environment: RecipeEnvironment

  /// - Throws: ``RecipeError`` if the recipe contradicts itself.
  public init(_ recipe: Recipe, environment: RecipeEnvironment) throws {
    try recipe.check()
    self.recipe = recipe
    self.environment = environment
  }

  /// Refuses, before any work is done, what could not be carried out with these pictures: weights
  /// that are not there, a last layer that does not fit the classes, nothing to judge by.
  ///
  /// - Throws: ``RecipeError``, ``StageError/noWeights(backbone:searched:)``.
  public func checkReady(_ data: DataSet) throws { try recipe.checkReady(environment, data) }

  /// - Throws: ``RecipeError``, ``Cancelled``, and whatever the stages throw.
  public func run(
    _ data: DataSet, to folder: RunFolder, cancellation: Cancellation = Cancellation(),
    event: (Event) -> Void = { _ in }
  ) throws -> RecipeResults {
    let clock = ContinuousClock()
    let start = clock.now
    try checkReady(data)
    var work = RecipeWork(self, data, folder, cancellation)
    try work.prepare(event: event)
    for model in recipe.models { try work.train(model, event: event) }
    var results = try work.finish(event: event)
    results.seconds = (clock.now - start).seconds
    return results
  }
}

/// A recipe under way.
struct RecipeWork {
  let recipe: Recipe
  let environment: RecipeEnvironment
  let data: DataSet
  let folder: RunFolder
  let cancellation: Cancellation
  /// What was trained so far, by model: one, or one for each fold.
  private(set) var trained: [String: [RecipeModelFolder]] = [:]
  private(set) var records: [RecipeResults.Model] = []
  private(set) var problems: [String: String] = [:]
  /// Whether the test pictures have different names, which a submission needs.
  var writesSubmission = false

  init(_ run: RecipeRun, _ data: DataSet, _ folder: RunFolder, _ cancellation: Cancellation) {
    recipe = run.recipe
    environment = run.environment
    self.data = data
    self.folder = folder
    self.cancellation = cancellation
  }

  mutating func train(_ model: RecipeModel, event: (RecipeRun.Event) -> Void) throws {
    guard model.folds > 0 else {
      try train(model, on: data, fold: nil, event: event)
      return
    }
    let folds = try folds(of: model)
    for fold in 0..<model.folds {
      try train(model, on: data.fold(fold, of: folds), fold: fold, event: event)
    }
  }

  /// The fold of each training picture; the same for all models of as many folds.
  func folds(of model: RecipeModel) throws -> [Int] {
    try Folds.stratified(
      labels: data.train.map { $0.label ?? 0 }, classes: data.classes.count, folds: model.folds,
      groups: try FileGroups.ofEqualBytes(data.train.map(\.path)), seed: environment.seed)
  }

  private mutating func train(
    _ model: RecipeModel, on data: DataSet, fold: Int?, event: (RecipeRun.Event) -> Void
  ) throws {
    let place = model.name + (fold.map { "/fold-\($0 + 1)" } ?? "")
    let start = model.startsFrom.flatMap { trained[$0]?[fold ?? 0] }
    var model = model
    model.add(seed: environment.seed)
    if fold != nil { model.keepLogits() }
    let output = try RecipeModelFolder(
      folder.path(place), place: place,
      identity: try RecipeModelFolder.identity(model, data, start: start, environment))
    event(.model(name: model.name, fold: fold, isKept: output.isFinished))
    if output.isReplacing {
      event(.remark("\(place): results of other settings, pictures or weights are replaced"))
    }
    if !output.isFinished {
      try output.removeFilters()
      let result = try model.train(
        on: data, from: try start.map { try $0.classifier(environment.pool) },
        checkpoint: output.checkpoint, environment: environment, cancellation: cancellation,
        event: event)
      try output.write(result, model: model, data: data, environment: environment)
    }
    try output.writeFilters(model.filters, pool: environment.pool, cancellation) {
      event(.filters(done: $0, total: $1))
    }
    let record = try output.record()
    if let remark = record.remark { event(.remark("\(place): \(remark)")) }
    for problem in record.unreadable { problems[problem.path] = problem.reason }
    trained[model.name, default: []].append(output)
    records.append(record)
  }
}

extension RecipeModel {
  /// Varies all that is random.
  fileprivate mutating func add(seed: UInt64) {
    head?.seed &+= seed
    training?.seed &+= seed
    fineTuning?.seed &+= seed
    filters?.seed &+= seed
  }
}

extension RecipeModel {
  /// A fold's own pictures are to judge it: they must not fit its temperature.
  fileprivate mutating func keepLogits() {
    training?.calibrates = false
    fineTuning?.calibrates = false
    if head?.solver != .newton { head?.calibrates = false }
  }
}

/// Files of equal bytes, which must not lie on both sides of a fold.
enum FileGroups {
  /// A number for each path, equal for files of equal bytes.
  static func ofEqualBytes(_ paths: [String]) throws -> [Int] {
    var ofSize: [Int: [Int]] = [:]
    for (index, path) in paths.enumerated() {
      let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? nil
      ofSize[size ?? -1 - index, default: []].append(index)
    }
    var groups = Array(paths.indices)
    for members in ofSize.values where members.count > 1 {
      var first: [String: Int] = [:]
      for member in members.sorted() {
        guard let hash = try? FileHash.sha256(paths[member]) else { continue }
        groups[member] = first[hash] ?? member
        first[hash] = groups[member]
      }
    }
    return groups
  }
}
