/// How the windows of a convolution or a pool lie on pictures of one size.
///
/// Output pixel (y, x) sees the input rows `y * strideY - padTop ..< … + windowHeight` and the
/// columns likewise; what lies outside the picture is padding.
public struct WindowShape: Sendable, Hashable {
  /// Keras' two ways to treat the border.
  public enum Padding: String, Sendable, Codable, CaseIterable {
    /// Only windows that lie inside the picture: ⌊(n − window) / stride⌋ + 1 of them.
    case valid
    /// ⌈n / stride⌉ windows; of the padding that takes, the smaller half comes first.
    case same
  }

  /// Pixels of the input.
  public let height, width: Int
  /// Of a window, in pixels.
  public let windowHeight, windowWidth: Int
  /// From window to window, in pixels.
  public let strideY, strideX: Int
  /// Rows and columns of zeros around the input.
  public let padTop, padBottom, padLeft, padRight: Int
  /// Pixels of the output: ⌊(n + padding − window) / stride⌋ + 1.
  public let outputHeight, outputWidth: Int

  /// Windows on a picture with padding of any width below that of the window.
  ///
  /// - Throws: ``KernelsError/invalidWindow(height:width:window:strides:padding:)`` for sizes that
  ///   are not positive or absurdly large, for padding as wide as the window, and if no window
  ///   fits.
  public init(
    height: Int, width: Int, windowHeight: Int, windowWidth: Int, strideY: Int = 1,
    strideX: Int = 1, padTop: Int = 0, padBottom: Int = 0, padLeft: Int = 0, padRight: Int = 0
  ) throws(KernelsError) {
    // Far below what could overflow, far above what memory could hold.
    let side = 1...(1 << 20)
    let window = 1...(1 << 12)
    guard side.contains(height), side.contains(width), height * width <= 1 << 30,
      window.contains(windowHeight), window.contains(windowWidth), side.contains(strideY),
      side.contains(strideX), (0..<windowHeight).contains(padTop),
      (0..<windowHeight).contains(padBottom), (0..<windowWidth).contains(padLeft),
      (0..<windowWidth).contains(padRight), height + padTop + padBottom >= windowHeight,
      width + padLeft + padRight >= windowWidth
    else {
      throw .invalidWindow(
        height: height, width: width, window: [windowHeight, windowWidth],
        strides: [strideY, strideX], padding: [padTop, padBottom, padLeft, padRight])
    }
    self.height = height
    self.width = width
    self.windowHeight = windowHeight
    self.windowWidth = windowWidth
    self.strideY = strideY
    self.strideX = strideX
    self.padTop = padTop
    self.padBottom = padBottom
    self.padLeft = padLeft
    self.padRight = padRight
    outputHeight = (height + padTop + padBottom - windowHeight) / strideY + 1
    outputWidth = (width + padLeft + padRight - windowWidth) / strideX + 1
  }

  /// Windows with Keras' padding.
  ///
  /// - Throws: as the initializer with explicit padding does.
  public init(
    height: Int, width: Int, windowHeight: Int, windowWidth: Int, strideY: Int = 1,
    strideX: Int = 1, padding: Padding
  ) throws(KernelsError) {
    let vertical = Self.pads(height, windowHeight, strideY, padding)
    let horizontal = Self.pads(width, windowWidth, strideX, padding)
    try self.init(
      height: height, width: width, windowHeight: windowHeight, windowWidth: windowWidth,
      strideY: strideY, strideX: strideX, padTop: vertical.before, padBottom: vertical.after,
      padLeft: horizontal.before, padRight: horizontal.after)
  }

  /// Padding before and behind `length` pixels; none for lengths that will be refused.
  private static func pads(_ length: Int, _ window: Int, _ stride: Int, _ padding: Padding) -> (
    before: Int, after: Int
  ) {
    let sane = 1...(1 << 20)
    guard padding == .same, sane.contains(length), sane.contains(window), sane.contains(stride)
    else { return (0, 0) }
    let total = max(0, (ceilingDivide(length, stride) - 1) * stride + window - length)
    return (total / 2, total - total / 2)
  }

  /// Pixels of an input and of an output picture.
  var inputPixels: Int { height * width }
  var outputPixels: Int { outputHeight * outputWidth }
  /// Pixels of a window.
  var taps: Int { windowHeight * windowWidth }

  /// Whether every output pixel sees exactly the input pixel at its own place.
  var isPointwise: Bool {
    taps == 1 && strideY == 1 && strideX == 1
  }

  /// Checks that an array holds `count` pictures of so many values.
  func check(
    _ found: Int, _ what: String, of layer: String, count: Int, pixels: Int, channels: Int
  ) throws(KernelsError) {
    let expected = try values(count: count, pixels: pixels, channels: channels)
    guard found == expected else {
      throw .wrongTensorSize(layer: layer, tensor: what, expected: expected, found: found)
    }
  }

  /// Gives an array room for the values of `count` pictures, unless it has just that. All of them
  /// are to be written.
  func makeRoom<T: BitwiseCopyable>(in array: inout [T], count: Int, pixels: Int, channels: Int)
    throws(KernelsError)
  {
    let expected = try values(count: count, pixels: pixels, channels: channels)
    guard array.count != expected else { return }
    array = []  // give its memory back first
    array = Array(unsafeUninitializedCapacity: expected) { $1 = expected }
  }

  private func values(count: Int, pixels: Int, channels: Int) throws(KernelsError) -> Int {
    let (perPicture, overflow) = pixels.multipliedReportingOverflow(by: channels)
    guard count >= 0, !overflow, perPicture <= 1 << 40, count <= (1 << 40) / max(perPicture, 1)
    else { throw .invalidPictures(count: count, height: height, width: width) }
    return count * perPicture
  }
}
