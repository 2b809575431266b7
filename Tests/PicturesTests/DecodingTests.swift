import Pictures
import Testing

/// Pixels against those that PIL reads from the same files.
struct DecodingTests {
  static let files = Fixture.names(in: "decode").filter { !$0.hasSuffix(".ppm") }

  @Test func fixturesAreThere() {
    #expect(Self.files.count >= 118)
    for ending in [".jpg", ".png", ".webp", ".gif", ".bmp"] {
      #expect(Self.files.contains { $0.hasSuffix(ending) })
    }
  }

  @Test(arguments: files)
  func pixelsEqualPIL(file: String) throws {
    let picture = try PictureDecoder.read(Fixture.path("decode/\(file)"))
    let expected = try Fixture.ppm("decode/\(file).ppm")
    #expect(picture.width == expected.width)
    #expect(picture.height == expected.height)
    #expect(picture.pixels == expected.pixels)
  }

  @Test func formatIsToldByContent() throws {
    for name in ["rgb-444.jpg", "rgb-8.png", "lossy.webp", "plain.gif", "rgb-24.bmp"] {
      let picture = try PictureDecoder.decode(Fixture.bytes("decode/\(name)"), name: "cat.txt")
      #expect(try picture == Fixture.ppm("decode/\(name).ppm"))
    }
  }

  @Test(arguments: 1...8)
  func orientationCanBeIgnored(orientation: Int) throws {
    let path = Fixture.path("decode/exif-\(orientation).jpg")
    let stored = try PictureDecoder.read(path, options: DecodingOptions(ignoreEXIF: true))
    #expect(stored == (try Fixture.ppm("decode/exif-1.jpg.ppm")))
    #expect(stored.upright(from: orientation) == (try PictureDecoder.read(path)))
  }

  @Test func orientationOutsideItsRangeIsNone() throws {
    let picture = try Fixture.ppm("decode/portrait.png.ppm")
    for orientation in [-1, 0, 1, 9, .max] {
      #expect(picture.upright(from: orientation) == picture)
    }
  }

  @Test func defaultsAreUprightAndBombProof() {
    #expect(!DecodingOptions().ignoreEXIF)
    #expect(DecodingOptions().maximumPixels == 178_956_970)
  }
}
