extension Picture {
  /// Pictures side by side in rows, from the left and from the top, on a plain ground.
  ///
  /// Each stands in the middle of a cell of the largest width and height among them. The last row
  /// may be shorter.
  ///
  /// - Parameters:
  ///   - columns: Pictures in a row; `nil`: a grid about a third wider than high.
  ///   - gap: Pixels between the cells and around them.
  ///   - ground: R, G, B of what is not covered.
  /// - Precondition: There is at least one picture, and a column.
  public static func contactSheet(
    _ pictures: [Picture], columns: Int? = nil, gap: Int = 8,
    ground: (UInt8, UInt8, UInt8) = (255, 255, 255)
  ) -> Picture {
    precondition(!pictures.isEmpty && (columns ?? 1) > 0 && gap >= 0, "nothing to show")
    let columns = min(columns ?? contactSheetColumns(pictures.count), pictures.count)
    let rows = (pictures.count + columns - 1) / columns
    let cell = pictures.reduce((width: 0, height: 0)) {
      (max($0.width, $1.width), max($0.height, $1.height))
    }
    let width = columns * (cell.width + gap) + gap
    let height = rows * (cell.height + gap) + gap
    var pixels = [UInt8](repeating: 0, count: width * height * 3)
    for i in stride(from: 0, to: pixels.count, by: 3) {
      (pixels[i], pixels[i + 1], pixels[i + 2]) = ground
    }
    for (index, picture) in pictures.enumerated() {
      let (row, column) = index.quotientAndRemainder(dividingBy: columns)
      let left = gap + column * (cell.width + gap) + (cell.width - picture.width) / 2
      let top = gap + row * (cell.height + gap) + (cell.height - picture.height) / 2
      for y in 0..<picture.height {
        let start = ((top + y) * width + left) * 3
        let from = y * picture.width * 3
        pixels.replaceSubrange(
          start..<start + picture.width * 3,
          with: picture.pixels[from..<from + picture.width * 3])
      }
    }
    return Picture(width: width, height: height, pixels: pixels)
  }

  /// The number of columns, of those that make a grid wider than high, that leaves the fewest
  /// cells empty: 12 pictures stand in 4 columns, 5 in 5.
  public static func contactSheetColumns(_ count: Int) -> Int {
    let least = max(1, Int(Double(count).squareRoot().rounded(.up)))
    func empty(_ columns: Int) -> Int { (columns - count % columns) % columns }
    return (least...least + 2).min { empty($0) < empty($1) } ?? least
  }
}
