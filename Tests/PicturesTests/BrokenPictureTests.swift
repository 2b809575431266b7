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
    "palette-8.bmp", "v5-24.bmp",
  ])
  func everyPrefix(name: String) throws {
    let bytes = try Fixture.bytes("decode/\(name)")
    let whole = try PictureDecoder.decode(bytes, name: name)
    var refused = 0
    for count in 0..<bytes.count {
      do throws(PictureError) {
        let picture = try PictureDecoder.decode(Array(bytes[..<count]), name: name)
        #expect(picture == whole, "\(name) cut after \(count) of \(bytes.count) bytes")
      } catch {
        refused += 1
      }
    }
    #expect(refused > bytes.count * 8 / 10)
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

  @Test func damagedPNGData() throws {
    var bytes = try Fixture.bytes("decode/rgb-8.png")
    bytes[60] ^= 0xFF  // in IDAT, whose checksum then fails
    guard case .damaged("x", "PNG", _) = try #require(error(bytes)) else {
      Issue.record("expected damaged")
      return
    }
  }
}
