import Pictures
import Testing

/// What `headstart doctor` finds.
struct DataSetExaminationTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    for part in ["train", "validation"] {
      for name in ["cats", "dogs"] {
        for number in 0..<4 {
          let seed = UInt64(number) + (name == "cats" ? 10 : 20) + (part == "train" ? 100 : 200)
          try folder.write(
            "\(part)/\(name)/\(number).bmp", Bitmap.random(seed: seed, side: 80))
        }
      }
    }
  }

  private func examine() throws -> DataSetExamination {
    let options = DataSetOptions(validationFraction: 0, minimumClasses: 1)
    return try DataSetExamination(try DataSet.open(folder.path, options: options), pool: .init())
  }

  /// Kinds with the paths they are about, below the folder.
  private func found() throws -> [DataProblem.Kind: [[String]]] {
    Dictionary(grouping: try examine().problems, by: \.kind)
      .mapValues { $0.map { $0.paths.map { folder.relative($0) } } }
  }

  /// A smooth picture, and the same one smaller.
  private func scene(seed: UInt64) -> (whole: Picture, small: Picture) {
    var generator = SeededGenerator(seed: seed)
    let rough = Picture(
      width: 8, height: 8, pixels: (0..<192).map { _ in UInt8(generator.number(below: 250)) })
    let whole = rough.resized(width: 128, height: 96, .bicubic)
    return (whole, whole.resized(width: 96, height: 72, .bilinear))
  }

  @Test func soundPicturesHaveNoProblems() throws {
    let examination = try examine()
    #expect(examination.count == 16 && examination.problems.isEmpty)
  }

  @Test func picturesThatAreOdd() throws {
    try folder.write("train/cats/broken.jpg", [0xFF, 0xD8, 0xFF])
    try folder.write("train/cats/empty.jpg", [])
    try folder.write("train/dogs/tiny.bmp", Bitmap.random(seed: 1, side: 20))
    try folder.write("train/dogs/named.png", Bitmap.random(seed: 2, side: 80))
    let black = Picture(width: 70, height: 70, pixels: [UInt8](repeating: 0, count: 14700))
    try folder.write("train/dogs/black.bmp", Bitmap.file(black))
    let found = try found()
    #expect(
      found == [
        .unreadablePicture: [["train/cats/broken.jpg"], ["train/cats/empty.jpg"]],
        .tinyPicture: [["train/dogs/tiny.bmp"]],
        .wrongExtension: [["train/dogs/named.png"]],
        .oneColour: [["train/dogs/black.bmp"]],
      ])
    let details = try examine().problems.map(\.detail)
    #expect(details.contains("named .png, but BMP"))
    #expect(details.contains { $0.contains("empty file") })
    #expect(DataProblem.Kind.unreadablePicture.severity == .error)
    #expect(DataProblem.Kind.tinyPicture.severity == .warning)
  }

  @Test func modesAndOrientations() throws {
    for name in Fixture.names(in: "decode") where !name.hasSuffix(".ppm") {
      try folder.write("train/cats/\(name)", Fixture.bytes("decode/" + name))
    }
    let problems = try examine().problems
    func names(_ kind: DataProblem.Kind, _ detail: String) -> [String] {
      problems.filter { $0.kind == kind && $0.detail.hasPrefix(detail) }.flatMap(\.paths)
        .map { folder.relative($0).replacing("train/cats/", with: "") }
    }
    #expect(names(.unusualMode, "grey,").contains { $0.hasPrefix("gr") && $0.hasSuffix(".jpg") })
    #expect(names(.unusualMode, "CMYK").contains { $0.contains("cmyk") })
    #expect(names(.unusualMode, "palette").contains("animated.gif"))
    #expect(!names(.turnedByCamera, "").isEmpty)
    #expect(problems.allSatisfy { $0.kind != .unreadablePicture })
  }

  @Test func lookalikesAcrossClassesAndParts() throws {
    for (seed, places) in [
      (1, ["train/cats/a.bmp", "train/dogs/b.bmp"]),
      (2, ["train/cats/c.bmp", "validation/cats/d.bmp"]),
      (3, ["train/dogs/e.bmp", "train/dogs/f.bmp"]),
    ] {
      let pictures = scene(seed: UInt64(seed))
      try folder.write(places[0], Bitmap.file(pictures.whole))
      try folder.write(places[1], Bitmap.file(pictures.small))
    }
    #expect(
      try found() == [
        .nearDuplicatesInTwoClasses: [["train/cats/a.bmp", "train/dogs/b.bmp"]],
        .nearDuplicatesInTwoSplits: [["train/cats/c.bmp", "validation/cats/d.bmp"]],
        .nearDuplicates: [["train/dogs/e.bmp", "train/dogs/f.bmp"]],
      ])
  }

  @Test func unequalClasses() throws {
    for number in 4..<12 {
      try folder.write(
        "train/dogs/\(number).bmp", Bitmap.random(seed: 900 + UInt64(number), side: 80))
    }
    let problems = try examine().problems
    #expect(problems.map(\.kind) == [.imbalance])
    #expect(problems.first?.description == "12 training pictures of dogs, 4 of cats")
  }

  @Test func canBeStopped() throws {
    struct Enough: Error {}
    let data = try DataSet.open(folder.path, options: DataSetOptions(validationFraction: 0))
    #expect(throws: Enough.self) {
      try DataSetExamination(data, pool: .init(), check: { throw Enough() })
    }
  }
}
