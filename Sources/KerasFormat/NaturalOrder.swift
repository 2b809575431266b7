/// The order of names that people expect: numbers within them count as numbers.
enum NaturalOrder {
  /// Whether `first` comes before `second`: `conv2d` < `conv2d_2` < `conv2d_10`.
  static func precedes(_ first: String, _ second: String) -> Bool {
    var (a, b) = (first.utf8[...], second.utf8[...])
    while let left = a.first, let right = b.first {
      if isDigit(left) && isDigit(right) {
        let (x, y) = (takeNumber(&a), takeNumber(&b))
        if x.count != y.count { return x.count < y.count }
        if !x.elementsEqual(y) { return x.lexicographicallyPrecedes(y) }
      } else {
        if left != right { return left < right }
        a.removeFirst()
        b.removeFirst()
      }
    }
    if a.isEmpty != b.isEmpty { return a.isEmpty }
    return first < second  // equal but for leading zeros
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  /// Removes the digits at the start, and returns them without leading zeros.
  private static func takeNumber(_ text: inout Substring.UTF8View) -> Substring.UTF8View {
    let digits = text.prefix(while: isDigit)
    text = text[digits.endIndex...]
    return digits.drop { $0 == 0x30 }
  }
}
