/// How training pictures are varied at random: the ranges of Keras' `ImageDataGenerator`, under its
/// names and with its meaning, and torchvision's random resized crop.
///
/// A ``ViewTransform`` is one draw from the ranges. The default changes nothing.
///
/// Source: `keras.src.legacy.preprocessing.image` of Keras 3.15, but for one thing: there, the
/// axes are swapped after the shifts are drawn, so that `width_shift_range` moves a picture up and
/// down. Here it moves it sideways, as Keras' documentation says and older versions did.
public struct Augmentation: Sendable, Hashable, Codable {
  /// Degrees: an angle is drawn from −rotationRange to rotationRange.
  public var rotationRange: Double = 0
  /// Shift to the side, as a share of the width or in pixels.
  public var widthShiftRange: ShiftRange = 0.0
  /// Shift up or down, as a share of the height or in pixels.
  public var heightShiftRange: ShiftRange = 0.0
  /// Degrees: an angle is drawn from −shearRange to shearRange. (Radians in Keras before 2.1.3.)
  public var shearRange: Double = 0
  /// Zoom factors, one drawn for each axis: below 1 the picture is enlarged.
  public var zoomRange: ClosedRange<Double> = 1...1
  /// Levels: a number from −channelShiftRange to channelShiftRange is added to all channels.
  public var channelShiftRange: Double = 0
  /// Whether every other picture is mirrored left to right.
  public var horizontalFlip = false
  /// Whether every other picture is turned upside down.
  public var verticalFlip = false
  /// Factors on the brightness, 1 changing it no more than to whole levels; `nil`: none.
  public var brightnessRange: ClosedRange<Double>?
  /// What stands where a pixel comes from outside the picture.
  public var fillMode: FillMode = .nearest
  /// The level outside the picture if ``fillMode`` is constant.
  public var cval: Double = 0
  /// A rectangle of the picture, before it is resized; `nil`: all of it.
  public var randomResizedCrop: RandomResizedCrop?

  /// No change at all.
  public init() {}

  /// Zoom as Keras' scalar `zoom_range`: 0.2 stands for factors from 0.8 to 1.2. Of what is no
  /// number, a range that ``check()`` refuses.
  public static func zoom(_ range: Double) -> ClosedRange<Double> {
    guard !range.isNaN else { return -.infinity ... .infinity }
    return min(1 - range, 1 + range)...max(1 - range, 1 + range)
  }

  /// Whether no draw can change a picture.
  public var isNeutral: Bool { canonicalText.isEmpty }
}

/// What stands where a pixel comes from outside the picture.
public enum FillMode: String, Sendable, Hashable, Codable, CaseIterable {
  /// The pixel at the edge: `aaaa|abcd|dddd`.
  case nearest
  /// ``Augmentation/cval``: `kkkk|abcd|kkkk`.
  case constant
  /// The picture's mirror image: `dcba|abcd|dcba`.
  case reflect
  /// The picture again, with a period of one pixel less than it has, as SciPy repeats it.
  case wrap
}

/// torchvision's `RandomResizedCrop`: a rectangle of random size and shape, resized to the whole.
public struct RandomResizedCrop: Sendable, Hashable, Codable {
  /// The rectangle's area as a share of the picture's.
  public var scale: ClosedRange<Double>
  /// Its width divided by its height; the logarithm is drawn uniformly.
  public var ratio: ClosedRange<Double>

  public init(
    scale: ClosedRange<Double> = 0.08...1, ratio: ClosedRange<Double> = 0.75...4.0 / 3
  ) {
    self.scale = scale
    self.ratio = ratio
  }
}

/// How far a picture may be shifted along an axis, told apart as Keras does.
///
/// Written as in Keras: `0.2`, `10`, `10.0`, or a list of distances.
public enum ShiftRange: Sendable, Hashable, CustomStringConvertible {
  /// Keras' float: from −range to range, of the axis if the range is below 1, otherwise in pixels.
  case uniform(Double)
  /// Keras' int: whole pixels, from −(n − 1) to n − 1, each distance as likely.
  case whole(Int)
  /// Keras' list: one of the distances, in either direction; shares if all of them are below 1.
  case choices([Double])

  /// - Returns: `nil` unless the text is a number or numbers separated by commas.
  public init?(_ text: String) {
    if let pixels = Int(text) {
      self = .whole(pixels)
    } else if let range = Double(text) {
      self = .uniform(range)
    } else {
      let numbers = text.split(separator: ",", omittingEmptySubsequences: false)
        .map { Double($0.filter { $0 != " " }) }
      guard !numbers.isEmpty, !numbers.contains(nil) else { return nil }
      self = .choices(numbers.compactMap { $0 })
    }
  }

  public var description: String {
    switch self {
    case .uniform(let range): "\(range)"
    case .whole(let pixels): "\(pixels)"
    case .choices(let numbers): numbers.map { "\($0)" }.joined(separator: ",")
    }
  }
}

extension ShiftRange: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  public init(floatLiteral value: Double) { self = .uniform(value) }
  public init(integerLiteral value: Int) { self = .whole(value) }
}
