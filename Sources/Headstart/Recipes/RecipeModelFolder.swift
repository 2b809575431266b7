import Crypto
import Foundation
import KerasFormat
import Kernels
import NeuralNetwork
import Pictures

/// The folder of one trained model of a recipe's run.
struct RecipeModelFolder {
  let folder: RunFolder
  /// Relative to the run's folder.
  let place: String
  /// Of the settings, the start, the program's version, and the files of weights and pictures by
  /// their paths, sizes and dates.
  let identity: String
  /// Whether another model's results lay here.
  let isReplacing: Bool

  /// Makes the folder, and removes the checkpoint of another model that may lie there.
  init(_ path: String, place: String, identity: String) throws {
    folder = try RunFolder(path, command: "run")
    self.place = place
    self.identity = identity
    let started = try? String(contentsOfFile: folder.path("identity"), encoding: .utf8)
    isReplacing = started != nil && started != identity
    if started != identity {
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
    FileManager.default.fileExists(atPath: model) && (try? record()) != nil
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
    var hash = SHA256()
    func add(_ text: String) { hash.update(data: Array((text + "\n").utf8)) }
    // One model's recipe says all of its settings.
    var own = model
    own.startsFrom = nil
    // They are looked at; they change nothing.
    own.filters = nil
    add(try Recipe(name: "identity", title: "", models: [own]).yaml)
    add(start?.identity ?? "")
    add(Release.version)
    add(environment.storage.precision.rawValue)
    if let file = try model.weightFile(environment) { add(stamp(of: file)) }
    add(data.classes.joined(separator: "\n"))
    for (part, samples) in [("train", data.train), ("validation", data.validation)] {
      for sample in samples {
        add("\(part) \(sample.label ?? -1) \(stamp(of: sample.path))")
      }
    }
    return Array(hash.finalize()).hexadecimal
  }

  /// A file's path, size and date, which tell whether it is still the same.
  private static func stamp(of path: String) -> String {
    let file = (path as NSString).resolvingSymlinksInPath
    let attributes = try? FileManager.default.attributesOfItem(atPath: file)
    let size = attributes?[.size] as? Int ?? -1
    let date = (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
    return "\(size) \(date) \(path)"
  }
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
    let summary = try ModelSummary(path: self.model)
    try folder.write(summary.text + "\n", to: "summary.txt")
    if !trained.history.isEmpty {
      try folder.write(HistoryFile.text(trained.history), to: "history.csv")
      try folder.write(
        TrainingCurves.svg(trained.history, best: trained.bestEpoch), to: "curves.svg")
    } else {
      try folder.remove("history.csv")
      try folder.remove("curves.svg")
    }
    let judged = trained.validation
    try judged?.write(to: folder)
    try RecipePictures.writeSamples(judged, to: folder)
    let unreadable = Set(trained.problems.map(\.sample.path))
    try RecipePictures.writeViews(
      of: data.train.filter { !unreadable.contains($0.path) }, model,
      epochs: trained.history.count, trained.classifier.settings, to: folder)
    let record = RecipeResults.Model(
      name: model.name, place: place, parameters: summary.parameters,
      trainableParameters: summary.trainableParameters,
      training: data.train.count { !unreadable.contains($0.path) },
      epochs: trained.history.count, bestEpoch: trained.bestEpoch, validation: try judged?.report(),
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
