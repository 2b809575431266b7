/// The arguments as the parser understands them.
enum CommandArguments {
  static func prepared(_ arguments: [String]) -> [String] {
    EnsembleArguments.sorted(withNegativeNumbers(arguments))
  }

  /// A negative number behind an option is its value and no option itself: `--hidden -1` becomes
  /// `--hidden=-1`, and is refused for what it is.
  private static func withNegativeNumbers(_ arguments: [String]) -> [String] {
    var result: [String] = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "--" { return result + [argument] + rest }
      if argument.hasPrefix("--"), !argument.contains("="), let next = rest.first,
        isNegativeNumber(next)
      {
        result.append("\(argument)=\(next)")
        rest.removeFirst()
      } else {
        result.append(argument)
      }
    }
    return result
  }

  /// `-1`, `-.5`, `-1,1`.
  private static func isNegativeNumber(_ text: String) -> Bool {
    text.hasPrefix("-")
      && text.split(separator: ",", omittingEmptySubsequences: false)
        .allSatisfy { Double($0) != nil }
  }
}
