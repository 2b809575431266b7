/// What makes one view of a picture: the numbers drawn from an ``Augmentation``.
///
/// A picture goes through it in this order, which is Keras': the crop is cut out of the picture and
/// resized to the target; rotation, shift, shear and zoom move its pixels (in one step, interpolated
/// linearly); the channels are shifted; it is flipped; its brightness is changed.
public struct ViewTransform: Sendable, Hashable {
  /// A rectangle of whole pixels, from the top left.
  public struct Rectangle: Sendable, Hashable {
    public var x: Int, y: Int, width: Int, height: Int

    public init(x: Int, y: Int, width: Int, height: Int) {
      self.x = x
      self.y = y
      self.width = width
      self.height = height
    }
  }

  /// What is cut out of the picture before it is resized; `nil`: all of it.
  public var crop: Rectangle?
  /// Rotation in degrees; Keras' `theta`.
  public var theta: Double = 0
  /// Shift in pixels of the target: the pixel at column x is taken from column x + tx, the one at
  /// row y from row y + ty. (So they act in Keras 3.15, whose documentation has them swapped.)
  public var tx: Double = 0, ty: Double = 0
  /// Shear in degrees.
  public var shear: Double = 0
  /// Zoom of the columns and rows; below 1 the picture is enlarged.
  public var zx: Double = 1, zy: Double = 1
  public var flipHorizontal = false
  public var flipVertical = false
  /// Levels added to all channels, which stay between the lowest and highest that there were.
  public var channelShiftIntensity: Double?
  /// Factor on the brightness of the picture, taken as whole levels.
  public var brightness: Double?
  public var fillMode: FillMode = .nearest
  /// The level outside the picture if ``fillMode`` is constant.
  public var cval: Double = 0

  /// The picture as it is.
  public init() {}

  /// The picture as it is.
  public static let plain = ViewTransform()
  /// The picture mirrored left to right.
  public static let flipped: ViewTransform = {
    var transform = ViewTransform()
    transform.flipHorizontal = true
    return transform
  }()

  /// Whether the pixels are moved by rotation, shift, shear or zoom.
  public var isAffine: Bool {
    theta != 0 || tx != 0 || ty != 0 || shear != 0 || zx != 1 || zy != 1
  }

  /// What was drawn, under Keras' names in a fixed order, one space between them; `plain` if nothing
  /// is changed. Numbers are written so that reading them gives the same ones.
  public var canonicalText: String {
    var parts: [String] = []
    if let crop {
      parts.append("crop=\(crop.x),\(crop.y),\(crop.width),\(crop.height)")
    }
    for (name, value, neutral) in [
      ("theta", theta, 0), ("tx", tx, 0), ("ty", ty, 0), ("shear", shear, 0), ("zx", zx, 1),
      ("zy", zy, 1.0),
    ] where value != neutral { parts.append("\(name)=\(value)") }
    if let channelShiftIntensity {
      parts.append("channel_shift_intensity=\(channelShiftIntensity)")
    }
    if flipHorizontal { parts.append("flip_horizontal") }
    if flipVertical { parts.append("flip_vertical") }
    if let brightness { parts.append("brightness=\(brightness)") }
    if isAffine {
      parts.append("fill_mode=\(fillMode.rawValue)")
      if fillMode == .constant { parts.append("cval=\(cval)") }
    }
    return parts.isEmpty ? "plain" : parts.joined(separator: " ")
  }
}
