import Foundation

/// A JSON value, as Keras writes its configurations.
package enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// Parses JSON from a file.
  ///
  /// - Throws: `KerasFormatError` naming the file and the object that the text comes from.
  package init(parsing text: String, file: String, object: String) throws {
    do {
      // Foundation bounds the depth of nesting.
      self = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)).withFloats
    } catch {
      throw KerasFormatError(
        .damaged, file: file, object: object, expected: "JSON",
        found: text.isEmpty ? "nothing" : "text that does not parse")
    }
  }

  /// Members that Keras insists are floats: Foundation does not tell 0.0 from 0, and Keras refuses
  /// an optimizer whose momentum is written as 0.
  private static let floats: Set = [
    "learning_rate", "lr", "momentum", "rho", "epsilon", "beta_1", "beta_2", "weight_decay",
    "decay", "clipnorm", "clipvalue", "global_clipnorm", "ema_momentum",
    "initial_accumulator_value", "loss_scale_factor",
  ]

  private var withFloats: JSONValue {
    switch self {
    case .array(let values): return .array(values.map(\.withFloats))
    case .object(let members):
      let pairs = members.map { key, value in
        if case .integer(let whole) = value, Self.floats.contains(key) {
          (key, JSONValue.number(Double(whole)))
        } else {
          (key, value.withFloats)
        }
      }
      return .object(Dictionary(uniqueKeysWithValues: pairs))
    default: return self
    }
  }

  /// The value of a member; nil if there is none, or null.
  package subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self, let value = members[key], value != .null else {
      return nil
    }
    return value
  }

  var string: String? {
    guard case .string(let value) = self else { return nil }
    return value
  }

  var bool: Bool? {
    guard case .bool(let value) = self else { return nil }
    return value
  }

  var integer: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  var array: [JSONValue]? {
    guard case .array(let values) = self else { return nil }
    return values
  }

  /// The value as JSON text of ASCII alone, keys sorted, so that equal values give equal text.
  package var text: String {
    switch self {
    case .null: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .integer(let value): return String(value)
    case .number(let value): return value.isFinite ? "\(value)" : "null"
    case .string(let value): return Self.quote(value)
    case .array(let values): return "[" + values.map(\.text).joined(separator: ", ") + "]"
    case .object(let members):
      let pairs = members.sorted { $0.key < $1.key }
        .map { "\(Self.quote($0.key)): \($0.value.text)" }
      return "{" + pairs.joined(separator: ", ") + "}"
    }
  }

  private static func quote(_ text: String) -> String {
    var quoted = "\""
    for unit in text.utf16 {
      switch unit {
      case 0x22: quoted += "\\\""
      case 0x5C: quoted += "\\\\"
      case 0x20..<0x7F: quoted.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
      default:
        let digits = String(unit, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
    return quoted + "\""
  }
}

extension JSONValue: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let values): try container.encode(values)
    case .object(let members): try container.encode(members)
    }
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int) { self = .integer(value) }
  package init(floatLiteral value: Double) { self = .number(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(nilLiteral: ()) { self = .null }
  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(Dictionary(elements) { _, last in last })
  }
}
