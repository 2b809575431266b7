/// The order in which people count: `2.jpg` before `10.jpg`, `conv2d` before `conv2d_2`.
public enum NaturalOrder {
  /// Whether `a` comes before `b`.
  ///
  /// Runs of ASCII digits are compared by value, everything else byte by byte in UTF-8. Names that
  /// differ only in leading zeros are told apart by their bytes, so that the order is total.
  public static func precedes(_ a: String, _ b: String) -> Bool {
    let (a, b) = (Array(a.utf8), Array(b.utf8))
    var (i, j) = (0, 0)
    while i < a.count, j < b.count {
      if isDigit(a[i]), isDigit(b[j]) {
        let (first, second) = (number(in: a, from: &i), number(in: b, from: &j))
        if first.count != second.count { return first.count < second.count }
        if !first.elementsEqual(second) { return first.lexicographicallyPrecedes(second) }
      } else {
        if a[i] != b[j] { return a[i] < b[j] }
        i += 1
        j += 1
      }
    }
    if i < a.count || j < b.count { return i == a.count }
    return a.lexicographicallyPrecedes(b)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  /// The digits from `index` on without leading zeros; `index` moves behind them.
  private static func number(in bytes: [UInt8], from index: inout Int) -> ArraySlice<UInt8> {
    let end = bytes[index...].firstIndex { !isDigit($0) } ?? bytes.endIndex
    defer { index = end }
    return bytes[index..<end].drop { $0 == 0x30 }
  }
}
