import Foundation
import Kernels
import Pictures
import Testing

/// Splits that are made where the folders state none.
struct DataSetSplitTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.writePictures(
      (0..<40).map { "cats/cat.\($0).bmp" } + (0..<20).map { "dogs/dog.\($0).bmp" })
  }

  private func paths(_ samples: [Sample]) -> Set<String> {
    Set(samples.map { folder.relative($0.path) })
  }

  @Test func isStratifiedAndComplete() throws {
    let data = try DataSet.open(folder.path)
    #expect(data.validation.count { $0.label == 0 } == 8)
    #expect(data.validation.count { $0.label == 1 } == 4)
    #expect(data.train.count == 48)
    #expect(paths(data.train).isDisjoint(with: paths(data.validation)))
    let table = try #require(data.split)
    #expect(table.entries.count == 60)
    for entry in table.entries {
      let part = entry.split == .train ? data.train : data.validation
      #expect(paths(part).contains(entry.path))
      #expect(entry.label == String(entry.path.prefix { $0 != "/" }))
    }
  }

  @Test func aTestPartCanBeSetAsideToo() throws {
    let options = DataSetOptions(validationFraction: 0.25, testFraction: 0.1)
    let data = try DataSet.open(folder.path, options: options)
    #expect(data.validation.count == 15 && data.test.count == 6 && data.train.count == 39)
  }

  @Test func fractionZeroLeavesAllInTrain() throws {
    let data = try DataSet.open(folder.path, options: DataSetOptions(validationFraction: 0))
    #expect(data.train.count == 60 && data.validation.isEmpty && data.split == nil)
  }

  @Test func dependsOnTheSeedAlone() throws {
    let one = try DataSet.open(folder.path, options: DataSetOptions(seed: 1))
    let same = try DataSet.open(folder.path, options: DataSetOptions(seed: 1))
    let other = try DataSet.open(folder.path, options: DataSetOptions(seed: 2))
    #expect(one.split == same.split)
    #expect(one.split != other.split)
  }

  @Test func renamingAndAddingMoveLittle() throws {
    let before = try DataSet.open(folder.path)
    let renamed = try TemporaryFolder()
    for sample in before.train + before.validation {
      let name = folder.relative(sample.path).replacing("cat.", with: "renamed.")
      try renamed.write(name, PictureDecoder.bytes(ofFile: sample.path))
    }
    let after = try DataSet.open(renamed.path)
    #expect(
      Set(after.validation.map { renamed.relative($0.path) })
        == Set(paths(before.validation).map { $0.replacing("cat.", with: "renamed.") }))

    try folder.writePictures((0..<10).map { "cats/new.\($0).bmp" }, seed: 77)
    let grown = try DataSet.open(folder.path)
    // Two of the ten new ones belong to validation now; at most ten old ones change sides.
    #expect(grown.validation.count { $0.label == 0 } == 10)
    #expect(paths(before.validation).subtracting(paths(grown.validation)).count <= 4)
    #expect(paths(before.train).intersection(paths(grown.validation)).count <= 4)
  }

  @Test func anEarlierSplitIsKept() throws {
    let before = try DataSet.open(folder.path, options: DataSetOptions(seed: 5))
    try folder.writePictures((0..<10).map { "dogs/new.\($0).bmp" }, seed: 78)
    let options = DataSetOptions(seed: 6, previousSplit: before.split)
    let after = try DataSet.open(folder.path, options: options)
    #expect(paths(before.validation).isSubset(of: paths(after.validation)))
    #expect(paths(before.train).isSubset(of: paths(after.train)))
    #expect(after.validation.count { $0.label == 1 } == 6)
  }

  @Test func trainWithoutValidationIsSplitToo() throws {
    let other = try TemporaryFolder()
    try other.writePictures(
      (0..<10).map { "train/a/\($0).bmp" } + (0..<10).map { "train/b/\($0).bmp" }
        + ["test/1.bmp"])
    let data = try DataSet.open(other.path)
    #expect(data.train.count == 16 && data.validation.count == 4 && data.test.count == 1)
    #expect(data.split?.entries.count == 20)
  }

  @Test func lookalikesStayTogether() throws {
    // Every cat comes three times: as it is, a little brighter, and resized.
    var generator = SeededGenerator(seed: 4)
    let scenes = try TemporaryFolder()
    for scene in 0..<12 {
      let small = Picture(
        width: 8, height: 8, pixels: (0..<192).map { _ in UInt8(generator.number(below: 250)) })
      let picture = small.resized(width: 96, height: 64, .bicubic)
      let brighter = Picture(
        width: 96, height: 64, pixels: picture.pixels.map { UInt8(min(Int($0) + 3, 255)) })
      let name = scene % 2 == 0 ? "cats" : "dogs"
      try scenes.write("\(name)/\(scene)-plain.bmp", Bitmap.file(picture))
      try scenes.write("\(name)/\(scene)-brighter.bmp", Bitmap.file(brighter))
      let resized = picture.resized(width: 61, height: 40, .bilinear)
      try scenes.write("\(name)/\(scene)-resized.bmp", Bitmap.file(resized))
    }
    for seed in UInt64(0)..<5 {
      let options = DataSetOptions(validationFraction: 0.34, seed: seed)
      let data = try DataSet.open(scenes.path, options: options)
      let aside = Dictionary(grouping: data.validation) {
        scenes.relative($0.path).prefix { $0 != "-" }
      }
      #expect(aside.count == 4)
      #expect(aside.values.allSatisfy { $0.count == 3 })
      #expect(data.problems.count == 12)
      #expect(data.problems.allSatisfy { $0.kind == .nearDuplicates && $0.paths.count == 3 })
    }
  }

  @Test func equalFilesInTwoClassesStayTogether() throws {
    let same = Bitmap.random(seed: 12345)
    try folder.write("cats/same.bmp", same)
    try folder.write("dogs/same.bmp", same)
    for seed in UInt64(0)..<8 {
      let data = try DataSet.open(folder.path, options: DataSetOptions(seed: seed))
      let inValidation = data.validation.count { $0.path.hasSuffix("same.bmp") }
      #expect(inValidation == 0 || inValidation == 2)
      #expect(data.problems.map(\.kind) == [.sameContentInTwoClasses])
    }
  }

  @Test func unreadablePicturesAreSplitLikeOthers() throws {
    try folder.write("cats/broken.jpg", [0xFF, 0xD8, 0xFF])
    try folder.write("cats/empty.jpg", [])
    try folder.link("dogs/gone.jpg", to: "nowhere")
    let data = try DataSet.open(folder.path)
    let all = paths(data.train + data.validation)
    #expect(all.count == 63)
    #expect(all.isSuperset(of: ["cats/broken.jpg", "cats/empty.jpg", "dogs/gone.jpg"]))
  }

  @Test func progressIsToldAndCanBeStopped() throws {
    var calls: [(done: Int, total: Int)] = []
    let data = try DataSet.open(folder.path, pool: ThreadPool(threads: 2)) {
      calls.append(($0, $1))
    }
    #expect(calls.map(\.done) == [32, 60])
    #expect(calls.allSatisfy { $0.total == 60 })
    // With a split that names every picture, none is looked at.
    let options = DataSetOptions(previousSplit: data.split)
    let again = try DataSet.open(folder.path, options: options) { _, _ in
      Issue.record("expected no picture to be read")
    }
    #expect(again.split == data.split)

    struct Enough: Error {}
    var asked = 0
    #expect(throws: Enough.self) {
      try DataSet.open(
        folder.path, pool: ThreadPool(threads: 1),
        check: {
          asked += 1
          if asked == 2 { throw Enough() }
        })
    }
    #expect(asked == 2)
  }

  /// Sketches that were kept spare the reading of files, and change nothing.
  @Test func knownSketchesSpareTheReading() throws {
    try folder.write("cats/broken.jpg", [0xFF, 0xD8, 0xFF])
    Thread.sleep(forTimeInterval: 0.15)  // what has just been written may change again unseen
    let first = try DataSet.open(folder.path)
    #expect(first.sketches.count == 61 && first.sketches.hasChanged)

    let kept = try #require(SketchTable(bytes: first.sketches.bytes))
    #expect(kept.bytes == first.sketches.bytes && !kept.hasChanged)
    let second = try DataSet.open(folder.path, options: DataSetOptions(sketches: kept)) { _, _ in
      Issue.record("expected no picture to be read")
    }
    #expect(second.split == first.split && !second.sketches.hasChanged)

    // A file written again under its name is another file, even with its old time and size.
    let path = folder.path + "/cats/cat.0.bmp"
    let date = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate]
    try folder.write("cats/cat.0.bmp", Bitmap.random(seed: 999))
    try FileManager.default.setAttributes([.modificationDate: date as Any], ofItemAtPath: path)
    var looked = 0
    let third = try DataSet.open(folder.path, options: DataSetOptions(sketches: kept)) {
      looked = $0
      #expect($1 == 61)
    }
    #expect(looked == 61)
    #expect(try third.split == DataSet.open(folder.path).split)
  }

  @Test func damagedSketchesAreNotTaken() throws {
    Thread.sleep(forTimeInterval: 0.15)
    let bytes = try DataSet.open(folder.path).sketches.bytes
    #expect(SketchTable(bytes: bytes)?.count == 60)
    #expect(SketchTable(bytes: []) == nil)
    #expect(SketchTable(bytes: Array(bytes.dropLast())) == nil)
    #expect(SketchTable(bytes: Array(bytes.prefix(20))) == nil)
    for place in [0, 100, bytes.count / 2, bytes.count - 1] {
      var damaged = bytes
      damaged[place] ^= 1
      #expect(SketchTable(bytes: damaged) == nil)
    }
  }
}
