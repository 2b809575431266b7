import ArgumentParser
import Headstart
import Pictures

extension FillMode: ExpressibleByArgument {}
extension ShiftRange: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

/// A pair `low,high`, or a number by itself whose meaning depends on the option.
struct RangeArgument: ExpressibleByArgument {
  let numbers: [Double]

  init?(argument: String) {
    let numbers = argument.split(separator: ",", omittingEmptySubsequences: false)
      .map { Double($0.filter { $0 != " " }) }
    guard numbers.allSatisfy({ $0?.isFinite ?? false }) else { return nil }
    self.numbers = numbers.compactMap { $0 }
  }

  func pair(_ option: String, at place: Int = 0) throws -> ClosedRange<Double> {
    guard numbers.count >= place + 2, numbers[place] <= numbers[place + 1] else {
      throw ValidationError(
        "\(option) takes a lower and an upper end, separated by a comma: 0.8,1.2.")
    }
    return numbers[place]...numbers[place + 1]
  }

  /// A pair and no more.
  func onlyPair(_ option: String) throws -> ClosedRange<Double> {
    guard numbers.count <= 2 else {
      throw ValidationError("\(option): expected two numbers, found \(numbers.count).")
    }
    return try pair(option)
  }

  /// A pair of factors, or r for those from 1 − r to 1 + r.
  func zoom(_ option: String) throws -> ClosedRange<Double> {
    guard numbers.count == 1 else { return try onlyPair(option) }
    guard numbers[0] >= 0, numbers[0] < 1 else {
      throw ValidationError(
        "\(option): expected a number of at least 0 and below 1, or low,high, found"
          + " \(numbers[0]).")
    }
    return Augmentation.zoom(numbers[0])
  }
}

/// The ranges of an ``Augmentation``, under the names of Keras' `ImageDataGenerator`.
struct AugmentationOptions: ParsableArguments {
  @Option(
    name: .customLong("rotation-range"),
    help: ArgumentHelp("Turn by up to so many degrees either way.", valueName: "degrees"))
  var rotationRange: Double?

  @Option(
    name: .customLong("width-shift-range"),
    help: ArgumentHelp(
      "Shift sideways by up to this share of the width (0.1) or less than so many whole pixels (10).",
      valueName: "range"))
  var widthShiftRange: ShiftRange?

  @Option(
    name: .customLong("height-shift-range"),
    help: ArgumentHelp(
      "Shift up or down by up to this share of the height (0.1) or less than so many whole pixels"
        + " (10).",
      valueName: "range"))
  var heightShiftRange: ShiftRange?

  @Option(
    name: .customLong("shear-range"),
    help: ArgumentHelp("Shear by up to so many degrees either way.", valueName: "degrees"))
  var shearRange: Double?

  @Option(
    name: .customLong("zoom-range"),
    help: ArgumentHelp(
      "Zoom each axis by a factor from 1 − r to 1 + r, or from low to high.",
      valueName: "r|low,high"))
  var zoomRange: RangeArgument?

  @Option(
    name: .customLong("channel-shift-range"),
    help: ArgumentHelp(
      "Add up to so many levels to all channels, or take them away.", valueName: "levels"))
  var channelShiftRange: Double?

  @Flag(
    name: .customLong("horizontal-flip"), inversion: .prefixedNo,
    help: "Mirror every other picture left to right.")
  var horizontalFlip: Bool?

  @Flag(
    name: .customLong("vertical-flip"), inversion: .prefixedNo,
    help: "Turn every other picture upside down.")
  var verticalFlip: Bool?

  @Option(
    name: .customLong("brightness-range"),
    help: ArgumentHelp(
      "Multiply the brightness by a factor from low to high.", valueName: "low,high"))
  var brightnessRange: RangeArgument?

  @Option(
    name: .customLong("fill-mode"),
    help: "What stands where pixels come from outside: nearest, constant, reflect, wrap.")
  var fillMode: FillMode?

  @Option(help: ArgumentHelp("Level outside for --fill-mode constant.", valueName: "level"))
  var cval: Double?

