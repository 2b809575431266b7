import Foundation
import KerasFormat
import Pictures
import Yams

extension Recipe {
  /// Reads a recipe.
  ///
  /// - Parameters:
  ///   - file: what messages call it.
  ///   - overrides: `place=value`, such as `models.bottleneck.head.epochs=5`, the value being YAML;
  ///     models are named.
  /// - Throws: ``RecipeError``, which names the place.
  public init(yaml: String, file: String, overrides: [String] = []) throws {
    var tree = try JSONValue(yaml: yaml, file: file)
    // What holds for all models is said before they are; the rest of what is written out in full,
    // so that one value of several can be set.
    let common = overrides.filter { $0.hasPrefix("pictures.") }
    for override in common {
      try tree.refuseHidden(override)
      try tree.override(override)
    }
    try self.init(tree, file: file)
    if common.count < overrides.count {
      var full = try JSONValue(yaml: try self.yaml, file: file)
      for override in overrides where !common.contains(override) { try full.override(override) }
      try self.init(full, file: file)
    }
    try check()
  }

  private static let names: Set = [
    "name", "title", "source", "published", "notes", "pictures", "models", "result", "testTime",
    "clip", "positive",
  ]

  private init(_ tree: JSONValue, file: String) throws {
    try tree.checkNames(Self.names, place: file)
    func value<Value: Decodable>(_ name: String, _ fallback: Value) throws -> Value {
      try tree[name]?.decoded(place: "\(file): \(name)") ?? fallback
    }
    let name: String = try value("name", "")
    guard !name.isEmpty else { throw RecipeError(file, expected: "a name", found: "none") }
    guard case .array(let list) = tree["models"] ?? .null else {
      throw RecipeError(
        "\(file): models", expected: "a list of models", found: (tree["models"] ?? .null).kind)
    }
    let pictures = try FeatureSettings(
      pictures: tree["pictures"] ?? .object([:]), over: FeatureSettings(),
      place: "\(file): pictures")
    var models: [RecipeModel] = []
    for (index, member) in list.enumerated() {
      models.append(
        try RecipeModel(
          member, pictures: pictures, earlier: models, place: "\(file): models", number: index + 1))
    }
    let testTime: TestTime
    switch tree["testTime"] {
    case nil: testTime = TestTime()
    case .string("flip"): testTime = TestTime(views: 2)
    case .integer(let views): testTime = TestTime(views: views)
    case .object(let members)?:
      try JSONValue.object(members).checkNames(
        ["views", "augmentation"], place: "\(file): testTime")
      try members["augmentation"]?.checkAugmentation(place: "\(file): testTime.augmentation")
      testTime = try JSONValue.object(["views": .integer(1)].merging(members) { $1 })
        .decoded(place: "\(file): testTime")
    case let other?:
      throw RecipeError(
        "\(file): testTime", expected: "flip, a number of views, or views and augmentation",
        found: other.kind, suggestion: NearestName.to(other.text, among: ["flip"]))
    }
    let result: Result?
    switch tree["result"] {
    case nil: result = nil
    case .string(let model): result = Result(models: [model])
    case .array(let names)?:
      result = Result(
        models: try JSONValue.array(names).decoded(place: "\(file): result"))
    case let other?:
      try other.checkNames(["models", "weights"], place: "\(file): result")
      result = try Result(
        models: (other["models"] ?? .null).decoded(place: "\(file): result.models"),
        weights: other["weights"]?.decoded(place: "\(file): result.weights"))
    }
    self.init(
      name: name, title: try value("title", ""), source: try value("source", ""),
      published: try value("published", ""), notes: try value("notes", []), models: models,
      result: result, testTime: testTime, clip: try tree["clip"]?.decoded(place: "\(file): clip"),
      positive: try tree["positive"]?.decoded(place: "\(file): positive"))
  }
}

extension RecipeModel {
  private static let names: Set = [
    "name", "pictures", "backbone", "layer", "head", "network", "training", "denseBlock",
    "startsFrom", "fineTuning", "folds", "filters", "savesParts",
  ]

