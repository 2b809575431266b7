import Foundation

extension ViewTransform {
  /// Version of how views follow from seeds; to be raised when the same seed gives other pixels.
  public static let codeVersion = 1

  /// Draws the parameters of one view of one picture.
  ///
  /// They depend on the arguments alone: not on what was drawn before, nor on threads or machine.
  /// Each range has its own place in the sequence of random numbers, so that another rotation range
  /// leaves the flips as they are.
  ///
  /// - Parameters:
  ///   - seed: Of the run.
  ///   - picture: What the picture is known by: the SHA-256 of its file.
  ///   - view: Number of the view.
  ///   - source: Width and height of the picture, which a crop is taken from.
  ///   - target: Width and height it is resized to, of which shifts may be a share.
  public static func draw(
    _ augmentation: Augmentation, seed: UInt64, picture: [UInt8], view: Int,
    source: (width: Int, height: Int), target: (width: Int, height: Int)
  ) -> ViewTransform {
    var name = picture
    withUnsafeBytes(of: UInt64(bitPattern: Int64(view)).littleEndian) { name += $0 }
    var random = SeededGenerator(seed: ContentHash.hash(name, seed: seed))
    var transform = ViewTransform()
    let range = augmentation.rotationRange
    transform.theta = random.uniform(-range, range)
    transform.ty = random.shift(augmentation.heightShiftRange, of: target.height)
    transform.tx = random.shift(augmentation.widthShiftRange, of: target.width)
    transform.shear = random.uniform(-augmentation.shearRange, augmentation.shearRange)
    let zoom = augmentation.zoomRange
    transform.zx = random.uniform(zoom.lowerBound, zoom.upperBound)
    transform.zy = random.uniform(zoom.lowerBound, zoom.upperBound)
    let (isLeftRight, isUpDown) = (random.unit() < 0.5, random.unit() < 0.5)
    transform.flipHorizontal = augmentation.horizontalFlip && isLeftRight
    transform.flipVertical = augmentation.verticalFlip && isUpDown
    let levels = augmentation.channelShiftRange
    let intensity = random.uniform(-levels, levels)
    transform.channelShiftIntensity = levels == 0 ? nil : intensity
    let factors = augmentation.brightnessRange
    let brightness = random.uniform(factors?.lowerBound ?? 1, factors?.upperBound ?? 1)
    transform.brightness = factors == nil ? nil : brightness
    transform.fillMode = augmentation.fillMode
    transform.cval = augmentation.cval
    if let crop = augmentation.randomResizedCrop {
      transform.crop = random.rectangle(crop, width: source.width, height: source.height)
    }
    return transform
  }
}

extension SeededGenerator {
  /// A number in 0..<1, a multiple of 2⁻⁵³.
  mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A number between two others; always takes one step.
  mutating func uniform(_ low: Double, _ high: Double) -> Double {
    let share = unit()
    // Not low + 0 · share, which has no sign to speak of where low is -0.
    return low == high ? high : low + (high - low) * share
  }

  /// A distance in pixels; always takes two steps.
  mutating func shift(_ range: ShiftRange, of extent: Int) -> Double {
    let (share, sign) = (unit(), unit() < 0.5 ? -1.0 : 1)
    let values = range.values
    guard !range.isNone, let largest = values.max() else { return 0 }
    switch range {
    case .uniform(let range):
      return (2 * share - 1) * range * (largest < 1 ? Double(extent) : 1)
    case .whole(let pixels):
      return sign * min((share * Double(pixels)).rounded(.down), Double(pixels - 1))
    case .choices:
      let choice = values[min(Int(share * Double(values.count)), values.count - 1)]
      return sign * choice * (largest < 1 ? Double(extent) : 1)
    }
  }

  /// A crop as torchvision draws it: ten attempts, then the largest central rectangle whose ratio
  /// lies within the range.
  mutating func rectangle(
    _ crop: RandomResizedCrop, width: Int, height: Int
  ) -> ViewTransform.Rectangle {
    let logarithms = (log(crop.ratio.lowerBound), log(crop.ratio.upperBound))
    for _ in 0..<10 {
      let area =
        Double(width * height) * uniform(crop.scale.lowerBound, crop.scale.upperBound)
      let ratio = exp(uniform(logarithms.0, logarithms.1))
      let w = (area * ratio).squareRoot().rounded(.toNearestOrEven)
      let h = (area / ratio).squareRoot().rounded(.toNearestOrEven)
      if w >= 1, w <= Double(width), h >= 1, h <= Double(height) {
        let (w, h) = (Int(w), Int(h))
        let y = number(below: height - h + 1)
        let x = number(below: width - w + 1)
        return ViewTransform.Rectangle(x: x, y: y, width: w, height: h)
      }
    }
    let ratio = Double(width) / Double(height)
    var (w, h) = (width, height)
    if ratio < crop.ratio.lowerBound {
      h = Int((Double(w) / crop.ratio.lowerBound).rounded(.toNearestOrEven))
    } else if ratio > crop.ratio.upperBound {
      w = Int((Double(h) * crop.ratio.upperBound).rounded(.toNearestOrEven))
    }
    (w, h) = (min(max(w, 1), width), min(max(h, 1), height))
    return ViewTransform.Rectangle(
      x: (width - w) / 2, y: (height - h) / 2, width: w, height: h)
  }
}
