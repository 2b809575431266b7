import Foundation
import Pictures
import Testing

/// What is wrong with a file is told precisely, and nothing is made up.
struct BrokenPictureTests {
  private func error(_ path: String) -> PictureError? {
    do throws(PictureError) {
      _ = try PictureDecoder.read(path)
      return nil
    } catch {
      return error
    }
  }

  private func error(_ bytes: [UInt8], _ options: DecodingOptions = DecodingOptions())
    -> PictureError?
  {
    do throws(PictureError) {
      _ = try PictureDecoder.decode(bytes, name: "x", options: options)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: Fixture.names(in: "truncated"))
  func truncatedFiles(name: String) throws {
    let path = Fixture.path("truncated/\(name)")
    let found = try #require(error(path))
    guard case .truncated(path, _) = found else {
      Issue.record("expected truncated, found \(found)")
      return
    }
    #expect("\(found)".hasPrefix(path))
    #expect("\(found)".contains("truncated"))
  }

  /// However short a file is cut, the outcome is an error or the whole picture.
  @Test(arguments: [
    "rgb-420.jpg", "progressive.jpg", "arithmetic.jpg", "cmyk.jpg", "palette-4.png",
    "rgba-16-interlaced.png", "lossy.webp", "lossless.webp", "animated.webp", "interlaced.gif",
    "palette-8.bmp", "v5-24.bmp", "os2-4.bmp", "exif-3.png", "exif-6.png",
    "exif-8-at-the-end.png",
  ])
  func everyPrefix(name: String) throws {
    let bytes = try Fixture.bytes("decode/\(name)")
    let whole = try PictureDecoder.decode(bytes, name: name)
    var refused = 0
    var unturned = 0
    for count in 0..<bytes.count {
      do throws(PictureError) {
        let picture = try PictureDecoder.decode(Array(bytes[..<count]), name: name)
        // The chunk that turns it begins with the three zeros that the end mark begins with too.
        let isUnturned = name == "exif-8-at-the-end.png" && picture.width == whole.height
        #expect(
          picture == whole || isUnturned,
          "\(name) cut after \(count) of \(bytes.count) bytes")
        unturned += isUnturned ? 1 : 0
      } catch {
        refused += 1
      }
    }
    #expect(refused > bytes.count * 8 / 10)
    #expect(unturned <= 4)
  }

  /// Damage anywhere may change the picture or make it unreadable, and does no more.
  @Test(arguments: DecodingTests.files)
  func flippedBits(name: String) throws {
    let bytes = try Fixture.bytes("decode/\(name)")
    var generator = SeededGenerator(seed: 1)
    let options = DecodingOptions(maximumPixels: 1 << 22)
    for _ in 0..<60 {
      var damaged = bytes
      for _ in 0...generator.number(below: 4) {
        damaged[generator.number(below: bytes.count)] ^= 1 << generator.number(below: 8)
      }
      do throws(PictureError) {
        let picture = try PictureDecoder.decode(damaged, name: name, options: options)
        #expect(picture.pixels.count == picture.width * picture.height * 3)
        #expect(picture.width * picture.height <= options.maximumPixels)
      } catch {
        #expect("\(error)".hasPrefix(name))
      }
    }
  }

