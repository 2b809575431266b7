import Foundation
import Pictures
import Testing

/// Changed pictures against those of Keras' `ImageDataGenerator`.
struct AugmentationTests {
  static let cases =
    ((try? String(contentsOfFile: Fixture.path("augmentation/cases.txt"), encoding: .utf8)) ?? "")
    .split(separator: "\n").map(String.init)

  @Test func fixturesCoverEveryMode() {
    #expect(Self.cases.count == 13 * FillMode.allCases.count + 13)
  }

  @Test(arguments: cases)
  func equalsKeras(line: String) throws {
    let words = line.split(separator: " ").map(String.init)
    let expected = try Fixture.floats("augmentation/\(words[0])")
    let levels = try transform(words.dropFirst()).apply(
      to: Fixture.ppm("augmentation/square.ppm"))
    try #require(levels.count == expected.count)
    let worst = zip(levels, expected).map { abs($0 - $1) }.max() ?? .infinity
    #expect(worst < 1e-3)
  }

  private func transform(_ words: ArraySlice<String>) throws -> ViewTransform {
    var transform = ViewTransform()
    for word in words {
      let parts = word.split(separator: "=").map(String.init)
      let number = Double(parts[1])
      switch parts[0] {
      case "fill_mode": transform.fillMode = try #require(FillMode(rawValue: parts[1]))
      case "cval": transform.cval = try #require(number)
      case "theta": transform.theta = try #require(number)
      case "tx": transform.tx = try #require(number)
      case "ty": transform.ty = try #require(number)
      case "shear": transform.shear = try #require(number)
      case "zx": transform.zx = try #require(number)
      case "zy": transform.zy = try #require(number)
      case "flip_horizontal": transform.flipHorizontal = number == 1
      case "flip_vertical": transform.flipVertical = number == 1
      case "channel_shift_intensity": transform.channelShiftIntensity = number
      case "brightness": transform.brightness = number
      default: Issue.record("'\(word)' is no parameter")
      }
    }
    return transform
  }

  /// Turned a quarter about its own centre, a picture that is not square keeps its middle.
  @Test func turnsAboutTheCentre() {
    var pixels = [UInt8](repeating: 0, count: 5 * 9 * 3)
    pixels.replaceSubrange((2 * 9 + 4) * 3..<(2 * 9 + 5) * 3, with: [200, 100, 50])
    var transform = ViewTransform()
    transform.theta = 90
    let levels = transform.apply(to: Picture(width: 9, height: 5, pixels: pixels))
    #expect(zip(levels, pixels).allSatisfy { abs($0 - Float($1)) < 1e-3 })
  }

  /// Any numbers are safe; levels stay within the picture's and the fill's.
  @Test(arguments: FillMode.allCases)
  func senselessNumbersAreSafe(mode: FillMode) {
    let numbers = [0, 1e-300, -1e-300, 1e9, -1e12, 1e300, -1e300, .infinity, -.infinity, .nan]
    for (width, height) in [(1, 1), (1, 7), (6, 1), (5, 4)] {
      let picture = Picture(
        width: width, height: height,
        pixels: (0..<width * height * 3).map { UInt8($0 * 7 % 256) })
      for (index, number) in numbers.enumerated() {
        for parameter in 0..<6 {
          var transform = ViewTransform()
          transform.fillMode = mode
          transform.tx = 0.25
          switch parameter {
          case 0: transform.theta = number
          case 1: transform.tx = number
          case 2: transform.ty = number
          case 3: transform.shear = number
          case 4: transform.zx = number
          default: (transform.zy, transform.zx) = (number, numbers[numbers.count - 1 - index])
          }
          let levels = transform.apply(to: picture)
          #expect(levels.count == picture.pixels.count)
          #expect(levels.allSatisfy { $0 >= 0 && $0 <= 255 })
        }
      }
    }
  }

  @Test func preprocessingOfLevelsEqualsThatOfPixels() throws {
    let picture = try Fixture.ppm("augmentation/square.ppm")
    for preprocessing in Preprocessing.allCases {
      #expect(
        preprocessing.apply(levels: picture.pixels.map { Float($0) })
          == preprocessing.apply(picture))
    }
  }

  @Test func plainViewIsThePreparedPicture() throws {
    let picture = try Fixture.ppm("decode/noise.png.ppm")
    #expect(
      picture.prepared(.plain, width: 20, height: 30, .bilinear, .caffe)
        == Preprocessing.caffe.apply(picture.resized(width: 20, height: 30, .bilinear)))
  }

  @Test func flippedViewIsMirrored() throws {
    let picture = try Fixture.ppm("augmentation/square.ppm")
    let side = picture.width
    let levels = ViewTransform.flipped.apply(to: picture)
    for (y, x) in [(0, 0), (3, 20), (22, 11)] {
      for c in 0..<3 {
        #expect(
          levels[(y * side + x) * 3 + c]
            == Float(picture.pixels[(y * side + side - 1 - x) * 3 + c]))
      }
    }
  }

  @Test func croppingTakesTheRectangle() throws {
    let picture = try Fixture.ppm("augmentation/square.ppm")
    let part = picture.cropped(.init(x: 4, y: 7, width: 3, height: 2))
    #expect((part.width, part.height) == (3, 2))
    let start = (7 * 23 + 4) * 3
    #expect(
      part.pixels
        == Array(picture.pixels[start..<start + 9] + picture.pixels[start + 69..<start + 78]))
    let clamped = picture.cropped(.init(x: -5, y: 40, width: 900, height: 0))
    #expect((clamped.width, clamped.height) == (23, 1))
  }
}
