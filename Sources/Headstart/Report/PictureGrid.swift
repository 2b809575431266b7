import Foundation
import Pictures

/// PNG files of several pictures with a caption under each.
///
/// A picture that can no longer be read is drawn as a grey cell that says so.
public enum PictureGrid {
  /// Width and height that a picture has at most.
  static let cell = 160

  /// The pictures whose predicted class is wrong, the most confident mistake first, each with
  /// `cats, taken for dogs 97 %` under it.
  ///
  /// - Parameters:
  ///   - labels: the true class of each prediction.
  ///   - limit: no more than so many.
  /// - Returns: nil if none is wrong.
  /// - Throws: `PictureError` if memory runs out.
  public static func misclassified(
    _ predictions: [Prediction], labels: [Int], classes: [String], limit: Int = 24
  ) throws -> Data? {
    precondition(predictions.count == labels.count, "every prediction has its label")
    let wrong = zip(predictions, labels).filter { $0.best != $1 }
      .sorted {
        ($1.0.probabilities[$1.0.best], $0.0.path) < ($0.0.probabilities[$0.0.best], $1.0.path)
      }
      .prefix(max(1, limit))
    guard !wrong.isEmpty else { return nil }
    let captions = wrong.map { PictureCaption.mistake($0, truth: $1, classes: classes) }
    return try grid(
      zip(wrong, PictureCaption.inLines(captions)).map { (path: $0.0.path, caption: $1) })
  }

  /// Predictions, in their order, each with `dogs 97 %` under its picture.
  ///
  /// - Parameters:
  ///   - labels: the true class of each prediction, where it is known: under a picture whose
  ///     predicted class is another stands `wrong: dogs 97 %` and `it is: cats`.
  ///   - limit: no more than so many.
  /// - Precondition: there is one.
  /// - Throws: `PictureError` if memory runs out.
  public static func samples(
    _ predictions: [Prediction], labels: [Int]? = nil, classes: [String], limit: Int = 24
  ) throws -> Data {
    precondition(!predictions.isEmpty, "there is nothing to show")
    precondition(labels.map { $0.count == predictions.count } ?? true, "each has its label")
    return try grid(
      predictions.prefix(max(1, limit)).enumerated().map { index, prediction in
        (
          prediction.path,
          PictureCaption.sample(prediction, truth: labels?[index], classes: classes)
        )
      })
  }

  /// Pictures as training sees them: each as it is, then the views of it, numbered from 1; in a row
  /// as many pictures as fit six cells, at least one.
  ///
  /// - Parameters:
  ///   - settings: size, interpolation and orientation are taken from them.
  ///   - views: beside the original.
  /// - Precondition: there is a picture.
  /// - Throws: the decoder's error for a picture that cannot be read; ``PictureViewError`` and
  ///   `AugmentationError` for a view that does not exist.
  public static func augmented(
    _ paths: [String], settings: FeatureSettings, views: [PictureView]
  ) throws -> Data {
    precondition(!paths.isEmpty, "there is nothing to show")
    for view in views { try view.check() }
    let (width, height) = (settings.width, settings.height)
    var pictures: [Picture] = []
    for path in paths {
      let bytes = try PictureDecoder.bytes(ofFile: path)
      let source = try PictureDecoder.decode(
        bytes, name: path, options: DecodingOptions(ignoreEXIF: settings.ignoreEXIF))
      let hash = PictureHash(of: bytes)
      for (number, view) in ([.plain] + views).enumerated() {
        let picture = Picture(
          width: width, height: height,
          levels: source.prepared(
            view.transform(
              of: hash, source: (source.width, source.height), target: (width, height)),
            width: width, height: height, settings.interpolation, .none))
        pictures.append(
          picture.captioned(
            [number == 0 ? "original" : "view \(number)"], width: min(cell, width),
            height: min(cell, height)))
      }
    }
    let columns = (views.count + 1) * picturesInARow(views: views.count)
    return Data(try Picture.contactSheet(pictures, columns: columns).png())
  }

  /// How many pictures stand with their views in a row of ``augmented(_:settings:views:)``.
  static func picturesInARow(views: Int) -> Int { max(1, 6 / (views + 1)) }

  /// Pictures side by side in one row, all of one height, without captions.
  ///
  /// - Precondition: there is a picture.
  /// - Throws: the decoder's error for a picture that cannot be read.
  public static func strip(_ paths: [String], height: Int = 120) throws -> Data {
    let pictures = try paths.map { path in
      let picture = try PictureDecoder.read(path)
      let width = Double(picture.width) * Double(height) / Double(picture.height)
      // A panorama is not to push the others out.
      return picture.resized(
        width: min(max(1, Int(width.rounded())), 3 * height), height: height, .bicubic)
    }
    return Data(try Picture.strip(pictures, gap: 6).png())
  }

  private static func grid(_ cells: [(path: String, caption: [String])]) throws -> Data {
    let lines = cells.map(\.caption.count).max() ?? 0
    let pictures = cells.map { path, caption in
      let padded = caption + [String](repeating: "", count: lines - caption.count)
      guard let picture = try? PictureDecoder.read(path) else {
        return Picture.grey.captioned(
          padded.dropLast() + ["(unreadable)"], width: cell, height: cell)
      }
      return picture.captioned(padded, width: cell, height: cell)
    }
    return Data(try Picture.contactSheet(pictures).png())
  }
}

extension Picture {
  fileprivate static let grey = Picture(
    width: PictureGrid.cell, height: PictureGrid.cell,
    pixels: [UInt8](repeating: 200, count: PictureGrid.cell * PictureGrid.cell * 3))

  /// Pictures of one height from left to right on white.
  fileprivate static func strip(_ pictures: [Picture], gap: Int) -> Picture {
    precondition(!pictures.isEmpty, "there is nothing to show")
    let height = pictures[0].height
    var pixels: [UInt8] = []
    let white = [UInt8](repeating: 255, count: gap * 3)
    for y in 0..<height {
      for (index, picture) in pictures.enumerated() {
        if index > 0 { pixels += white }
        pixels += picture.pixels[y * picture.width * 3..<(y + 1) * picture.width * 3]
      }
    }
    let width = pictures.reduce(gap * (pictures.count - 1)) { $0 + $1.width }
    return Picture(width: width, height: height, pixels: pixels)
  }
}
