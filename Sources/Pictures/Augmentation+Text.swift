extension Augmentation {
  /// The ranges that may change a picture, under Keras' names in a fixed order, one space between
  /// them; empty if there are none. Equal texts, equal views.
  public var canonicalText: String {
    var parts: [String] = []
    func add(_ name: String, _ value: String?) {
      if let value { parts.append("\(name)=\(value)") }
    }
    func number(_ value: Double) -> String? { value == 0 ? nil : "\(value)" }
    func pair(_ range: ClosedRange<Double>) -> String {
      "\(range.lowerBound),\(range.upperBound)"
    }
    func shift(_ range: ShiftRange) -> String? { range.isNone ? nil : "\(range)" }
    add("rotation_range", number(rotationRange))
    add("width_shift_range", shift(widthShiftRange))
    add("height_shift_range", shift(heightShiftRange))
    add("shear_range", number(shearRange))
    add("zoom_range", zoomRange == 1...1 ? nil : pair(zoomRange))
    let fills = !parts.isEmpty
    add("channel_shift_range", number(channelShiftRange))
    if horizontalFlip { parts.append("horizontal_flip") }
    if verticalFlip { parts.append("vertical_flip") }
    add("brightness_range", brightnessRange.map(pair))
    // Without a shift or the like, nothing comes from outside.
    if fills {
      add("fill_mode", fillMode.rawValue)
      if fillMode == .constant { add("cval", "\(cval)") }
    }
    add(
      "random_resized_crop",
      randomResizedCrop.map { "\(pair($0.scale)),\(pair($0.ratio))" })
    return parts.joined(separator: " ")
  }

  /// - Throws: ``AugmentationError`` if a range is not finite or makes no sense.
  public func check() throws(AugmentationError) {
    func check(
      _ name: String, _ values: [Double], _ isGood: (Double) -> Bool, _ expected: String
    ) throws(AugmentationError) {
      for value in values where !(value.isFinite && isGood(value)) {
        throw AugmentationError(parameter: name, expected: expected, found: "\(value)")
      }
    }
    func ends(_ range: ClosedRange<Double>) -> [Double] { [range.lowerBound, range.upperBound] }
    let largest = 1e6
    let within = { (value: Double) in value >= 0 && value <= largest }
    try check("rotation_range", [rotationRange], within, "degrees, 0 or more")
    try check("width_shift_range", widthShiftRange.values, within, "a distance, 0 or more")
    try check("height_shift_range", heightShiftRange.values, within, "a distance, 0 or more")
    try check("shear_range", [shearRange], within, "degrees, 0 or more")
    try check(
      "zoom_range", ends(zoomRange), { $0 > 0 && $0 <= largest },
      "factors above 0 (a single number must be below 1)")
    try check("channel_shift_range", [channelShiftRange], within, "levels, 0 or more")
    try check(
      "brightness_range", brightnessRange.map(ends) ?? [], within, "factors, 0 or more")
    try check("cval", [cval], { abs($0) <= largest }, "a level")
    if let crop = randomResizedCrop {
      try check(
        "random_resized_crop scale", ends(crop.scale), { $0 > 0 && $0 <= 1 },
        "shares of the area, above 0 and at most 1")
      try check(
        "random_resized_crop ratio", ends(crop.ratio), { $0 >= 1e-3 && $0 <= 1e3 },
        "width by height, from 0.001 to 1000")
    }
  }
}

extension ShiftRange {
  var values: [Double] {
    switch self {
    case .uniform(let range): [range]
    case .whole(let pixels): [Double(pixels)]
    case .choices(let numbers): numbers
    }
  }

  /// Whether nothing is ever shifted.
  var isNone: Bool { values.allSatisfy { $0 == 0 } }
}

/// A range of an ``Augmentation`` that makes no sense.
public struct AugmentationError: Error, Equatable, CustomStringConvertible {
  /// Keras' name of the range.
  public let parameter: String
  public let expected: String
  public let found: String

  public var description: String {
    "\(parameter) is \(found), but should be \(expected)."
  }
}
