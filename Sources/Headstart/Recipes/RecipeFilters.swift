import Foundation
import KerasFormat
import Kernels

extension RecipeModel {
  /// - Throws: ``RecipeError``, ``FilterError`` for filters that the model will not have.
  func checkFilters(place: String) throws {
    guard let filters else { return }
    let place = "\(place).filters"
    guard let architecture = VGGWeights.Architecture(rawValue: features.backbone.rawValue) else {
      throw RecipeError(
        place, expected: "filters of a model on vgg16 or vgg19",
        found: "backbone \(features.backbone.rawValue)")
    }
    let all = architecture.convolutions
    let base = try VGGPlan(
      layer: features.layer, convolutions: all.map(\.name), dense: ["fc1", "fc2"], source: place)
    let convolutions = all.prefix(base.convolutions).map { ($0.name, $0.outputChannels) }
    do {
      _ = try filters.plan(convolutions: convolutions, source: place)
    } catch FilterError.unknownLayer(let layer, let known, _) {
      throw RecipeError("\(place).layer", oneOf: known, found: layer)
    } catch FilterError.setting(let name, let expected, let found) {
      throw RecipeError("\(place).\(name)", expected: expected, found: found)
    } catch let error as FilterError {
      throw RecipeError(place, expected: "filters that there are", found: "\(error)")
    }
  }
}

extension RecipeModelFolder {
  /// `filters.json`: what `filters.png` shows, and by which settings.
  private struct FilterRecord: Codable {
    struct Filter: Codable {
      let index: Int
      let activation: Double
    }
    let settings: FilterSettings
    let layer: String
    let filters: [Filter]
  }

  /// Shows filters of the trained model in `filters.png`, unless they are shown there already.
  ///
  /// - Parameter settings: nil for none; what an earlier run left is removed then.
  func writeFilters(
    _ settings: FilterSettings?, pool: ThreadPool, _ cancellation: Cancellation,
    progress: (_ done: Int, _ total: Int) -> Void
  ) throws {
    guard let settings else { return try removeFilters() }
    if FileManager.default.fileExists(atPath: folder.path("filters.png")),
      let data = FileManager.default.contents(atPath: folder.path("filters.json")),
      let record = try? JSONDecoder().decode(FilterRecord.self, from: data),
      record.settings == settings
    {
      return
    }
    let maximization = try FilterMaximization(
      ConvolutionalBase(try classifier(pool), name: model), settings: settings, pool: pool)
    let found = try maximization.run(cancellation: cancellation, progress: progress)
    // Never a sheet beside the settings of another.
    let sheet = try PictureGrid.filters(found)
    try folder.remove("filters.json")
    try folder.write(sheet, to: "filters.png")
    try folder.write(
      json: FilterRecord(
        settings: settings, layer: maximization.layer,
        filters: found.map { .init(index: $0.index, activation: $0.activation) }),
      to: "filters.json")
  }

  func removeFilters() throws {
    try folder.remove("filters.png")
    try folder.remove("filters.json")
  }
}
