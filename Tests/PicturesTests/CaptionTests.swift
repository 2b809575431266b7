import Pictures
import Testing

/// Text under pictures.
@Suite struct CaptionTests {
  private let grey = Picture(
    width: 20, height: 10, pixels: [UInt8](repeating: 128, count: 600))

  /// The dark pixels of a row, as a text.
  private func row(_ picture: Picture, _ y: Int) -> String {
    (0..<picture.width).map { picture.pixels[(y * picture.width + $0) * 3] < 100 ? "#" : "." }
      .joined()
  }

  @Test func lettersAreDrawn() {
    let picture = grey.captioned(["T|"], width: 20, height: 10)
    #expect((picture.width, picture.height) == (20, 10 + 3 + 14))
    let lines = (13..<27).map { row(picture, $0) }
    #expect(
      lines[2...9].map { $0.dropFirst(4).prefix(12) } == [
        "#####...#...", "..#.....#...", "..#.....#...", "..#.....#...",
        "..#.....#...", "..#.....#...", "..#.....#...", "..#.....#...",
      ])
  }

  @Test func whatTheFontLacksIsABox() {
    let drawn = grey.captioned(["猫"], width: 20, height: 10)
    #expect(drawn == grey.captioned(["\u{1}"], width: 20, height: 10))
    #expect(row(drawn, 15).contains("#####") && row(drawn, 23).contains("#####"))
    #expect(drawn != grey.captioned(["ä"], width: 20, height: 10))
    #expect(
      grey.captioned(["a\nb"], width: 20, height: 10)
        == grey.captioned(["a b"], width: 20, height: 10))
  }

  @Test func longLinesAreCut() {
    #expect(
      grey.captioned(["abcdef"], width: 20, height: 10)
        == grey.captioned(["a.."], width: 20, height: 10))
    #expect(grey.captioned(["a"], width: 3, height: 10).width == 3)
  }

  @Test func picturesAreScaledToFit() {
    let large = Picture(width: 40, height: 20, pixels: [UInt8](repeating: 0, count: 2400))
    let cell = large.captioned([], width: 20, height: 20)
    #expect((cell.width, cell.height) == (20, 20))
    #expect((0..<20).map { row(cell, $0) }.count { $0.contains("#") } == 10)
    #expect(large.fitted(width: 4, height: 1).height == 1)
    // Four times, not 4.95 times.
    let enlarged = grey.fitted(width: 99, height: 99)
    #expect(
      (enlarged.width, enlarged.height) == (80, 40) && enlarged.pixels.allSatisfy { $0 == 128 })
    #expect(grey.fitted(width: 39, height: 39) == grey)
    let thin = Picture(width: 1000, height: 1, pixels: [UInt8](repeating: 0, count: 3000))
    #expect(thin.fitted(width: 10, height: 10).height == 1)
  }
}
