import Foundation
import Pictures
import Testing

/// Parameters drawn from an augmentation.
struct ViewDrawTests {
  static let picture = [UInt8](0..<32)

  static var everything: Augmentation {
    var augmentation = Augmentation()
    augmentation.rotationRange = 30
    augmentation.widthShiftRange = 0.1
    augmentation.heightShiftRange = 12
    augmentation.shearRange = 10
    augmentation.zoomRange = 0.8...1.3
    augmentation.channelShiftRange = 20
    augmentation.horizontalFlip = true
    augmentation.verticalFlip = true
    augmentation.brightnessRange = 0.7...1.4
    augmentation.randomResizedCrop = RandomResizedCrop()
    return augmentation
  }

  func draw(
    _ augmentation: Augmentation, seed: UInt64 = 1, picture: [UInt8] = picture, view: Int = 0,
    source: (width: Int, height: Int) = (500, 375)
  ) -> ViewTransform {
    .draw(
      augmentation, seed: seed, picture: picture, view: view, source: source,
      target: (200, 150))
  }

  @Test func dependsOnSeedPictureAndViewAlone() {
    let one = draw(Self.everything)
    #expect(draw(Self.everything) == one)
    var other = Self.picture
    other[31] ^= 1
    let all = [
      one, draw(Self.everything, seed: 2), draw(Self.everything, picture: other),
      draw(Self.everything, view: 1), draw(Self.everything, view: -1),
    ]
    #expect(Set(all).count == all.count)
    #expect(Set(all.map(\.canonicalText)).count == all.count)
  }