  @Test func hugeJPEGIsRefusedByItsHeader() throws {
    var bytes = try Fixture.bytes("decode/rgb-444.jpg")
    let frame = try #require((0..<bytes.count).first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
    // FF C0, length (2), precision (1), height (2), width (2); 60,000 is EA60.
    bytes.replaceSubrange(frame + 5..<frame + 9, with: [0xEA, 0x60, 0xEA, 0x60])
    #expect(
      error(bytes)
        == .tooManyPixels(name: "x", width: 60000, height: 60000, limit: 178_956_970))
    #expect(
      "\(try #require(error(bytes)))"
        == "x: picture of 60000×60000 pixels exceeds the limit of 178956970 pixels")
  }

  @Test(arguments: ["rgb-444.jpg", "rgb-8.png", "lossy.webp", "plain.gif", "rgb-24.bmp"])
  func limitIsOnPixels(name: String) throws {
    let bytes = try Fixture.bytes("decode/\(name)")
    let picture = try PictureDecoder.decode(bytes, name: name)
    let pixels = picture.width * picture.height
    #expect(error(bytes, DecodingOptions(maximumPixels: pixels)) == nil)
    #expect(
      error(bytes, DecodingOptions(maximumPixels: pixels - 1))
        == .tooManyPixels(
          name: "x", width: picture.width, height: picture.height, limit: pixels - 1))
  }

  @Test func thingsThatAreNoFiles() throws {
    let folder = try TemporaryFolder()
    try folder.makeFolder("x.jpg")
    let directory = folder.path + "/x.jpg"
    #expect(error(directory) == .notAFile(name: directory, found: "a folder"))
    let missing = folder.path + "/missing.jpg"
    #expect(error(missing) == .unreadable(name: missing, reason: "No such file or directory"))
    try folder.link("broken.jpg", to: "nowhere.jpg")
    let broken = folder.path + "/broken.jpg"
    #expect(error(broken) == .unreadable(name: broken, reason: "broken symbolic link"))
    let pipe = folder.path + "/pipe.jpg"
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(error(pipe) == .notAFile(name: pipe, found: "a pipe or device"))
  }

  @Test(.enabled(if: geteuid() != 0, "root may read everything"))
  func unreadableFile() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("secret.jpg", Fixture.bytes("decode/rgb-444.jpg"))
    #expect(chmod(path, 0) == 0)
    #expect(error(path) == .unreadable(name: path, reason: "Permission denied"))
  }

  @Test func thingsThatAreNoPictures() throws {
    #expect(error([]) == .empty(name: "x"))
    let cases: [([UInt8], String)] = [
      (Array("This is a text about cats.".utf8), "text"),
      (Array("%PDF-1.7\n".utf8), "a PDF document"),
      (Array("<!DOCTYPE html><html>".utf8), "an HTML page"),
      ([0, 0, 0, 0x18] + Array("ftypheic".utf8), "a HEIC picture"),
      ([0x49, 0x49, 0x2A, 0, 8, 0, 0, 0], "a TIFF picture"),
      ([UInt8](repeating: 0, count: 40), "zero bytes"),
      ([0xDE, 0xAD, 0xBE, 0xEF, 1], "unknown data beginning with DE AD BE EF 01"),
    ]
    for (bytes, found) in cases {
      #expect(error(bytes) == .notAPicture(name: "x", found: found))
    }
  }

  @Test func kindsThatAreNotRead() throws {
    let path = Fixture.path("unsupported/run-lengths.bmp")
    let found = try #require(error(path))
    guard case .unsupported(path, "BMP", _) = found else {
      Issue.record("expected unsupported, found \(found)")
      return
    }
    // 12 bits a sample, told by the frame header.
    var jpeg = try Fixture.bytes("decode/rgb-444.jpg")
    let frame = try #require((0..<jpeg.count).first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
    jpeg[frame + 4] = 12
    #expect(
      error(jpeg)
        == .unsupported(name: "x", format: "JPEG", found: "Unsupported JPEG data precision 12"))
  }

  /// 40 kB that would be 40 MB of text beside a small picture.
  @Test func decompressionBombInAComment() throws {
    let path = Fixture.path("unsupported/text-of-40-megabytes.png")
    guard case .damaged(path, "PNG", _) = try #require(error(path)) else {
      Issue.record("expected damaged")
      return
    }
  }

  /// Behind the last row the end marker may be missing, as in PIL; what else is there counts.
  @Test(arguments: ["rgb-420.jpg", "grey.jpg", "cmyk.jpg"])
  func jpegsWithoutEndMarker(name: String) throws {
    let bytes = try Fixture.bytes("decode/\(name)")
    #expect(bytes.suffix(2) == [0xFF, 0xD9])
    let whole = try PictureDecoder.decode(bytes, name: name)
    let rows = Array(bytes.dropLast(2))
    #expect(try PictureDecoder.decode(rows + Array("and more".utf8), name: name) == whole)
    // A comment said to be longer than the file.
    #expect(try PictureDecoder.decode(rows + [0xFF, 0xFE, 0xFF, 0xFF, 0], name: name) == whole)
    #expect(
      error(rows + [0xFF, 0x6E, 0, 4, 0, 0, 0xFF, 0xD9])
        == .damaged(name: "x", format: "JPEG", found: "Unsupported marker type 0x6e"))
  }

  /// A byte anywhere in the pixels' chunk, its checksum included: what comes out may be a picture.
  @Test func damagedPNGData() throws {
    let bytes = try Fixture.bytes("decode/rgb-8.png")
    let name = try #require(Fixture.place(of: "IDAT", in: bytes))
    let length = bytes[name - 4..<name].reduce(0) { $0 << 8 | Int($1) }
    for place in [name + 4 + length - 6, name + 4 + length - 1, name + 4 + length + 3] {
      var damaged = bytes
      damaged[place] ^= 0x01
      guard case .damaged("x", "PNG", _)? = error(damaged) else {
        Issue.record("expected damaged with byte \(place) of \(bytes.count) changed")
        continue
      }
    }
  }

  /// Cut off within the end mark, a picture is still turned.
  @Test func orientationBeforeACutEnd() throws {
    let bytes = try Fixture.bytes("decode/exif-6.png")
    let whole = try PictureDecoder.decode(bytes, name: "x")
    for count in 1...12 {
      #expect(try PictureDecoder.decode(Array(bytes.dropLast(count)), name: "x") == whole)
    }
  }

  /// Many gigabytes, of which sixteen bytes are enough.
  @Test func aHugeFileOfZerosIsNotRead() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("huge.jpg", [0, 0, 0, 0])
    #expect(truncate(path, 1 << 40) == 0)
    #expect(error(path) == .notAPicture(name: path, found: "zero bytes"))
    #expect(throws: PictureError.notAPicture(name: path, found: "zero bytes")) {
      try PictureDecoder.bytes(ofFile: path)
    }
  }

  @Test func bitmapsWhoseHeadersMakeNoSense() throws {
    let bytes = try Fixture.bytes("decode/palette-8.bmp")
    func changed(_ place: Int, _ values: [UInt8]) -> PictureError? {
      error(bytes[..<place] + values + bytes[(place + values.count)...])
    }
    let damaged = { PictureError.damaged(name: "x", format: "BMP", found: $0) }
    let unsupported = { PictureError.unsupported(name: "x", format: "BMP", found: $0) }
    #expect(changed(14, [41]) == unsupported("a header of 41 bytes"))
    #expect(changed(46, [1, 1]) == damaged("a palette of 257 colours"))
    #expect(changed(28, [2]) == unsupported("2 bits a pixel"))
    #expect(changed(30, [3]) == unsupported("bit masks of 8 bits a pixel"))
    #expect(changed(18, [0, 0]) == damaged("size of 0×29 pixels"))
    #expect(changed(10, [0, 0, 0, 0x7F]) == .truncated(name: "x", format: "BMP"))
    var fields = try Fixture.bytes("decode/fields-565-16.bmp")
    fields[54] = 1
    #expect(error(fields) == unsupported("the bit masks f801, 7e0, 1f"))
  }

  /// What a picture is decoded to is not what stood in memory before.
  @Test func placesBeyondAPaletteAreBlack() throws {
    let bytes = try Fixture.bytes("decode/palette-short-8.bmp")
    let picture = try PictureDecoder.decode(bytes, name: "x")
    _ = try PictureDecoder.decode(Fixture.bytes("decode/palette-8.bmp"), name: "x")
    #expect(try PictureDecoder.decode(bytes, name: "x") == picture)
    #expect(picture.pixels.count { $0 == 0 } > picture.pixels.count * 9 / 10)
  }
}
