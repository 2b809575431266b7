import Foundation
import Pictures
import Testing

/// Folders for classes.
struct DataSetFolderTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func names(_ samples: [Sample]) -> [String] { samples.map { folder.relative($0.path) } }

  @Test func trainValidationTest() throws {
    try folder.writePictures([
      "train/dogs/dog.2.bmp", "train/dogs/dog.10.bmp", "train/cats/b.bmp", "train/cats/a.bmp",
      "train/cats/more/c.bmp", "validation/cats/x.bmp", "validation/dogs/y.bmp", "test/dogs/z.bmp",
    ])
    let data = try DataSet.open(folder.path)
    #expect(data.classes == ["cats", "dogs"])
    #expect(
      names(data.train) == [
        "train/cats/a.bmp", "train/cats/b.bmp", "train/cats/more/c.bmp", "train/dogs/dog.10.bmp",
        "train/dogs/dog.2.bmp",
      ])
    #expect(data.train.map(\.label) == [0, 0, 0, 1, 1])
    #expect(names(data.validation) == ["validation/cats/x.bmp", "validation/dogs/y.bmp"])
    #expect(data.test.map(\.label) == [1])
    #expect(data[.test] == data.test)
    #expect(data.split == nil)
    #expect(data.problems.isEmpty)
    #expect(data.skipped.isEmpty)
  }

  @Test(arguments: ["validation", "valid", "val"])
  func validationHasThreeNames(name: String) throws {
    try folder.writePictures(["train/a/1.bmp", "train/b/2.bmp", "\(name)/b/3.bmp"])
    let data = try DataSet.open(folder.path + "///")
    #expect(names(data.validation) == ["\(name)/b/3.bmp"])
  }

  @Test func twoFoldersForValidation() throws {
    try folder.writePictures(["train/a/1.bmp", "train/b/2.bmp", "val/b/3.bmp", "valid/a/4.bmp"])
    #expect(
      throws: DataSetError.ambiguousFolders(
        first: folder.path + "/val", second: folder.path + "/valid")
    ) { try DataSet.open(folder.path) }
  }

  @Test func testWithoutClasses() throws {
    try folder.writePictures([
      "train/a/1.bmp", "train/b/2.bmp", "val/b/3.bmp", "test/test/10.bmp", "test/test/9.bmp",
      "test/8.bmp", "val/a/4.bmp",
    ])
    let data = try DataSet.open(folder.path)
    #expect(names(data.test) == ["test/8.bmp", "test/test/10.bmp", "test/test/9.bmp"])
    #expect(data.test.allSatisfy { $0.label == nil })
    #expect(data.problems.isEmpty)
  }

  @Test func testWithSomeClassesAndAStranger() throws {
    try folder.writePictures([
      "train/a/1.bmp", "train/b/2.bmp", "val/b/3.bmp", "test/a/4.bmp", "test/c/5.bmp",
      "val/a/6.bmp",
    ])
    let data = try DataSet.open(folder.path)
    #expect(data.test.map(\.label) == [0, nil])
    #expect(data.problems.map(\.kind) == [.unknownClass])
    #expect(data.problems[0].paths == [folder.path + "/test/c"])
  }

  @Test func testAlone() throws {
    try folder.writePictures(["test/test/1.bmp"])
    let data = try DataSet.open(folder.path)
    #expect(names(data.test) == ["test/test/1.bmp"])
    #expect(data.classes.isEmpty && data.train.isEmpty && data.split == nil)
  }

  @Test func evaluationFoldersTakeTheClassesGiven() throws {
    try folder.writePictures(["validation/b/1.bmp", "test/a/2.bmp"])
    let data = try DataSet.open(
      folder.path, options: DataSetOptions(classOrder: ["b", "a", "unseen"]))
    #expect(data.classes == ["b", "a", "unseen"])
    #expect(data.validation.map(\.label) == [0])
    #expect(data.test.map(\.label) == [1])
  }

  @Test func classOrder() throws {
    try folder.writePictures(["train/cats/1.bmp", "train/dogs/2.bmp", "val/dogs/3.bmp"])
    let data = try DataSet.open(folder.path, options: DataSetOptions(classOrder: ["dogs", "cats"]))
    #expect(data.classes == ["dogs", "cats"])
    #expect(names(data.train) == ["train/dogs/2.bmp", "train/cats/1.bmp"])
    #expect(
      throws: DataSetError.unknownClass(name: "dogs", expected: ["cats", "x"], path: folder.path)
    ) { try DataSet.open(folder.path, options: DataSetOptions(classOrder: ["cats", "x"])) }
    #expect(
      throws: DataSetError.classOrder(given: ["cats", "cats"], found: ["cats", "dogs"])
    ) { try DataSet.open(folder.path, options: DataSetOptions(classOrder: ["cats", "cats"])) }
    #expect(throws: DataSetError.emptyClass(name: "birds", path: folder.path)) {
      try DataSet.open(folder.path, options: DataSetOptions(classOrder: ["birds", "cats", "dogs"]))
    }
  }

  @Test func unknownClassInValidation() throws {
    try folder.writePictures(["train/a/1.bmp", "train/b/2.bmp", "val/c/3.bmp"])
    #expect(
      throws: DataSetError.unknownClass(
        name: "c", expected: ["a", "b"], path: folder.path + "/val")
    ) { try DataSet.open(folder.path) }
  }

  @Test func emptyClassFolders() throws {
    try folder.writePictures(["train/a/1.bmp", "train/b/2.bmp", "val/a/3.bmp"])
    try folder.makeFolder("val/b")
    let data = try DataSet.open(folder.path)
    #expect(data.problems.map(\.kind) == [.emptyClassFolder])
    try folder.makeFolder("train/c")
    #expect(throws: DataSetError.emptyClass(name: "c", path: folder.path + "/train/c")) {
      try DataSet.open(folder.path)
    }
  }

  @Test func classesThatNothingJudgesAreNamed() throws {
    try folder.writePictures(["train/a/1.bmp", "train/b/2.bmp", "train/c/3.bmp", "val/a/4.bmp"])
    try folder.makeFolder("val/c")
    let data = try DataSet.open(folder.path)
    #expect(data.problems.map(\.kind) == [.emptyClassFolder, .emptyClassFolder])
    #expect(
      data.problems.last?.description
        == "class b has training pictures, but no validation pictures")
    #expect(data.problems.first?.paths == [folder.path + "/val/c"])
    // Test pictures without classes say nothing of them.
    try folder.writePictures(["test/5.bmp", "val/b/6.bmp", "val/c/7.bmp"], seed: 1)
    #expect(try DataSet.open(folder.path).problems.isEmpty)
  }

  @Test func oneClass() throws {
    try folder.writePictures(["train/a/1.bmp", "val/a/2.bmp"])
    #expect(
      throws: DataSetError.tooFewClasses(found: ["a"], needed: 2, path: folder.path)
    ) { try DataSet.open(folder.path) }
    let data = try DataSet.open(folder.path, options: DataSetOptions(minimumClasses: 1))
    #expect(data.classes == ["a"])
  }

  @Test func foldersThatDoNotDo() throws {
    let missing = folder.path + "/missing"
    #expect(
      throws: DataSetError.unreadable(path: missing, reason: "No such file or directory")
    ) { try DataSet.open(missing) }
    #expect(throws: DataSetError.noPictures(path: folder.path)) { try DataSet.open(folder.path) }
    let file = try folder.write("cat.bmp", Bitmap.random(seed: 1))
    #expect(throws: DataSetError.notAFolder(path: file)) { try DataSet.open(file) }
    #expect(throws: DataSetError.noClassFolders(path: folder.path)) {
      try DataSet.open(folder.path)
    }
    try folder.makeFolder("train")
    #expect(throws: DataSetError.noPictures(path: folder.path + "/train")) {
      try DataSet.open(folder.path)
    }
    #expect(throws: DataSetError.fraction(name: "validation", value: 1)) {
      try DataSet.open(folder.path, options: DataSetOptions(validationFraction: 1))
    }
  }

  @Test func filesThatAreNoPictures() throws {
    try folder.writePictures([
      "train/a/1.bmp", "train/a/.hidden.bmp", "train/b/2.bmp", "train/b/.cache/3.bmp", "loose.bmp",
      "train/loose.bmp", "val/a/4.bmp", "val/__MACOSX/5.bmp", "train/a/picture without ending",
      "val/b/6.bmp",
    ])
    try folder.write("train/a/Thumbs.db", "x")
    try folder.write("train/a/notes.txt", "A cat.")
    try folder.makeFolder("train/a/folder.jpg")
    let data = try DataSet.open(folder.path)
    #expect(data.train.count == 3)
    let hidden = data.skipped.filter { $0.reason == .hidden }.map { folder.relative($0.path) }
    #expect(
      hidden.sorted() == ["train/a/.hidden.bmp", "train/b/.cache", "val/__MACOSX"])
    let others = data.skipped.filter { $0.reason == .notAPicture }
    #expect(
      others.map { folder.relative($0.path) }.sorted() == [
        "train/a/Thumbs.db", "train/a/notes.txt",
      ])
    let problems = Dictionary(grouping: data.problems, by: \.kind).mapValues { $0.flatMap(\.paths) }
    #expect(Set(problems.keys) == [.outsideClassFolders, .folderNamedLikePicture])
    #expect(
      problems[.outsideClassFolders] == [
        folder.path + "/loose.bmp", folder.path + "/train/loose.bmp",
      ])
    #expect(problems[.folderNamedLikePicture] == [folder.path + "/train/a/folder.jpg"])
  }

  @Test func namesOfAllKinds() throws {
    let strange = ["train/a b/with space.bmp", "train/a b/line\nend.bmp", "train/猫/é.bmp"]
    try folder.writePictures(strange + ["val/a b/1.bmp", "val/猫/2.bmp"])
    // Bytes that are no UTF-8 cannot be a String, and so not a sample; they are reported.
    let bad = Array((folder.path + "/train/a b/latin-").utf8) + [0xE9] + Array(".bmp".utf8) + [0]
    let file = bad.withUnsafeBytes {
      Foundation.open(
        $0.baseAddress!.assumingMemoryBound(to: CChar.self), O_CREAT | O_WRONLY, 0o600)
    }
    try #require(file >= 0)
    close(file)
    let data = try DataSet.open(folder.path)
    #expect(Set(names(data.train)) == Set(strange))
    #expect(data.classes == ["a b", "猫"])
    #expect(data.problems.map(\.kind) == [.nameNotUTF8])
    for sample in data.train { _ = try PictureDecoder.read(sample.path) }
  }

  @Test func linksAreFollowedOnce() throws {
    try folder.writePictures([
      "train/a/1.bmp", "train/b/2.bmp", "elsewhere/3.bmp", "val/a/4.bmp", "val/b/5.bmp",
    ])
    try folder.link("train/a/more", to: folder.path + "/elsewhere")
    try folder.link("train/b/back", to: folder.path + "/train/b")
    try folder.link("train/b/gone.jpg", to: "nowhere")
    let data = try DataSet.open(folder.path)
    #expect(
      names(data.train) == [
        "train/a/1.bmp", "train/a/more/3.bmp", "train/b/2.bmp", "train/b/gone.jpg",
      ])
    #expect(data.problems.map(\.kind) == [.folderReachedTwice])
  }

  @Test func oneNameInTwoClassesIsFine() throws {
    try folder.writePictures(["train/a/1.bmp", "train/b/1.bmp", "val/a/1.bmp", "val/b/1.bmp"])
    let data = try DataSet.open(folder.path)
    #expect(data.train.map(\.label) == [0, 1])
    #expect(data.problems.isEmpty)
  }

  @Test func equalFilesAreReported() throws {
    try folder.writePictures(["train/a/1.bmp", "train/b/2.bmp", "val/a/3.bmp", "test/4.bmp"])
    let same = Bitmap.random(seed: 99)
    for name in ["train/a/x.bmp", "train/a/y.bmp"] { try folder.write(name, same) }
    let across = Bitmap.random(seed: 100)
    for name in ["train/a/same.bmp", "train/b/same.bmp"] { try folder.write(name, across) }
    let leak = Bitmap.random(seed: 101)
    for name in ["train/b/leak.bmp", "val/b/leak.bmp", "test/leak.bmp"] {
      try folder.write(name, leak)
    }
    let data = try DataSet.open(folder.path)
    let found = Dictionary(uniqueKeysWithValues: data.problems.map { ($0.kind, $0) })
    #expect(data.problems.count == 3)
    #expect(found[.duplicate]?.paths.map(folder.relative) == ["train/a/x.bmp", "train/a/y.bmp"])
    #expect(
      found[.sameContentInTwoClasses]?.paths.map(folder.relative) == [
        "train/a/same.bmp", "train/b/same.bmp",
      ])
    #expect(
      found[.sameContentInTwoSplits]?.paths.map(folder.relative) == [
        "test/leak.bmp", "train/b/leak.bmp", "val/b/leak.bmp",
      ])
    #expect(
      found[.sameContentInTwoSplits]?.description.hasSuffix(
        "the same bytes in train and in validation and in test") == true)
    let unasked = try DataSet.open(folder.path, options: DataSetOptions(findDuplicates: false))
    #expect(unasked.problems.isEmpty)
  }

  @Test func defaults() {
    let options = DataSetOptions()
    #expect(options.labels == .folders && options.classOrder == nil && options.seed == 0)
    #expect(options.validationFraction == 0.2 && options.testFraction == 0)
    #expect(options.minimumClasses == 2 && options.findDuplicates)
    #expect(options.previousSplit == nil)
  }
}
