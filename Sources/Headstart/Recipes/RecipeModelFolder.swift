import Foundation
import KerasFormat
import Kernels
import NeuralNetwork
import Pictures

/// The folder of one trained model of a recipe's run.
///
/// Where a finished model of other settings stands in its place, that one stays there until the run
/// is done: the new one is made in ``next``, and ``takePlace(in:)`` puts it in place.
struct RecipeModelFolder {
  /// What is to take the place of finished models, in the run's folder.
  static let next = ".next"

  let folder: RunFolder
  /// Relative to the run's folder.
  let place: String
  /// Of the settings, the start, the program's version, and the files of weights and pictures by
  /// their paths, sizes and dates.
  let identity: String
  /// Whether another model's results lie in its place.
  let isReplacing: Bool
  /// Whether this is not its place yet.
  let isNext: Bool

  /// Makes the folder, and removes what another unfinished model may have left there.
  ///
  /// - Parameter run: the run's folder.
  init(in run: RunFolder, place: String, identity: String) throws {
    let final = run.path(place)
    let next = run.path("\(Self.next)/\(place)")
    let there = Self.identity(of: final)
    isNext =
      there != identity && (Self.identity(of: next) == identity || Self.record(of: final) != nil)
    folder = try RunFolder(isNext ? next : final, command: "run")
    self.place = place
    self.identity = identity
    isReplacing = there != nil && there != identity
    if Self.identity(of: folder.folder) != identity {
      try folder.remove("checkpoint.h5")
      try folder.remove("metrics.json")
      try folder.write(identity, to: "identity")
    }
  }

  var checkpoint: String { folder.path("checkpoint.h5") }
  var model: String { folder.path("model.h5") }

  /// Whether the model was trained by this run or by an earlier one with the same settings,
  /// pictures and start.
  var isFinished: Bool {
    Self.record(of: folder.folder) != nil
  }

  private static func identity(of folder: String) -> String? {
    try? String(
      contentsOfFile: (folder as NSString).appendingPathComponent("identity"), encoding: .utf8)
  }

  /// Of a finished model; nil where there is none.
  static func record(of folder: String) -> RecipeResults.Model? {
    let folder = folder as NSString
    guard FileManager.default.fileExists(atPath: folder.appendingPathComponent("model.h5"))
    else { return nil }
    return FileManager.default.contents(atPath: folder.appendingPathComponent("metrics.json"))
      .flatMap { try? JSONDecoder().decode(RecipeResults.Model.self, from: $0) }
  }

  func classifier(_ pool: ThreadPool) throws -> Classifier {
    try Classifier.load(model, pool: pool)
  }

  /// What ``write(_:model:data:environment:)`` left.
  func record() throws -> RecipeResults.Model {
    try JSONDecoder().decode(
      RecipeResults.Model.self,
      from: try Data(contentsOf: URL(fileURLWithPath: folder.path("metrics.json"))))
  }

  /// Of a training by epochs; nil for another.
  func history() throws -> [EpochRecord]? {
    let path = folder.path("history.csv")
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let records = HistoryFile.records(try CSVFile.read(path).map(\.fields))
    return records.isEmpty ? nil : records
  }

  /// The validation predictions, plain pictures.
  func predictions() throws -> [RecipeResults.Judged] {
    try JSONDecoder().decode(
      [RecipeResults.Judged].self,
      from: try Data(contentsOf: URL(fileURLWithPath: folder.path("predictions.json"))))
  }

  static func identity(
    _ model: RecipeModel, _ data: DataSet, start: RecipeModelFolder?,
    _ environment: RecipeEnvironment
  ) throws -> String {
    var hash = IdentityHash()
    // One model's recipe says all of its settings.
    var own = model
    own.startsFrom = nil
    // They are looked at; they change nothing.
    own.filters = nil
    hash.add(try Recipe(name: "identity", title: "", models: [own]).yaml)
    hash.add(start?.identity ?? "")
    hash.add(Release.version)
    hash.add(Release.codeVersions)
    hash.add("\(model.features.arithmetic.rawValue) \(model.features.arithmetic.codeVersion)")
    hash.add(environment.storage.precision.rawValue)
    if let file = try model.weightFile(environment) { hash.add(file: file) }
    hash.add(data, [.train, .validation])
    return hash.text
  }

