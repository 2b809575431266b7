import CPictures
import Foundation

extension ViewTransform {
  /// The view of a picture that has the target's size already; the crop is left aside.
  ///
  /// Equal to what `ImageDataGenerator.apply_transform` of Keras 3.15 makes of a square picture
  /// with the same parameters. In a picture that is not square, Keras turns about the point whose
  /// column is half the height and whose row is half the width; here it is the centre.
  ///
  /// - Returns: (height, width, 3) levels of R, G, B; not whole ones, and not always from 0 to 255.
  public func apply(to picture: Picture) -> [Float] {
    var levels = isAffine ? warped(picture) : picture.pixels.map { Float($0) }
    if let channelShiftIntensity { Self.shiftChannels(&levels, by: Float(channelShiftIntensity)) }
    if flipHorizontal || flipVertical {
      levels = flipped(levels, width: picture.width, height: picture.height)
    }
    if let brightness { Self.brighten(&levels, by: Float(brightness)) }
    return levels
  }

  /// Rotation × shift × shear × zoom about the centre, on (x, y, 1): where each pixel comes from.
  private func map(width: Int, height: Int) -> [Double] {
    typealias Matrix = [[Double]]
    func product(_ a: Matrix, _ b: Matrix) -> Matrix {
      var result = Matrix(repeating: [0, 0, 0], count: 3)
      for i in 0..<3 {
        for j in 0..<3 {
          for k in 0..<3 { result[i][j] += a[i][k] * b[k][j] }
        }
      }
      return result
    }
    func radians(_ degrees: Double) -> Double { degrees * (.pi / 180) }
    var steps: [Matrix] = []
    if theta != 0 {
      let (c, s) = (cos(radians(theta)), sin(radians(theta)))
      steps.append([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    }
    if tx != 0 || ty != 0 { steps.append([[1, 0, tx], [0, 1, ty], [0, 0, 1]]) }
    if shear != 0 {
      let angle = radians(shear)
      steps.append([[1, -sin(angle), 0], [0, cos(angle), 0], [0, 0, 1]])
    }
    if zx != 1 || zy != 1 { steps.append([[zx, 0, 0], [0, zy, 0], [0, 0, 1]]) }
    let identity: Matrix = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    let change = steps.dropFirst().reduce(steps.first ?? identity, product)
    let (x, y) = (Double(width) / 2 - 0.5, Double(height) / 2 - 0.5)
    let toCentre: Matrix = [[1, 0, x], [0, 1, y], [0, 0, 1]]
    let fromCentre: Matrix = [[1, 0, -x], [0, 1, -y], [0, 0, 1]]
    let matrix = product(product(toCentre, change), fromCentre)
    // The kernel counts rows before columns.
    return [
      matrix[1][1], matrix[1][0], matrix[1][2], matrix[0][1], matrix[0][0], matrix[0][2],
    ]
  }

  private func warped(_ picture: Picture) -> [Float] {
    let fill: hsp_fill =
      switch fillMode {
      case .nearest: HSP_FILL_NEAREST
      case .constant: HSP_FILL_CONSTANT
      case .reflect: HSP_FILL_REFLECT
      case .wrap: HSP_FILL_WRAP
      }
    return [Float](unsafeUninitializedCapacity: picture.pixels.count) { levels, count in
      let status = hsp_warp(
        picture.pixels, Int32(picture.width), Int32(picture.height),
        map(width: picture.width, height: picture.height), fill, Float(cval),
        levels.baseAddress)
      // As when an array finds no memory.
      precondition(status == HSP_OK, "out of memory")
      count = picture.pixels.count
    }
  }

  /// Keras' `apply_channel_shift`.
  private static func shiftChannels(_ levels: inout [Float], by intensity: Float) {
    let (lowest, highest) = extremes(levels)
    hsp_shift_levels(&levels, levels.count, intensity, lowest, highest)
  }

  /// Keras' `apply_brightness_shift` with `scale=False`: PIL's `ImageEnhance.Brightness`, which
  /// blends with black, on whole levels, to which levels outside 0...255 are scaled before, and
  /// from which they are after.
  private static func brighten(_ levels: inout [Float], by factor: Float) {
    let (lowest, highest) = extremes(levels)
    let isScaled = lowest < 0 || highest > 255
    hsp_brighten_levels(
      &levels, levels.count, factor, isScaled ? 1 : 0, lowest, highest - lowest)
  }

  private static func extremes(_ levels: [Float]) -> (Float, Float) {
    var (lowest, highest): (Float, Float) = (0, 0)
    hsp_extremes(levels, levels.count, &lowest, &highest)
    return (lowest, highest)
  }

  private func flipped(_ levels: [Float], width: Int, height: Int) -> [Float] {
    levels.withUnsafeBufferPointer { levels in
      [Float](unsafeUninitializedCapacity: levels.count) { result, count in
        for y in 0..<height {
          let row = (flipVertical ? height - 1 - y : y) * width
          for x in 0..<width {
            let from = (row + (flipHorizontal ? width - 1 - x : x)) * 3
            result[count] = levels[from]
            result[count + 1] = levels[from + 1]
            result[count + 2] = levels[from + 2]
            count += 3
          }
        }
      }
    }
  }
}

extension Picture {
  /// One view of the picture, ready for a network: cropped, resized, changed, preprocessed.
  ///
  /// - Returns: (height, width, 3) in the order of channels that the preprocessing gives.
  /// - Precondition: `width` and `height` are positive.
  public func prepared(
    _ transform: ViewTransform, width: Int, height: Int, _ interpolation: Interpolation,
    _ preprocessing: Preprocessing
  ) -> [Float] {
    let part = transform.crop.map(cropped) ?? self
    let resized = part.resized(width: width, height: height, interpolation)
    if transform.changesNothingButCrop { return preprocessing.apply(resized) }
    return preprocessing.apply(levels: transform.apply(to: resized))
  }

  /// A rectangle of the picture, clamped to it; never empty.
  public func cropped(_ rectangle: ViewTransform.Rectangle) -> Picture {
    let x = min(max(rectangle.x, 0), width - 1)
    let y = min(max(rectangle.y, 0), height - 1)
    let columns = min(max(rectangle.width, 1), width - x)
    let rows = min(max(rectangle.height, 1), height - y)
    var part: [UInt8] = []
    part.reserveCapacity(columns * rows * 3)
    for row in y..<y + rows {
      let start = (row * width + x) * 3
      part += pixels[start..<start + columns * 3]
    }
    return Picture(width: columns, height: rows, pixels: part)
  }

  /// A picture of levels that need not be whole nor within 0...255: rounded and clamped.
  ///
  /// - Precondition: There are `width * height * 3` levels.
  public init(width: Int, height: Int, levels: [Float]) {
    self.init(
      width: width, height: height,
      pixels: levels.map { UInt8(($0 > 0 ? min($0, 255) : 0).rounded()) })
  }
}

extension ViewTransform {
  var changesNothingButCrop: Bool {
    !isAffine && channelShiftIntensity == nil && !flipHorizontal && !flipVertical
      && brightness == nil
  }
}

extension Preprocessing {
  /// Levels of R, G, B as the network wants them: as ``apply(_:)``, for levels that need not be
  /// whole.
  public func apply(levels: [Float]) -> [Float] {
    switch self {
    case .caffe:
      let (blue, green, red) = (Self.caffeMeans[0], Self.caffeMeans[1], Self.caffeMeans[2])
      return levels.withUnsafeBufferPointer { levels in
        [Float](unsafeUninitializedCapacity: levels.count) { values, count in
          for i in stride(from: 0, to: levels.count - 2, by: 3) {
            values[i] = levels[i + 2] - blue
            values[i + 1] = levels[i + 1] - green
            values[i + 2] = levels[i] - red
          }
          count = levels.count
        }
      }
    case .rescale:
      let scale = Float(1.0 / 255.0)
      return levels.map { $0 * scale }
    case .none:
      return levels
    }
  }
}
