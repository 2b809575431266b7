import Pictures
import Testing

struct ContactSheetTests {
  @Test func gridsAreNearlySquareAndFull() {
    let columns = [1: 1, 2: 2, 3: 3, 4: 2, 5: 5, 6: 3, 8: 4, 9: 3, 12: 4, 16: 4, 20: 5, 25: 5]
    for (count, expected) in columns {
      #expect(Picture.contactSheetColumns(count) == expected, "\(count) pictures")
    }
  }

  @Test func picturesStandInTheMiddleOfTheirCells() {
    func plain(_ width: Int, _ height: Int, _ level: UInt8) -> Picture {
      Picture(
        width: width, height: height,
        pixels: [UInt8](repeating: level, count: width * height * 3))
    }
    let sheet = Picture.contactSheet(
      [plain(4, 2, 10), plain(2, 4, 20), plain(4, 4, 30)], columns: 2, gap: 1,
      ground: (1, 2, 3))
    #expect((sheet.width, sheet.height) == (11, 11))
    let rows = (0..<11).map { y in
      (0..<11).map { x in sheet.pixels[(y * 11 + x) * 3] }
    }
    let empty = [UInt8](repeating: 1, count: 11)
    #expect(rows[0] == empty && rows[5] == empty && rows[10] == empty)
    #expect(rows[1] == [1, 1, 1, 1, 1, 1, 1, 20, 20, 1, 1])
    #expect(rows[2] == [1, 10, 10, 10, 10, 1, 1, 20, 20, 1, 1])
    #expect(rows[4] == rows[1])
    #expect(rows[6] == [1, 30, 30, 30, 30, 1, 1, 1, 1, 1, 1] && rows[9] == rows[6])
    #expect(Array(sheet.pixels[..<3]) == [1, 2, 3])
  }
}
