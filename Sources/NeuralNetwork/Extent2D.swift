import Kernels

/// Rows and columns of a kernel, a pool or a stride; an integer literal means a square.
public struct Extent2D: Sendable, Equatable, ExpressibleByIntegerLiteral {
  /// In pixels, or steps.
  public var height, width: Int

  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  public init(_ side: Int) { self.init(height: side, width: side) }

  public init(integerLiteral value: Int) { self.init(value) }
}

/// Keras' two ways to treat the border of a picture: `valid` and `same`.
public typealias Padding = WindowShape.Padding

extension WindowShape {
  /// Windows on pictures of a shape (height, width, channels) without the batch.
  ///
  /// - Throws: ``NeuralNetworkError/shape(layer:expected:found:)`` if none fits.
  init(
    _ inputShape: [Int], window: Extent2D, strides: Extent2D, padding: Padding, layer: String
  ) throws {
    let refusal = NeuralNetworkError.shape(
      layer: layer,
      expected: "(height, width, channels) with room for a window of "
        + "\(window.height) × \(window.width)",
      found: inputShape)
    guard inputShape.count == 3 else { throw refusal }
    do {
      try self.init(
        height: inputShape[0], width: inputShape[1], windowHeight: window.height,
        windowWidth: window.width, strideY: strides.height, strideX: strides.width,
        padding: padding)
    } catch KernelsError.invalidWindow {
      throw refusal
    }
  }
}

extension Extent2D {
  /// Refuses extents that are not positive.
  func check(_ name: String) throws {
    guard height > 0, width > 0 else {
      throw NeuralNetworkError.setting(
        name: name, expected: "at least 1 × 1", found: "\(height) × \(width)")
    }
  }
}
