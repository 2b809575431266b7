extension Augmentation {
  private enum CodingKeys: CodingKey {
    case rotationRange, widthShiftRange, heightShiftRange, shearRange, zoomRange
    case channelShiftRange, horizontalFlip, verticalFlip, brightnessRange, fillMode, cval
    case randomResizedCrop
  }

  /// Ranges that are not there keep their defaults, and `zoomRange` may be a number, as in Keras.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func read<Value: Decodable>(_ value: inout Value, _ key: CodingKeys) throws {
      value = try container.decodeIfPresent(Value.self, forKey: key) ?? value
    }
    try read(&rotationRange, .rotationRange)
    try read(&widthShiftRange, .widthShiftRange)
    try read(&heightShiftRange, .heightShiftRange)
    try read(&shearRange, .shearRange)
    zoomRange =
      try container.decodeIfPresent(ZoomRange.self, forKey: .zoomRange)?.range ?? zoomRange
    try read(&channelShiftRange, .channelShiftRange)
    try read(&horizontalFlip, .horizontalFlip)
    try read(&verticalFlip, .verticalFlip)
    brightnessRange = try container.decodeIfPresent(
      ClosedRange<Double>.self, forKey: .brightnessRange)
    try read(&fillMode, .fillMode)
    try read(&cval, .cval)
    randomResizedCrop = try container.decodeIfPresent(
      RandomResizedCrop.self, forKey: .randomResizedCrop)
  }
}

/// `zoomRange` as it is written: a number, as in Keras, or two factors.
package struct ZoomRange: Decodable {
  fileprivate let range: ClosedRange<Double>

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Double.self) {
      guard number.isFinite else {
        throw DecodingError.dataCorruptedError(
          in: container, debugDescription: "\(number) is no range of zoom factors")
      }
      range = Augmentation.zoom(number)
    } else {
      range = try container.decode(ClosedRange<Double>.self)
    }
  }
}

extension ShiftRange: Codable {
  /// From a whole number, another number, a list, or any of them as text.
  ///
  /// Not every format tells 10.0 from 10, which differ here: text does.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let text = try? container.decode(String.self) {
      guard let range = ShiftRange(text) else {
        throw DecodingError.dataCorruptedError(
          in: container, debugDescription: "'\(text)' is no number and no list of numbers")
      }
      self = range
    } else if let pixels = try? container.decode(Int.self) {
      self = .whole(pixels)
    } else if let range = try? container.decode(Double.self) {
      self = .uniform(range)
    } else {
      self = .choices(try container.decode([Double].self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .uniform(let range) where range == range.rounded(): try container.encode(description)
    case .uniform(let range): try container.encode(range)
    case .whole(let pixels): try container.encode(pixels)
    case .choices(let numbers): try container.encode(numbers)
    }
  }
}
