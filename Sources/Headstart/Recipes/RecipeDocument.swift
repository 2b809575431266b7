import Foundation
import KerasFormat
import Pictures
import Yams

extension Recipe {
  /// The recipe as YAML, every setting written out, in the form that ``init(yaml:file:overrides:)``
  /// reads.
  public var yaml: String {
    get throws {
      let encoded = try JSONEncoder().encode(RecipeDocument(self))
      let tree = try JSONDecoder().decode(JSONValue.self, from: encoded)
      return try Yams.serialize(node: tree.node, width: 100, allowUnicode: true)
    }
  }
}

extension JSONValue {
  /// Names that come before others, which stand in alphabetical order.
  private static let order = [
    "name", "title", "source", "published", "notes", "startsFrom", "pictures", "backbone", "layer",
    "denseBlock", "head", "network", "training", "fineTuning", "folds", "filters", "savesParts",
    "models", "result", "testTime", "clip", "positive",
  ]

  fileprivate var node: Node {
    get throws {
      switch self {
      case .null: return Node("null", Tag(.null))
      case .bool(let value): return Node("\(value)", Tag(.bool))
      case .integer(let value): return Node("\(value)", Tag(.int))
      case .number(let value): return Node("\(value)", Tag(.float))
      case .string(let value): return try value.represented()
      case .array(let values): return Node(try values.map { try $0.node })
      case .object(let members):
        func rank(_ name: String) -> (Int, String) {
          (Self.order.firstIndex(of: name) ?? Self.order.count, name)
        }
        let pairs = try members.sorted { rank($0.key) < rank($1.key) }
          .map { member -> (Node, Node) in
            (try member.key.represented(), try member.value.node)
          }
        return Node(pairs)
      }
    }
  }
}

/// A recipe as it is written down, in the order in which it is read.
private struct RecipeDocument: Encodable {
  let name, title, source, published: String
  let notes: [String]
  let models: [Model]
  let result: Recipe.Result
  let testTime: TestTime
  let clip: Double?
  let positive: String?

  init(_ recipe: Recipe) {
    name = recipe.name
    title = recipe.title
    source = recipe.source
    published = recipe.published
    notes = recipe.notes
    models = recipe.models.map(Model.init)
    result = recipe.result
    testTime = recipe.testTime
    clip = recipe.clip
    positive = recipe.positive
  }

  struct Model: Encodable {
    let name: String
    let startsFrom: String?
    let pictures: Preparation?
    let backbone: Backbone?
    let layer: String?
    let denseBlock: RecipeModel.DenseBlock?
    let head: HeadSettings?
    let network: NetworkArchitecture?
    let training: NetworkSettings?
    let fineTuning: FineTuneSettings?
    let folds: Int
    let filters: FilterSettings?
    let savesParts: Bool

    init(_ model: RecipeModel) {
      name = model.name
      startsFrom = model.startsFrom
      // A model that starts from another has its pictures.
      let isOwn = model.startsFrom == nil
      pictures = isOwn ? Preparation(model.features) : nil
      backbone = isOwn ? model.features.backbone : nil
      layer = isOwn ? model.features.layer : nil
      denseBlock = model.denseBlock
      head = model.head
      network = model.network
      training = model.training
      fineTuning = model.fineTuning
      folds = model.folds
      filters = model.filters
      savesParts = model.savesParts
    }
  }

  struct Preparation: Encodable {
    let height, width: Int
    let preprocessing: Preprocessing
    let interpolation: Interpolation
    let ignoreEXIF: Bool
    let arithmetic: String

    init(_ features: FeatureSettings) {
      height = features.height
      width = features.width
      preprocessing = features.preprocessing
      interpolation = features.interpolation
      ignoreEXIF = features.ignoreEXIF
      arithmetic = features.arithmetic.rawValue
    }
  }
}
