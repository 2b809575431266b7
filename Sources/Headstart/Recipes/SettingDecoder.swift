import KerasFormat

/// Decodes settings from the values of a recipe. Of one that does not fit it says where it stands,
/// what would fit, in the words of the recipe and not of the program, and what was found.
struct SettingDecoder: Decoder {
  let value: JSONValue
  /// File and dotted path.
  let place: String

  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  /// - Throws: ``RecipeError``.
  static func decode<Value: Decodable>(
    _ type: Value.Type, from value: JSONValue, place: String
  ) throws -> Value {
    if let value = value as? Value ?? plain(type, value) { return value }
    let refusal = { RecipeError(place, type, found: value) }
    guard !SettingKind.isPlain(type) else { throw refusal() }
    do {
      // A range would pass over further numbers.
      if type == ClosedRange<Double>.self, case .array(let numbers) = value, numbers.count != 2 {
        throw refusal()
      }
      return try Value(from: SettingDecoder(value: value, place: place))
    } catch let error as RecipeError {
      // What a type expects as a whole says more than what one of its ways to read a value does.
      throw SettingKind.expectation(type) == nil ? error : refusal()
    } catch is DecodingError {
      throw refusal()
    }
  }

  /// A value that is not made of others; nil if it does not fit.
  private static func plain<Value>(_ type: Value.Type, _ value: JSONValue) -> Value? {
    switch (type, value) {
    case (is Bool.Type, .bool(let value)): return value as? Value
    case (is String.Type, .string(let value)): return value as? Value
    case (is Double.Type, .integer(let value)): return Double(value) as? Value
    case (is Double.Type, .number(let value)): return value as? Value
    case (is Float.Type, .integer(let value)): return Float(value) as? Value
    case (is Float.Type, .number(let value)):
      let value = Float(value)
      return value.isFinite ? value as? Value : nil
    case (let type as any FixedWidthInteger.Type, .integer(let value)):
      return type.init(exactly: value) as? Value
    case (let type as any FixedWidthInteger.Type, .number(let value)):
      return Int(exactly: value).flatMap { type.init(exactly: $0) } as? Value
    default: return nil
    }
  }

  func container<Key: CodingKey>(keyedBy: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard case .object(let members) = value else {
      throw RecipeError(place, expected: "names and values", found: value.kind)
    }
    return KeyedDecodingContainer(Members(members: members, place: place))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .array(let elements) = value else {
      throw RecipeError(place, expected: "a list", found: value.kind)
    }
    return Elements(elements: elements, place: place)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { self }
}

extension SettingDecoder: SingleValueDecodingContainer {
  func decodeNil() -> Bool { value == .null }

  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try Self.decode(type, from: value, place: place)
  }
}

extension SettingDecoder {
  private struct Members<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let members: [String: JSONValue]
    let place: String
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { members.keys.sorted().compactMap { Key(stringValue: $0) } }

    func contains(_ key: Key) -> Bool { members[key.stringValue] != nil }

    func decodeNil(forKey key: Key) -> Bool { members[key.stringValue] ?? .null == .null }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
      try SettingDecoder.decode(
        type, from: members[key.stringValue] ?? .null, place: "\(place).\(key.stringValue)")
    }

    func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
      try superDecoder(forKey: key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
      try superDecoder(forKey: key).unkeyedContainer()
    }

    func superDecoder() -> any Decoder { SettingDecoder(value: .object(members), place: place) }

    func superDecoder(forKey key: Key) -> any Decoder {
      SettingDecoder(
        value: members[key.stringValue] ?? .null, place: "\(place).\(key.stringValue)")
    }
  }

  private struct Elements: UnkeyedDecodingContainer {
    let elements: [JSONValue]
    let place: String
    var codingPath: [any CodingKey] { [] }
    private(set) var currentIndex = 0
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex == elements.count }

    init(elements: [JSONValue], place: String) {
      self.elements = elements
      self.place = place
    }

    /// The next element, counted from 0 as `--set` does.
    private mutating func next() throws -> SettingDecoder {
      guard !isAtEnd else {
        throw RecipeError(place, expected: "a longer list", found: "\(elements.count) values")
      }
      defer { currentIndex += 1 }
      return SettingDecoder(
        value: elements[currentIndex], place: "\(place).\(currentIndex)")
    }

    mutating func decodeNil() -> Bool {
      guard !isAtEnd, elements[currentIndex] == .null else { return false }
      currentIndex += 1
      return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
      try next().decode(type)
    }

    mutating func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
      try next().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
      try next().unkeyedContainer()
    }

    mutating func superDecoder() throws -> any Decoder { try next() }
  }
}