  @Option(
    name: .customLong("random-resized-crop"),
    help: ArgumentHelp(
      "Cut out a rectangle of this share of the area and, if four numbers are given, this ratio of"
        + " width to height (default: 0.75,1.3333).",
      valueName: "low,high"))
  var randomResizedCrop: RandomCropArgument?

  func validate() throws { _ = try augmentation(from: Augmentation()) }

  /// The ranges of a recipe or a default, changed where an option was given.
  func augmentation(from base: Augmentation) throws -> Augmentation {
    var result = base
    result.rotationRange = rotationRange ?? base.rotationRange
    result.widthShiftRange = widthShiftRange ?? base.widthShiftRange
    result.heightShiftRange = heightShiftRange ?? base.heightShiftRange
    result.shearRange = shearRange ?? base.shearRange
    if let zoomRange {
      result.zoomRange = try zoomRange.zoom("--zoom-range")
    }
    result.channelShiftRange = channelShiftRange ?? base.channelShiftRange
    result.horizontalFlip = horizontalFlip ?? base.horizontalFlip
    result.verticalFlip = verticalFlip ?? base.verticalFlip
    result.brightnessRange =
      try brightnessRange?.onlyPair("--brightness-range") ?? base.brightnessRange
    result.fillMode = fillMode ?? base.fillMode
    result.cval = cval ?? base.cval
    result.randomResizedCrop = randomResizedCrop?.crop ?? base.randomResizedCrop
    try WrongUsage.refusing { try result.check() }
    return result
  }

  /// The first of the options that is given.
  var given: String? {
    [
      ("--rotation-range", rotationRange != nil), ("--width-shift-range", widthShiftRange != nil),
      ("--height-shift-range", heightShiftRange != nil), ("--shear-range", shearRange != nil),
      ("--zoom-range", zoomRange != nil), ("--channel-shift-range", channelShiftRange != nil),
      ("--horizontal-flip", horizontalFlip != nil), ("--vertical-flip", verticalFlip != nil),
      ("--brightness-range", brightnessRange != nil), ("--fill-mode", fillMode != nil),
      ("--cval", cval != nil), ("--random-resized-crop", randomResizedCrop != nil),
    ].first { $0.1 }?.0
  }
}

/// `0.5,1` or `0.5,1,0.75,1.33`.
struct RandomCropArgument: ExpressibleByArgument {
  let crop: RandomResizedCrop

  init?(argument: String) {
    guard let range = RangeArgument(argument: argument), [2, 4].contains(range.numbers.count),
      let scale = try? range.pair("scale")
    else { return nil }
    guard range.numbers.count == 4 else {
      crop = RandomResizedCrop(scale: scale)
      return
    }
    guard let ratio = try? range.pair("ratio", at: 2) else { return nil }
    crop = RandomResizedCrop(scale: scale, ratio: ratio)
  }
}

/// The ranges for commands that show or compute views without training on them: by default those
/// of fine-tune, so that the same options give the same views.
struct ViewOptions: ParsableArguments {
  @Flag(
    name: .customLong("no-augmentation"),
    help: "Draw from the ranges given alone; not from fine-tune's as well.")
  var noAugmentation = false

  @OptionGroup var ranges: AugmentationOptions

  /// Ranges that no view would be drawn from are a misunderstanding, and so are views of nothing.
  ///
  /// - Parameter views: how many are drawn of each picture.
  func check(views: Int) throws {
    if views == 0, let option = noAugmentation ? "--no-augmentation" : ranges.given {
      throw ValidationError(
        "\(option) is about augmented views, of which there are none: say with --views how many of"
          + " each picture there shall be.")
    }
    if views > 0, try augmentation().isNeutral {
      throw ValidationError(
        "--no-augmentation leaves nothing to draw --views \(views) from: give a range, such as"
          + " --rotation-range 10.")
    }
  }

  func augmentation() throws -> Augmentation {
    try ranges.augmentation(
      from: noAugmentation ? Augmentation() : FineTuneSettings.defaultAugmentation)
  }
}