  /// Puts the model in its place in the run's folder, and removes the one that was there.
  ///
  /// Killed in between, the model is found in ``next`` again.
  func takePlace(in run: RunFolder) throws {
    guard isNext else { return }
    let files = FileManager.default
    let place = run.path(place)
    // What is not ours, folds among it, stays.
    let ours = Set(try files.contentsOfDirectory(atPath: folder.folder)).union(Self.files)
    for name in (try? files.contentsOfDirectory(atPath: place)) ?? [] where !ours.contains(name) {
      try files.moveItem(
        atPath: (place as NSString).appendingPathComponent(name), toPath: folder.path(name))
    }
    if files.fileExists(atPath: place) {
      try files.moveItem(
        atPath: place, toPath: run.path("\(Self.next)/.replaced-\(UUID().uuidString)"))
    }
    try StageError.create(folder: (place as NSString).deletingLastPathComponent)
    try files.moveItem(atPath: folder.folder, toPath: place)
  }

  /// What a model may leave in its folder.
  private static let files: Set = [
    "identity", "checkpoint.h5", "model.h5", "summary.txt", "history.csv", "curves.svg",
    "confusion.svg", "predictions.csv", "misclassified.png", "samples.png", "augmented.png",
    "predictions.json", "metrics.json", "filters.png", "filters.json", "strip.png",
    "architecture.json", "weights.h5",
  ]
}

extension RecipeModelFolder {
  /// Writes the model and everything that shows how good it is, `metrics.json` last.
  func write(
    _ trained: TrainedRecipeModel, model: RecipeModel, data: DataSet,
    environment: RecipeEnvironment
  ) throws {
    try trained.classifier.save(
      to: self.model, optimizer: trained.optimizer,
      labelSmoothing: model.labelSmoothing)
    if model.savesParts {
      let keras = try KerasModel(path: self.model)
      try folder.write(keras.architecture + "\n", to: "architecture.json")
      try keras.writeWeights(to: folder.path("weights.h5"))
    } else {
      try folder.remove("architecture.json")
      try folder.remove("weights.h5")
    }
    let summary = try ModelSummary(path: self.model)
    try folder.write(summary.text + "\n", to: "summary.txt")
    if let regression = trained.regression {
      try folder.write(HistoryFile.text(regression), to: "history.csv")
      try folder.write(TrainingCurves.svg(regression), to: "curves.svg")
    } else if !trained.history.isEmpty {
      try folder.write(HistoryFile.text(trained.history), to: "history.csv")
      try folder.write(
        TrainingCurves.svg(trained.history, best: trained.bestEpoch), to: "curves.svg")
    } else {
      try folder.remove("history.csv")
      try folder.remove("curves.svg")
    }
    let judged = trained.validation
    if let judged {
      try judged.write(to: folder)
    } else {
      try JudgedPredictions.remove(from: folder)
    }
    try RecipePictures.writeSamples(judged, to: folder)
    let unreadable = Set(trained.problems.map(\.sample.path))
    let readable = data.train.filter { !unreadable.contains($0.path) }
    try RecipePictures.writeStrip(of: readable, to: folder)
    try RecipePictures.writeViews(
      of: readable, model,
      epochs: trained.history.count, trained.classifier.settings, to: folder)
    let record = RecipeResults.Model(
      name: model.name, place: place, parameters: summary.parameters,
      trainableParameters: summary.trainableParameters,
      training: readable.count,
      epochs: trained.history.count, bestEpoch: trained.bestEpoch, pooling: trained.pooling,
      strength: trained.strength, validation: try judged?.report(), outOfFold: trained.outOfFold,
      unreadable: trained.problems.map {
        Manifest.Unreadable(path: $0.sample.path, reason: $0.reason)
      },
      remark: trained.remark, seconds: trained.seconds)
    try folder.write(
      json: judged.map { zip($0.predictions, $0.labels).map(RecipeResults.Judged.init) } ?? [],
      to: "predictions.json")
    try folder.write(json: record, to: "metrics.json")
    try folder.remove("checkpoint.h5")
  }
}

extension RecipeModel {
  fileprivate var labelSmoothing: Float {
    head?.labelSmoothing ?? training?.labelSmoothing ?? fineTuning?.labelSmoothing ?? 0
  }

  /// What its training pictures are varied by; nil for not at all.
  var augmentation: Augmentation? {
    let used = training?.augmentation ?? fineTuning?.augmentation
    return used.flatMap { $0.isNeutral ? nil : $0 }
  }
}
