import KerasFormat
import NeuralNetwork

/// One model of a recipe: what it sees, what it is made of, and how it is trained.
///
/// It is one of three: a ``head`` on a frozen backbone; a ``network`` on pixels or on a backbone's
/// features, trained as a whole; the ``fineTuning`` of a model that comes before it.
public struct RecipeModel: Sendable, Equatable {
  public var name: String
  /// The size and preparation of the pictures, the backbone and its layer.
  public var features: FeatureSettings
  public var head: HeadSettings?
  public var network: NetworkArchitecture?
  /// How ``network`` is trained.
  public var training: NetworkSettings?
  /// What stands below ``network`` with weights of its own, frozen.
  public var denseBlock: DenseBlock?
  /// The model that ``fineTuning`` begins with.
  public var startsFrom: String?
  public var fineTuning: FineTuneSettings?
  /// 2 or more: one model for each fold of the training pictures, trained on the others, their
  /// probabilities averaged; 0 for one model trained on all.
  public var folds = 0
  /// Filters of its convolutional base, shown in `filters.png` when it is trained; nil for none.
  public var filters: FilterSettings?
  /// Whether `architecture.json` and `weights.h5`, Keras' `to_json()` and `save_weights()`, are
  /// written beside `model.h5`.
  public var savesParts = false

  /// Pretrained layers between the features and the network.
  public struct DenseBlock: Codable, Sendable, Equatable {
    public enum Name: String, Codable, Sendable, CaseIterable {
      /// fast.ai's VGG16BN: (dense 4096, ReLU, batch normalisation, dropout .5) twice.
      case vgg16bn
    }

    public var name: Name
    /// Of its batch normalisation; the weight file does not say what it was trained with, which by
    /// Keras' version is 10⁻⁵ to 10⁻³.
    public var epsilon: Float = 1e-3

    public init(_ name: Name) { self.name = name }
  }

  public init(name: String, features: FeatureSettings) {
    self.name = name
    self.features = features
  }

  /// Files of a run's folder, which no model's folder can be called.
  static let reserved = [
    "model.h5", "ensemble.json", "submission.csv", "results.json", "manifest.json",
    "comparison.svg", "identity",
  ]

  /// - Parameter earlier: the models before this one.
  func check(place: String, earlier: [String: RecipeModel]) throws {
    guard !name.isEmpty, name.count <= 64, !name.hasPrefix("."), !name.contains(".."),
      !["h5", "json", "csv", "svg", "png", "yaml"].contains(
        String(name.split(separator: ".").last ?? "")) || !name.contains("."),
      name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) })
    else {
      throw RecipeError(
        "\(place).name", expected: "a name of letters, digits, -, _ and .", found: "'\(name)'")
    }
    let kinds = [
      ("head", head != nil), ("network", network != nil), ("fineTuning", fineTuning != nil),
    ].filter(\.1).map(\.0)
    guard kinds.count == 1 else {
      throw RecipeError(
        place, expected: "one of head, network and fineTuning",
        found: kinds.isEmpty ? "none" : kinds.joined(separator: " and "))
    }
    guard (fineTuning != nil) == (startsFrom != nil) else {
      throw RecipeError(
        place, expected: "startsFrom and fineTuning together",
        found: fineTuning == nil ? "startsFrom alone" : "fineTuning alone")
    }
    guard (network != nil) == (training != nil) else {
      throw RecipeError(
        place, expected: "network and training together",
        found: network == nil ? "training alone" : "network alone")
    }
    guard denseBlock == nil || network != nil && features.backbone == .vgg16 else {
      throw RecipeError(
        "\(place).denseBlock", expected: "none but between vgg16 and a network", found: "one")
    }
    guard denseBlock.map({ $0.epsilon > 0 && $0.epsilon <= 1 }) ?? true else {
      throw RecipeError(
        "\(place).denseBlock.epsilon", expected: "above 0 up to 1",
        found: "\(denseBlock?.epsilon ?? 0)")
    }
    guard folds == 0 || (2...100).contains(folds) else {
      throw RecipeError("\(place).folds", expected: "0, or 2 to 100 folds", found: "\(folds)")
    }
    if let startsFrom {
      guard let start = earlier[startsFrom] else {
        throw RecipeError(
          "\(place).startsFrom", expected: "the name of a model before it", found: startsFrom,
          suggestion: NearestName.to(startsFrom, among: earlier.keys.sorted()))
      }
      // A model that had seen the pictures of every fold would make the folds meaningless.
      guard start.folds == folds else {
        throw RecipeError(
          "\(place).folds", expected: "\(start.folds) folds, as \(startsFrom) has",
          found: "\(folds)")
      }
    }
    let range = 1...4096
    guard range.contains(features.height), range.contains(features.width) else {
      throw RecipeError(
        "\(place).pictures.size", expected: "1 to 4096 pixels a side",
        found: "\(features.height) × \(features.width)")
    }
    try checkParts(place)
    try checkFilters(place: place)
    try RecipeError.naming("\(place).head") { try head?.check(classes: 2, hasValidation: true) }
    try RecipeError.naming("\(place).fineTuning") { try fineTuning?.check() }
    try RecipeError.naming("\(place).training") { try training?.check(hasValidation: true) }
    try RecipeError.naming("\(place).network") { try network?.check(inputShape: networkInput) }
  }

  /// Refuses names of parts that the backbone does not have, which only come to light after hours
  /// otherwise.
  private func checkParts(_ place: String) throws {
    guard let network = features.backbone.architecture else {
      guard features.layer == "input" else {
        throw RecipeError(
          "\(place).layer", expected: "input, for there is no backbone", found: features.layer)
      }
      return
    }
    let convolutions = network.convolutions.map(\.name)
    let blocks = network.blocks.indices.map { "block\($0 + 1)" }
    let layers = convolutions + blocks.map { "\($0)_pool" } + ["fc1", "fc2"]
    guard layers.contains(features.layer) else {
      throw RecipeError("\(place).layer", oneOf: layers, found: features.layer)
    }
    guard let fineTuning else { return }
    let parts = ["all"] + blocks + convolutions
    guard parts.contains(fineTuning.unfreeze) else {
      throw RecipeError(
        "\(place).fineTuning.unfreeze", oneOf: parts, found: fineTuning.unfreeze)
    }
    // A layer of the head may have any name.
    for part in fineTuning.rateFactors.keys.sorted()
    where part.hasPrefix("block") && !parts.contains(part) {
      throw RecipeError(
        "\(place).fineTuning.rateFactors", oneOf: parts.dropFirst() + ["head"], found: part)
    }
  }

  /// What the network sees, where that is known before any weights are read.
  var networkInput: [Int]? {
    if features.backbone == .none { return [features.height, features.width, 3] }
    return denseBlock == nil ? nil : [4096]
  }
}

extension Backbone {
  /// Nil where there is none.
  fileprivate var architecture: VGGWeights.Architecture? {
    switch self {
    case .vgg16: .vgg16
    case .vgg19: .vgg19
    case .none: nil
    }
  }
}
