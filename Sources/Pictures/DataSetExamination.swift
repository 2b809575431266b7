import Kernels
import Synchronization

/// A thorough look at every picture of a data set, before anything is trained on it.
///
/// Beside what `DataSet` finds out by itself: pictures that cannot be decoded, tiny ones, those of one
/// colour, wrong file name extensions, modes other than 8-bit colour, pictures that a camera turned,
/// lookalikes across classes and across parts, and classes of very different size.
public struct DataSetExamination: Sendable {
  /// Pictures examined.
  public let count: Int
  /// The data set's own findings first.
  public let problems: [DataProblem]

  /// Pictures smaller than this on a side have less detail than a network was trained on.
  static let smallestSide = 64
  /// How many times as many pictures one class may have as another.
  static let largestImbalance = 3.0

  /// Examines all pictures of a data set.
  ///
  /// - Parameters:
  ///   - progress: Told how many pictures have been looked at, of how many.
  ///   - check: Asked in between whether to go on.
  /// - Throws: What `check` throws.
  public init(
    _ data: DataSet, pool: ThreadPool, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in },
    check: () throws -> Void = {}
  ) throws {
    let items = Split.allCases.flatMap { part in data[part].map { (part: part, sample: $0) } }
    let paths = items.map(\.sample.path)
    var examined: [ExaminedPicture] = []
    let part = 16 * pool.threads
    for start in stride(from: 0, to: paths.count, by: part) {
      try check()
      examined += Self.examine(Array(paths[start..<min(start + part, paths.count)]), pool: pool)
      progress(examined.count, paths.count)
    }
    count = items.count
    problems =
      data.problems + Self.single(examined, paths) + Self.lookalikes(examined, items, data.classes)
      + Self.imbalance(data)
  }

  private static func examine(_ paths: [String], pool: ThreadPool) -> [ExaminedPicture] {
    let results = Mutex([ExaminedPicture?](repeating: nil, count: paths.count))
    pool.parallelFor(paths.count) { index in
      let examined = ExaminedPicture(paths[index])
      results.withLock { $0[index] = examined }
    }
    return results.withLock { $0.compactMap { $0 } }
  }

  /// What is odd about a picture by itself; the same oddities of several pictures together.
  private static func single(_ examined: [ExaminedPicture], _ paths: [String]) -> [DataProblem] {
    var grouped: [(kind: DataProblem.Kind, detail: String, paths: [String])] = []
    for (picture, path) in zip(examined, paths) {
      for (kind, detail) in picture.oddities {
        if kind != .unreadablePicture,
          let known = grouped.firstIndex(where: { $0.kind == kind && $0.detail == detail })
        {
          grouped[known].paths.append(path)
        } else {
          grouped.append((kind, detail, [path]))
        }
      }
    }
    return DataProblem.Kind.allCases.flatMap { kind in
      grouped.filter { $0.kind == kind }.map { DataProblem($0.kind, $0.paths, $0.detail) }
    }
  }

  /// Groups of pictures that look the same but are not the same file, by what is wrong with that.
  private static func lookalikes(
    _ examined: [ExaminedPicture], _ items: [(part: Split, sample: Sample)], _ classes: [String]
  ) -> [DataProblem] {
    let groups = SketchGroups(sketches: examined.map(\.sketch))
    return groups.groups.flatMap { group -> [DataProblem] in
      // Files that are equal to the last byte were reported by the data set.
      guard Set(group.map { groups.sketches[$0]?.content }).count > 1 else { return [] }
      let paths = group.map { items[$0].sample.path }
      let labels = Set(group.compactMap { items[$0].sample.label }).sorted().map { classes[$0] }
      let parts = Split.allCases.filter { part in group.contains { items[$0].part == part } }
      var problems: [DataProblem] = []
      if labels.count > 1 {
        problems.append(
          DataProblem(
            .nearDuplicatesInTwoClasses, paths,
            "look the same, and are labelled \(labels.joined(separator: " and "))"))
      }
      if parts.count > 1 {
        problems.append(
          DataProblem(
            .nearDuplicatesInTwoSplits, paths,
            "look the same, in \(parts.map(\.rawValue).joined(separator: " and in "))"))
      }
      return problems.isEmpty ? [DataProblem(.nearDuplicates, paths, "look the same")] : problems
    }
  }

  private static func imbalance(_ data: DataSet) -> [DataProblem] {
    let counts = data.classes.indices.map { label in data.train.count { $0.label == label } }
    guard let least = counts.min(), let most = counts.max(), least > 0,
      let rare = counts.firstIndex(of: least), let common = counts.firstIndex(of: most),
      Double(most) / Double(least) >= largestImbalance
    else { return [] }
    return [
      DataProblem(
        .imbalance, [],
        "\(most) training pictures of \(data.classes[common]), \(least) of \(data.classes[rare])")
    ]
  }
}

/// One picture file, read to its end.
struct ExaminedPicture: Sendable {
  /// Nil for a file that cannot be read.
  let sketch: PictureSketch?
  let oddities: [(kind: DataProblem.Kind, detail: String)]

  private static let extensions: [String: PictureFormat] = [
    "jpg": .jpeg, "jpeg": .jpeg, "jpe": .jpeg, "jfif": .jpeg, "png": .png, "webp": .webp,
    "gif": .gif, "bmp": .bmp,
  ]

  init(_ path: String) {
    let bytes: [UInt8]
    let stored: (picture: Picture, orientation: Int, format: PictureFormat)
    do {
      bytes = try FileBytes.picture(path).bytes
      stored = try PictureDecoder.stored(bytes, name: path, options: DecodingOptions())
    } catch {
      sketch = nil
      let text = error.description
      let prefix = path + ": "
      oddities = [
        (.unreadablePicture, text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text)
      ]
      return
    }
    var oddities: [(kind: DataProblem.Kind, detail: String)] = []
    sketch = PictureSketch(of: bytes, name: path)
    let (picture, format) = (stored.picture, stored.format)
    let ending = FolderPath.fileExtension(FolderPath.name(path)).lowercased()
    if let named = Self.extensions[ending], named != format {
      oddities.append((.wrongExtension, "named .\(ending), but \(format.rawValue)"))
    }
    if min(picture.width, picture.height) < DataSetExamination.smallestSide {
      oddities.append(
        (.tinyPicture, "less than \(DataSetExamination.smallestSide) pixels on a side"))
    }
    if let mode = PictureHeader.unusualMode(bytes, format: format) {
      oddities.append((.unusualMode, "\(mode), read as 8-bit colour"))
    }
    if stored.orientation != 1, (2...8).contains(stored.orientation) {
      oddities.append((.turnedByCamera, "turned upright by EXIF orientation"))
    }
    if picture.isOfOneColour { oddities.append((.oneColour, "of one colour only")) }
    self.oddities = oddities
  }
}

extension Picture {
  fileprivate var isOfOneColour: Bool {
    guard pixels.count >= 3 else { return true }
    return stride(from: 3, to: pixels.count, by: 3).allSatisfy {
      pixels[$0] == pixels[0] && pixels[$0 + 1] == pixels[1] && pixels[$0 + 2] == pixels[2]
    }
  }
}
