/// Arithmetic on shapes that may come from a hostile file.
enum Shape {
  /// The number of elements of a shape, at most `Int.max` / 16 so that byte counts fit too.
  static func count(_ shape: [Int], at place: HDF5Place) throws -> Int {
    var count = 1
    for extent in shape {
      let product = count.multipliedReportingOverflow(by: extent)
      guard extent >= 0, !product.overflow, product.partialValue <= Int.max / 16 else {
        throw place.error(.tooLarge, expected: "a shape that fits in memory", found: "\(shape)")
      }
      count = product.partialValue
    }
    return count
  }

  /// The sum of counts that were never checked against a file's size; `Int.max` if it is more.
  static func sum(_ counts: [Int]) -> Int {
    counts.reduce(0) { total, count in
      let sum = total.addingReportingOverflow(count)
      return sum.overflow ? Int.max : sum.partialValue
    }
  }
}
