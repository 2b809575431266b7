import Foundation
import Kernels
import NeuralNetwork
import Pictures

/// Carries a recipe out: trains its models one after the other, judges what it ends with by the
/// validation pictures, and writes the submission.
///
/// Everything is left in a folder: each model in one of its own. Run again with the same recipe,
/// pictures and folder, it goes on where it was interrupted; where nothing has changed since it was
/// finished, it ends at once with the same results. What an earlier run of another recipe or of other
/// pictures left stays until the new results are there.
public struct RecipeRun: Sendable {
  /// What the run is at.
  public enum Event: Sendable {
    /// A model's turn has come; `isKept`: it was trained by an earlier run.
    case model(name: String, fold: Int?, isKept: Bool)
    /// Nothing has changed since an earlier run finished: its results are the results.
    case unchanged
    case head(HeadStage.Event)
    case network(NetworkStage.Event)
    case fineTuning(FineTuneStage.Event)
    /// Steps of filter maximisation.
    case filters(done: Int, total: Int)
    case predicting(ExtractionProgress)
    case remark(String)
  }

  /// What is carried out.
  public let recipe: Recipe
  /// Where it finds what it needs.
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

  /// Trains, judges, and leaves all results in the folder, `results.json` after all others.
  ///
  /// - Throws: ``RecipeError``, ``Cancelled``, and whatever the stages throw.
  public func run(
    _ data: DataSet, to folder: RunFolder, cancellation: Cancellation = Cancellation(),
    event: (Event) -> Void = { _ in }
  ) throws -> RecipeResults {
    try checkReady(data)
    let identity = try identity(data)
    if let results = finished(identity, data, in: folder) {
      event(.unchanged)
      return results
    }
    var work = RecipeWork(self, data, folder, cancellation)
    try work.prepare(event: event)
    try work.group(event: event)
    for model in recipe.models { try work.train(model, event: event) }
    let results = try work.finish(event: event)
    try folder.write(identity, to: "identity")
    return results
  }

  /// Of all that the results depend on.
  private func identity(_ data: DataSet) throws -> String {
    var hash = IdentityHash()
    hash.add(try recipe.yaml)
    hash.add(Release.version)
    hash.add(Release.codeVersions)
    hash.add("\(environment.seed) \(environment.strict) \(environment.storage.precision.rawValue)")
    for file in try recipe.weightFiles(environment) { hash.add(file: file) }
    hash.add(data, Split.allCases)
    return hash.text
  }

  /// What an earlier run of this identity came to; nil unless all of its files are there.
  private func finished(
    _ identity: String, _ data: DataSet, in folder: RunFolder
  ) -> RecipeResults? {
    let files = FileManager.default
    guard files.contents(atPath: folder.path("identity")) == Data(identity.utf8),
      let text = files.contents(atPath: folder.path("results.json")),
      let results = try? JSONDecoder().decode(RecipeResults.self, from: text),
      results.models.allSatisfy({ RecipeModelFolder.record(of: folder.path($0.place)) != nil })
    else { return nil }
    var names = ["recipe.yaml"]
    if results.members.count == 1 { names.append("model.h5") }
    let choice = recipe.submissionChoice(data.classes)
    if results.members.count > 1 || !recipe.testTime.isPlain || !choice.isEmpty {
      names.append("ensemble.json")
    }
    if results.submission != nil { names.append("submission.csv") }
    return names.allSatisfy { files.fileExists(atPath: folder.path($0)) } ? results : nil
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
  /// What this run's models took in earlier ones.
  private var earlierSeconds = 0.0
  private let start = ContinuousClock.now
  /// A number for each training picture; equal ones lie in one fold.
  private var groups: [Int] = []
  /// Whether the test pictures have different names, which a submission needs.
  var writesSubmission = false

  init(_ run: RecipeRun, _ data: DataSet, _ folder: RunFolder, _ cancellation: Cancellation) {
    recipe = run.recipe
    environment = run.environment
    self.data = data
    self.folder = folder
    self.cancellation = cancellation
  }

  /// Since the beginning, and what the models took before that.
  var seconds: Double { (ContinuousClock.now - start).seconds + earlierSeconds }

  /// Finds the training pictures that belong together, where any folds are made of them.
  mutating func group(event: (RecipeRun.Event) -> Void) throws {
    let folds = recipe.models.map(\.folds).max() ?? 0
    guard folds > 0 || recipe.models.contains(where: { $0.head?.solver == .newton }) else { return }
    let found = try FoldGroups(
      data.train.map(\.path), labels: data.train.map { $0.label ?? 0 },
      classes: data.classes.count, folds: folds, featuresFolder: environment.featuresFolder,
      pool: environment.pool, cancellation: cancellation
    ) { event(.head(.comparing(done: $0, total: $1))) }
    groups = found.numbers
    if let remark = found.remark { event(.remark(remark)) }
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
      groups: groups, seed: environment.seed)
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
      in: folder, place: place,
      identity: try RecipeModelFolder.identity(model, data, start: start, environment))
    event(.model(name: model.name, fold: fold, isKept: output.isFinished))
    if output.isReplacing {
      event(
        .remark(
          "\(place): made with other settings, pictures or weights; "
            + (output.isNext ? "stays until this run is done" : "begins anew")))
    }
    let began = seconds
    if !output.isFinished {
      try output.removeFilters()
      let result = try model.train(
        on: data, from: try start.map { try $0.classifier(environment.pool) },
        checkpoint: output.checkpoint, environment: environment, cancellation: cancellation,
        event: event)
      try output.write(result, model: model, data: data, environment: environment)
    }
    let spent = seconds - began
    try output.writeFilters(model.filters, pool: environment.pool, cancellation) {
      event(.filters(done: $0, total: $1))
    }
    let record = try output.record()
    if environment.strict, let first = record.unreadable.first {
      throw ExtractionError.unreadable(path: first.path, reason: first.reason)
    }
    if let remark = record.remark { event(.remark("\(place): \(remark)")) }
    for problem in record.unreadable { problems[problem.path] = problem.reason }
    trained[model.name, default: []].append(output)
    records.append(record)
    earlierSeconds += max(0, record.seconds - spent)
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
