import Pictures
import Testing

/// Resized pictures against PIL's, to the last bit.
struct ResizingTests {
  static let cases = Fixture.names(in: "resize")

  @Test func fixturesCoverEveryFilter() {
    #expect(Self.cases.count == 9 * Interpolation.allCases.count)
  }

  /// The names are source-width-height-filter.ppm.
  @Test(arguments: cases)
  func equalsPIL(name: String) throws {
    let parts = name.dropLast(4).split(separator: "-").map(String.init)
    let source = try Fixture.ppm("decode/\(parts[0]).png.ppm")
    let interpolation = try #require(Interpolation(rawValue: parts[3]))
    let resized = source.resized(
      width: try #require(Int(parts[1])), height: try #require(Int(parts[2])), interpolation)
    #expect(try resized == Fixture.ppm("resize/\(name)"))
  }

  @Test(arguments: Interpolation.allCases)
  func sameSizeChangesNothing(interpolation: Interpolation) throws {
    let picture = try Fixture.ppm("decode/noise.png.ppm")
    #expect(picture.resized(width: 61, height: 47, interpolation) == picture)
  }

  @Test(arguments: Interpolation.allCases)
  func oneColourStaysThatColour(interpolation: Interpolation) {
    let colour: [UInt8] = [255, 1, 128]
    let picture = Picture(
      width: 31, height: 17, pixels: (0..<31 * 17).flatMap { _ in colour })
    for (width, height) in [(1, 1), (5, 40), (100, 3), (640, 480)] {
      let resized = picture.resized(width: width, height: height, interpolation)
      #expect(resized.pixels == (0..<width * height).flatMap { _ in colour })
    }
  }

  @Test func bilinearHalvingIsATriangle() {
    let picture = Picture(
      width: 4, height: 1, pixels: [0, 40, 80, 120].flatMap { [$0, $0, $0] })
    // The first centre, 1, lies half a pixel from pixels 0 and 1 and one and a half from pixel 2;
    // with a reach of 2 pixels their weights are as 3, 3 and 1. The second centre mirrors it.
    let left = Double(3 * 0 + 3 * 40 + 1 * 80) / 7
    let right = Double(1 * 40 + 3 * 80 + 3 * 120) / 7
    let resized = picture.resized(width: 2, height: 1, .bilinear)
    #expect(resized.pixels[0] == UInt8(left.rounded()))
    #expect(resized.pixels[3] == UInt8(right.rounded()))
  }
}
