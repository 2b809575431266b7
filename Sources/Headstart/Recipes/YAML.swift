import Foundation
import KerasFormat
import Yams

extension JSONValue {
  /// The largest document read, in bytes, and the most values and levels in it: far more than any
  /// recipe has, and few enough that a hostile file cannot exhaust memory or stack.
  private static let yamlLimits = (bytes: 1 << 16, values: 10_000, depth: 24)

  /// Parses YAML, in which JSON's values are all that is understood.
  ///
  /// - Parameter file: what messages call it.
  /// - Throws: ``RecipeError``.
  init(yaml: String, file: String) throws {
    guard yaml.utf8.count <= Self.yamlLimits.bytes else {
      throw RecipeError(
        file, expected: "at most \(Self.yamlLimits.bytes) bytes", found: "\(yaml.utf8.count)")
    }
    // Anchors and aliases, with which a short text can stand for an endless one, are not understood.
    let alias = #"(?m)(^\s*|[-:?]\s+|[\[{,]\s*)[&*][^\s]"#
    if let found = yaml.range(of: alias, options: .regularExpression) {
      let name = yaml[found].drop { !"&*".contains($0) }
      throw RecipeError(
        file, expected: "values, or text in quotes", found: "an anchor or alias (\(name)…)")
    }
    let node: Node?
    do {
      node = try Yams.compose(yaml: yaml)
    } catch let error as YamlError {
      throw RecipeError(file, expected: "YAML", found: "\(error)")
    }
    guard let node else { throw RecipeError(file, expected: "a recipe", found: "nothing") }
    var values = 0
    self = try Self.tree(node, file, depth: 0, values: &values)
  }

  private static func tree(
    _ node: Node, _ file: String, depth: Int, values: inout Int
  ) throws -> JSONValue {
    values += 1
    guard depth < yamlLimits.depth, values <= yamlLimits.values else {
      throw RecipeError(
        file, expected: "at most \(yamlLimits.values) values in \(yamlLimits.depth) levels",
        found: "more")
    }
    switch node {
    case .scalar(let scalar):
      // Quoted text is text, whatever it looks like.
      guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
      if node.null != nil { return .null }
      if let value = node.bool { return .bool(value) }
      if let value = node.int { return .integer(value) }
      if let value = node.float, value.isFinite { return .number(value) }
      return .string(scalar.string)
    case .sequence(let sequence):
      return .array(
        try sequence.map { try tree($0, file, depth: depth + 1, values: &values) })
    case .mapping(let mapping):
      var members: [String: JSONValue] = [:]
      for (key, value) in mapping {
        guard let key = key.scalar?.string else {
          throw RecipeError(file, expected: "names before colons", found: "something else")
        }
        guard members[key] == nil else {
          throw RecipeError("\(file): \(key)", expected: "one value", found: "several")
        }
        members[key] = try tree(value, file, depth: depth + 1, values: &values)
      }
      return .object(members)
    case .alias:
      throw RecipeError(file, expected: "values", found: "an alias")
    }
  }
}
