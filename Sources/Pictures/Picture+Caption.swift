extension Picture {
  /// Pixels from the top of one line of a caption to that of the next.
  package static let captionLineHeight = PixelFont.height + 1

  /// How many characters of a caption stand in so many pixels.
  package static func captionLength(_ width: Int) -> Int { width / PixelFont.width }

  /// The picture at the foot of a white cell, scaled to fit it, lines of text under it.
  ///
  /// Lines that are too long are cut, with two dots at their end. Characters that are not in
  /// Latin-1 are drawn as boxes.
  ///
  /// - Parameters:
  ///   - width: of the cell; the picture takes up at most this.
  ///   - height: of the picture's part of the cell.
  ///   - caption: lines, each in the middle of the cell's width.
  package func captioned(_ caption: [String], width: Int, height: Int) -> Picture {
    let picture = fitted(width: width, height: height)
    let gap = caption.isEmpty ? 0 : 3
    let whole = height + gap + caption.count * Picture.captionLineHeight
    var pixels = [UInt8](repeating: 255, count: width * whole * 3)
    let (left, top) = ((width - picture.width) / 2, height - picture.height)
    for y in 0..<picture.height {
      let start = ((top + y) * width + left) * 3
      let from = y * picture.width * 3
      pixels.replaceSubrange(
        start..<start + picture.width * 3,
        with: picture.pixels[from..<from + picture.width * 3])
    }
    for (number, line) in caption.enumerated() {
      let text = Self.cut(line, to: Self.captionLength(width))
      let start = (width - text.count * PixelFont.width) / 2
      for (column, character) in text.enumerated() {
        for (y, row) in PixelFont.rows(character).enumerated() {
          for x in 0..<PixelFont.width where row & (1 << UInt8(PixelFont.width - 1 - x)) != 0 {
            let place =
              (height + gap + number * Self.captionLineHeight + y) * width
              + start + column * PixelFont.width + x
            for channel in 0..<3 { pixels[place * 3 + channel] = Self.ink }
          }
        }
      }
    }
    return Picture(width: width, height: whole, pixels: pixels)
  }

  /// As large as fits with its aspect kept; small pictures are enlarged a whole number of times, so
  /// that their pixels stay what they are.
  package func fitted(width: Int, height: Int) -> Picture {
    let times = min(width / self.width, height / self.height)
    if times >= 1 {
      return resized(width: self.width * times, height: self.height * times, .nearest)
    }
    let scale = min(Double(width) / Double(self.width), Double(height) / Double(self.height))
    return resized(
      width: max(1, Int((Double(self.width) * scale).rounded())),
      height: max(1, Int((Double(self.height) * scale).rounded())), .bicubic)
  }

  private static let ink: UInt8 = 0x22

  private static func cut(_ line: String, to count: Int) -> String {
    // Control characters would be boxes too, but a line break deserves no more than a space.
    let line = line.replacing("\r\n", with: " ").replacing("\n", with: " ")
    return line.count <= count ? line : String(line.prefix(max(0, count - 2))) + ".."
  }
}
