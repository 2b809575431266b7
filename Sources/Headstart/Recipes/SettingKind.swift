import KerasFormat
import Pictures

/// What settings of a type look like, in words.
enum SettingKind {
  /// Whether values of the type are made of no others.
  static func isPlain(_ type: Any.Type) -> Bool {
    type is Bool.Type || type is String.Type || type is Double.Type || type is Float.Type
      || type is any FixedWidthInteger.Type
  }

  /// Nil for a type made of others, of which the one that is wrong says more.
  static func expectation(_ type: Any.Type) -> String? {
    switch type {
    case is Bool.Type: "true or false"
    case is String.Type: "text"
    case is Double.Type, is Float.Type: "a number"
    case is any UnsignedInteger.Type: "a whole number of at least 0"
    case is any FixedWidthInteger.Type: "a whole number"
    case is ClosedRange<Double>.Type: "two numbers in a list, the smaller first"
    case is ZoomRange.Type: "a number below 1, or two factors in a list, the smaller first"
    case is ShiftRange.Type: "a number, or a list of numbers"
    case is LayerSpecification.Type:
      "a layer: a class of Keras', or a class and its arguments, such as Dense: {units: 64}"
    default: choices(type).map { "one of " + $0.joined(separator: ", ") }
    }
  }

  /// The names to choose from, of a type that is a choice.
  static func choices(_ type: Any.Type) -> [String]? {
    func names<Choice: CaseIterable>(_: Choice.Type) -> [String] {
      Choice.allCases.compactMap { ($0 as? any RawRepresentable)?.rawValue as? String }
    }
    let found = (type as? any CaseIterable.Type).map { names($0) }
    return found.flatMap { $0.isEmpty ? nil : $0 }
  }
}

/// The name among known ones that somebody probably meant.
enum NearestName {
  /// Nil if none is near: a third of the letters may be wrong; case and `_` do not count.
  static func to(_ name: String, among known: some Sequence<String>) -> String? {
    let wanted = letters(name)
    guard !wanted.isEmpty, wanted.count <= 64 else { return nil }
    let ranked = known.map { (name: $0, distance: distance(wanted, letters($0))) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
    let isPart = wanted.count >= 3 && letters(best.name).starts(with: wanted)
    return isPart || best.distance <= max(1, wanted.count / 3) ? best.name : nil
  }

  private static func letters(_ name: String) -> [Character] {
    name.lowercased().filter { $0.isLetter || $0.isNumber }
  }

  /// Letters to add, take away or change, or neighbours to swap (optimal string alignment).
  private static func distance(_ first: [Character], _ second: [Character]) -> Int {
    // Of the beginnings of `first` with one letter less, and two less.
    var last = Array(0...second.count)
    var beforeLast = last
    for (index, letter) in first.enumerated() {
      var row = [index + 1]
      for (place, other) in second.enumerated() {
        var best = min(last[place] + (letter == other ? 0 : 1), last[place + 1] + 1, row[place] + 1)
        if index > 0, place > 0, letter == second[place - 1], first[index - 1] == other {
          best = min(best, beforeLast[place - 1] + 1)
        }
        row.append(best)
      }
      (beforeLast, last) = (last, row)
    }
    return last[second.count]
  }
}