  /// The same numbers for ever: a store holds views under the seed they were drawn from.
  @Test func sequenceIsFixed() {
    #expect(
      draw(Self.everything).canonicalText
        == """
        crop=105,23,361,274 theta=8.925342503569972 tx=-17.581779643035325 \
        shear=-8.32017888637133 zx=1.1590623656623673 zy=1.0378597580363136 \
        channel_shift_intensity=1.8554634416796745 flip_vertical \
        brightness=0.7849084390348916 fill_mode=nearest
        """)
  }

  @Test func rangesLeaveEachOtherAlone() {
    var other = Self.everything
    other.rotationRange = 0
    other.heightShiftRange = 0
    other.channelShiftRange = 0
    var expected = draw(Self.everything)
    expected.theta = 0
    expected.ty = 0
    expected.channelShiftIntensity = nil
    #expect(draw(other) == expected)
  }

  @Test func neutralAugmentationIsPlain() {
    #expect(draw(Augmentation()) == .plain)
    #expect(draw(Augmentation()).canonicalText == "plain")
    #expect(Augmentation().isNeutral && !Self.everything.isNeutral)
  }

  @Test func drawsStayWithinTheirRangesAndFillThem() {
    let views = (0..<2000).map { draw(Self.everything, view: $0) }
    func check(_ values: [Double], _ low: Double, _ high: Double) {
      #expect(values.allSatisfy { $0 >= low && $0 <= high })
      // Of 2000 uniform draws, all miss an outer fiftieth with a probability of 3e-18.
      let margin = (high - low) / 50
      #expect(values.contains { $0 < low + margin } && values.contains { $0 > high - margin })
      let mean = values.reduce(0, +) / 2000
      // Five standard deviations of the mean of uniform draws.
      #expect(abs(mean - (low + high) / 2) < 5 * (high - low) / (12 * 2000).squareRoot())
    }
    check(views.map(\.theta), -30, 30)
    check(views.map(\.tx), -20, 20)
    check(views.map(\.shear), -10, 10)
    check(views.map(\.zx), 0.8, 1.3)
    check(views.map(\.zy), 0.8, 1.3)
    check(views.compactMap(\.channelShiftIntensity), -20, 20)
    check(views.compactMap(\.brightness), 0.7, 1.4)
    // Whole pixels, one less than the number either way.
    #expect(Set(views.map(\.ty)) == Set((-11...11).map(Double.init)))
    // Binomial with mean 1000 and standard deviation 22.
    #expect(abs(views.filter(\.flipHorizontal).count - 1000) < 112)
    #expect(abs(views.filter(\.flipVertical).count - 1000) < 112)
    #expect(views.contains { $0.zx != $0.zy })
  }

  @Test func cropsLieWithinThePictureAndTheRanges() throws {
    var augmentation = Augmentation()
    augmentation.randomResizedCrop = RandomResizedCrop(scale: 0.2...0.9, ratio: 0.75...1.25)
    for view in 0..<500 {
      let crop = try #require(draw(augmentation, view: view).crop)
      #expect(crop.x >= 0 && crop.y >= 0 && crop.x + crop.width <= 500)
      #expect(crop.y + crop.height <= 375)
      let (width, height) = (Double(crop.width), Double(crop.height))
      // Sides are whole pixels: of at least 150 here, so half a pixel is a third of a per cent.
      #expect((0.195...0.905).contains(width * height / (500 * 375)))
      #expect((0.745...1.256).contains(width / height))
    }
    // No square of the whole area fits into a strip: the middle of it is taken.
    augmentation.randomResizedCrop = RandomResizedCrop(scale: 1...1, ratio: 1...1)
    let strip = draw(augmentation, source: (900, 10)).crop
    #expect(strip == ViewTransform.Rectangle(x: 445, y: 0, width: 10, height: 10))
    let point = draw(augmentation, source: (1, 1)).crop
    #expect(point == ViewTransform.Rectangle(x: 0, y: 0, width: 1, height: 1))
  }

  @Test func shiftsAreToldApartAsInKeras() {
    #expect(ShiftRange("0.2") == .uniform(0.2))
    #expect(ShiftRange("10") == .whole(10))
    #expect(ShiftRange("10.0") == .uniform(10))
    #expect(ShiftRange("0.1, 0.3") == .choices([0.1, 0.3]))
    for text in ["", "a", "1,", "1,b"] { #expect(ShiftRange(text) == nil) }
    var augmentation = Augmentation()
    func shifts(_ range: ShiftRange) -> Set<Double> {
      augmentation.widthShiftRange = range
      return Set((0..<200).map { draw(augmentation, view: $0).tx })
    }
    #expect(shifts(.choices([0.1, 0.25])) == [-20, 20, -50, 50])
    #expect(shifts(.choices([2, 0.5])) == [-2, 2, -0.5, 0.5])
    #expect(shifts(.whole(1)) == [0])
    #expect(shifts(.uniform(3)).allSatisfy { abs($0) <= 3 } && shifts(.uniform(3)).count == 200)
  }

  @Test func codesAndDecodesEveryRange() throws {
    let text = try JSONEncoder().encode(Self.everything)
    #expect(try JSONDecoder().decode(Augmentation.self, from: text) == Self.everything)
    func decode(_ text: String) throws -> Augmentation {
      try JSONDecoder().decode(Augmentation.self, from: Data(text.utf8))
    }
    #expect(try decode("{}") == Augmentation())
    let short = try decode(
      #"{"zoomRange": 0.25, "widthShiftRange": 4, "heightShiftRange": "4.0", "fillMode": "wrap"}"#)
    #expect(short.zoomRange == 0.75...1.25)
    #expect(short.widthShiftRange == .whole(4) && short.heightShiftRange == .uniform(4))
    #expect(short.fillMode == .wrap)
    #expect(throws: (any Error).self) { try decode(#"{"widthShiftRange": "far"}"#) }
    var whole = Augmentation()
    whole.widthShiftRange = .uniform(10)
    let again = try JSONDecoder().decode(
      Augmentation.self, from: try JSONEncoder().encode(whole))
    #expect(again.widthShiftRange == .uniform(10))
  }

  @Test func senselessRangesAreRefused() throws {
    try Self.everything.check()
    let wrong: [(String, (inout Augmentation) -> Void)] = [
      ("rotation_range", { $0.rotationRange = -1 }),
      ("rotation_range", { $0.rotationRange = .nan }),
      ("width_shift_range", { $0.widthShiftRange = .choices([0.1, -0.1]) }),
      ("height_shift_range", { $0.heightShiftRange = .uniform(.infinity) }),
      ("shear_range", { $0.shearRange = 1e9 }),
      ("zoom_range", { $0.zoomRange = Augmentation.zoom(1) }),
      ("zoom_range", { $0.zoomRange = Augmentation.zoom(.nan) }),
      ("zoom_range", { $0.zoomRange = Augmentation.zoom(.infinity) }),
      ("channel_shift_range", { $0.channelShiftRange = -3 }),
      ("brightness_range", { $0.brightnessRange = -0.5...1 }),
      ("cval", { $0.cval = .nan }),
      ("random_resized_crop scale", { $0.randomResizedCrop?.scale = 0...1 }),
      ("random_resized_crop ratio", { $0.randomResizedCrop?.ratio = 0...1 }),
    ]
    for (name, change) in wrong {
      var augmentation = Self.everything
      change(&augmentation)
      let error = #expect(throws: AugmentationError.self) { try augmentation.check() }
      #expect(error?.parameter == name)
    }
  }

  @Test func canonicalTextNamesWhatMatters() {
    var augmentation = Augmentation()
    augmentation.cval = 3
    augmentation.fillMode = .constant
    #expect(augmentation.canonicalText == "")
    augmentation.rotationRange = 10
    augmentation.horizontalFlip = true
    augmentation.zoomRange = Augmentation.zoom(0.25)
    #expect(
      augmentation.canonicalText
        == "rotation_range=10.0 zoom_range=0.75,1.25 horizontal_flip fill_mode=constant cval=3.0")
  }
}
