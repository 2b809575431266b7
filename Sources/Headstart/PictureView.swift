import Crypto
import Pictures

/// A view that is taken of every picture.
///
/// The same value stands for the same kind of view of all pictures, and has one name in a feature
/// store: what of it differs from picture to picture follows from the picture's hash.
public enum PictureView: Sendable, Hashable {
  /// The picture as it is.
  case plain
  /// The picture mirrored left to right.
  case flipped
  /// The numbered draw from an augmentation under a seed.
  case random(Int, Augmentation, seed: UInt64)
  /// One of ``cropCount`` crops of 7/8 of the width and height: the middle, and the corners from
  /// the top left on, row by row; each plain (even numbers), then mirrored (odd ones).
  case crop(Int)

  /// Number of crops: 0 to 9.
  public static let cropCount = 10

  /// What the view is called in a feature store.
  public var featureView: FeatureView {
    switch self {
    case .plain: return .plain
    case .flipped: return .flipped
    case .crop(let number): return .name("crop-\(number) 7/8")
    case .random(let number, let augmentation, let seed):
      let text = augmentation.canonicalText
      guard !text.isEmpty else { return .plain }
      let draw = "seed=\(seed) version=\(ViewTransform.codeVersion)"
      return FeatureView.random(number, parameters: "\(draw) \(text)")
        ?? .name("random-\(number) \(draw) \(SHA256.hash(data: Array(text.utf8)).hexadecimal)")
    }
  }

  /// Draws from an augmentation, numbered from `first` on.
  public static func random(
    _ count: Int, of augmentation: Augmentation, seed: UInt64, from first: Int = 0
  ) -> [PictureView] {
    (first..<first + count).map { .random($0, augmentation, seed: seed) }
  }

  /// The largest number of views that ``testTime(_:)`` knows.
  public static let testTimeCount = 2 + cropCount

  /// The views whose predictions are averaged: the plain one, the mirrored one, then the crops.
  ///
  /// - Parameter count: 1 to ``testTimeCount``.
  /// - Throws: ``PictureViewError``.
  public static func testTime(_ count: Int) throws(PictureViewError) -> [PictureView] {
    guard (1...testTimeCount).contains(count) else {
      throw PictureViewError(expected: "1 to \(testTimeCount) views", found: "\(count)")
    }
    return Array(([.plain, .flipped] + (0..<cropCount).map { .crop($0) }).prefix(count))
  }

  /// What makes this view of a picture.
  ///
  /// - Parameters:
  ///   - source: Width and height of the picture.
  ///   - target: Width and height that the network sees.
  func transform(
    of picture: PictureHash, source: (width: Int, height: Int), target: (width: Int, height: Int)
  ) -> ViewTransform {
    switch self {
    case .plain: return .plain
    case .flipped: return .flipped
    case .random(let number, let augmentation, let seed):
      return .draw(
        augmentation, seed: seed, picture: picture.bytes, view: number, source: source,
        target: target)
    case .crop(let number):
      var transform = number % 2 == 1 ? ViewTransform.flipped : .plain
      let width = max(1, (source.width * 7 + 4) / 8)
      let height = max(1, (source.height * 7 + 4) / 8)
      let (right, bottom) = (source.width - width, source.height - height)
      let (x, y) =
        switch number / 2 {
        case 0: (right / 2, bottom / 2)
        case 1: (0, 0)
        case 2: (right, 0)
        case 3: (0, bottom)
        default: (right, bottom)
        }
      transform.crop = .init(x: x, y: y, width: width, height: height)
      return transform
    }
  }

  /// - Throws: ``PictureViewError`` or `AugmentationError` if there is no such view.
  func check() throws {
    switch self {
    case .plain, .flipped: break
    case .crop(let number):
      guard (0..<Self.cropCount).contains(number) else {
        throw PictureViewError(
          expected: "a crop from 0 to \(Self.cropCount - 1)", found: "\(number)")
      }
    case .random(let number, let augmentation, _):
      guard number >= 0 else {
        throw PictureViewError(expected: "a view from 0 on", found: "\(number)")
      }
      try augmentation.check()
    }
  }
}

/// A view that does not exist.
public struct PictureViewError: Error, Equatable, CustomStringConvertible {
  public let expected: String
  public let found: String

  public var description: String { "Expected \(expected), found \(found)." }
}

extension FeatureView {
  /// A name made here, which is known to be printable and short.
  fileprivate static func name(_ identifier: String) -> FeatureView {
    guard let view = FeatureView(identifier: identifier) else {
      preconditionFailure("'\(identifier)' is no name of a view")
    }
    return view
  }
}