  fileprivate init(
    _ tree: JSONValue, pictures: FeatureSettings, earlier: [RecipeModel], place list: String,
    number: Int
  ) throws {
    let name: String = try tree["name"]?.decoded(place: "\(list).\(number).name") ?? ""
    // By its name, as --set has it.
    let place = "\(list).\(name.isEmpty ? "\(number)" : name)"
    try tree.checkNames(Self.names, place: place)
    let startsFrom: String? = try tree["startsFrom"]?.decoded(place: "\(place).startsFrom")
    var features = earlier.first { $0.name == startsFrom }?.features ?? pictures
    if let startsFrom, tree["backbone"] != nil || tree["layer"] != nil || tree["pictures"] != nil {
      throw RecipeError(
        place, expected: "the pictures and backbone of \(startsFrom)", found: "others")
    }
    if startsFrom == nil {
      let backbone: Backbone =
        try tree["backbone"]?.decoded(place: "\(place).backbone")
        ?? (tree["network"] != nil ? .none : features.backbone)
      features = FeatureSettings(
        backbone: backbone, layer: try tree["layer"]?.decoded(place: "\(place).layer"),
        height: features.height, width: features.width, preprocessing: features.preprocessing,
        interpolation: features.interpolation, ignoreEXIF: features.ignoreEXIF,
        arithmetic: features.arithmetic)
      features = try FeatureSettings(
        pictures: tree["pictures"] ?? .object([:]), over: features, place: "\(place).pictures")
    }
    self.init(name: name, features: features)
    self.startsFrom = startsFrom
    head = try tree["head"].map { try HeadSettings($0, place: "\(place).head") }
    network = try tree["network"]?.decoded(place: "\(place).network")
    try network?.checkNames(place: "\(place).network")
    training = try tree["training"].map { try NetworkSettings($0, place: "\(place).training") }
    denseBlock = try tree["denseBlock"].map {
      try DenseBlock($0, place: "\(place).denseBlock")
    }
    fineTuning = try tree["fineTuning"].map {
      try FineTuneSettings($0, place: "\(place).fineTuning")
    }
    folds = try tree["folds"]?.decoded(place: "\(place).folds") ?? 0
    savesParts = try tree["savesParts"]?.decoded(place: "\(place).savesParts") ?? false
    filters = try tree["filters"].map { try FilterSettings($0, place: "\(place).filters") }
  }
}

extension RecipeModel.DenseBlock {
  /// From its name alone, or its name and more.
  fileprivate init(_ tree: JSONValue, place: String) throws {
    guard case .object = tree else {
      self.init(try tree.decoded(place: place))
      return
    }
    try tree.checkNames(["name", "epsilon"], place: place)
    self.init(try (tree["name"] ?? .null).decoded(place: "\(place).name"))
    if let epsilon = tree["epsilon"] {
      self.epsilon = try epsilon.decoded(place: "\(place).epsilon")
    }
  }
}

extension FeatureSettings {
  /// From `size` (or `height` and `width`), `preprocessing`, `interpolation`, `ignoreEXIF` and
  /// `arithmetic`.
  fileprivate init(pictures: JSONValue, over defaults: FeatureSettings, place: String) throws {
    try pictures.checkNames(
      ["size", "height", "width", "preprocessing", "interpolation", "ignoreEXIF", "arithmetic"],
      place: place)
    guard case .object(var members) = pictures else { preconditionFailure("names were checked") }
    if let size = members.removeValue(forKey: "size") {
      let _: Int = try size.decoded(place: "\(place).size")
      members["height"] = size
      members["width"] = size
    }
    try self.init(.object(members), over: defaults, place: place)
  }
}

extension JSONValue {
  /// Sets one value: `clip=.01`, `models.bottleneck.head.epochs=5`.
  fileprivate mutating func override(_ text: String) throws {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let path = parts[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !path.contains("") else {
      throw RecipeError("--set", expected: "place=value", found: "'\(text)'")
    }
    let value = try JSONValue(yaml: String(parts[1]), file: "--set \(text)")
    try set(value, at: path[...], of: path)
  }

  /// Refuses a setting of all pictures that a model's own would hide.
  fileprivate func refuseHidden(_ text: String) throws {
    guard let name = text.dropFirst("pictures.".count).split(separator: "=").first,
      case .array(let models)? = self["models"]
    else { return }
    let size: Set = ["size", "height", "width"]
    let names = size.contains(String(name)) ? size : [String(name)]
    let own = models.filter { model in
      names.contains { model["pictures"]?[$0] != nil }
    }
    guard case .string(let first)? = own.first?["name"] else { return }
    throw RecipeError(
      "--set pictures.\(name)", expected: "models without a \(name) of their own",
      found: "\(own.count) that have one: set models.\(first).pictures.\(name)"
        + (name == "size" ? ", or --size for all" : ""))
  }

  private mutating func set(
    _ value: JSONValue, at path: ArraySlice<String>, of whole: [String]
  ) throws {
    guard let name = path.first else {
      self = value
      return
    }
    let place = "--set " + whole.dropLast(path.count).joined(separator: ".")
    switch self {
    case .object(var members):
      // What is null in full is left out, and may be set as if it were there.
      var member = members[name].flatMap { $0 == .null ? nil : $0 } ?? .object([:])
      try member.set(value, at: path.dropFirst(), of: whole)
      members[name] = member
      self = .object(members)
    case .array(var items):
      let number = Int(name).flatMap { items.indices.contains($0) ? $0 : nil }
      guard let index = items.firstIndex(where: { $0["name"] == .string(name) }) ?? number else {
        let names = items.compactMap { item -> String? in
          if case .string(let name)? = item["name"] { name } else { nil }
        }
        guard !names.isEmpty else {
          throw RecipeError(
            place, expected: "a number from 0 to \(items.count - 1)", found: ".\(name)")
        }
        throw RecipeError(place, oneOf: names, found: name)
      }
      try items[index].set(value, at: path.dropFirst(), of: whole)
      self = .array(items)
    default:
      throw RecipeError(place, expected: "a value, which has no members", found: ".\(name)")
    }
  }
}
