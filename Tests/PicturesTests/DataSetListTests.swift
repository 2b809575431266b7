import Pictures
import Testing

/// Labels from file names and from lists, and pictures for prediction.
struct DataSetListTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func names(_ samples: [Sample]) -> [String] { samples.map { folder.relative($0.path) } }

  @Test(arguments: [
    ("cat.123.jpg", "cat"), ("american_bulldog_7.png", "american_bulldog"),
    ("dog-5.jpeg", "dog"), ("Siamese 12.jpg", "Siamese"), ("a.b.3.jpg", "a.b"),
    ("123.jpg", nil), ("cat.jpg", nil), ("cat123.jpg", nil), ("cat..jpg", nil), (".7.jpg", nil),
  ])
  func classInAName(name: String, expected: String?) {
    #expect(FoundPictures.labelInName(name) == expected)
  }

  @Test func flatFolderOfNames() throws {
    try folder.writePictures(
      (0..<10).map { "cat.\($0).bmp" } + (0..<10).map { "dog.\($0).bmp" } + ["unnamed.bmp"])
    let data = try DataSet.open(folder.path, options: DataSetOptions(labels: .names))
    #expect(data.classes == ["cat", "dog"])
    #expect(data.train.count == 16 && data.validation.count == 4)
    #expect(data.problems.map(\.kind) == [.noClassInName])
    for sample in data.train {
      #expect(folder.relative(sample.path).hasPrefix(data.classes[sample.label!]))
    }
  }

  @Test func kaggleFoldersOfNames() throws {
    try folder.writePictures([
      "train/cat.0.bmp", "train/dog.0.bmp", "validation/dog.1.bmp", "test/1.bmp", "test/2.bmp",
    ])
    let data = try DataSet.open(folder.path, options: DataSetOptions(labels: .names))
    #expect(names(data.train) == ["train/cat.0.bmp", "train/dog.0.bmp"])
    #expect(data.validation.map(\.label) == [1])
    #expect(data.test.map(\.label) == [nil, nil])
    #expect(
      data.problems.map(\.description) == [
        "class cat has training pictures, but no validation pictures"
      ])
    try folder.writePictures(["validation/bird.1.bmp"], seed: 3)
    #expect(
      throws: DataSetError.unknownClass(
        name: "bird", expected: ["cat", "dog"], path: folder.path + "/validation/bird.1.bmp")
    ) { try DataSet.open(folder.path, options: DataSetOptions(labels: .names)) }
  }

  @Test func listWithoutHeader() throws {
    try folder.writePictures(["pictures/a.bmp", "pictures/b, c.bmp", "d.bmp", "e.bmp", "f.bmp"])
    let list = try folder.write(
      "labels.csv",
      "\u{FEFF}pictures/a.bmp,cat\r\n\"pictures/b, c.bmp\",dog\r\nd.bmp,cat\r\n"
        + folder.path + "/e.bmp,dog\r\nmissing.bmp,cat\r\nd.bmp,cat\r\n")
    let data = try DataSet.open(
      folder.path, options: DataSetOptions(labels: .csv(list), validationFraction: 0))
    #expect(data.classes == ["cat", "dog"])
    #expect(names(data.train) == ["d.bmp", "pictures/a.bmp", "e.bmp", "pictures/b, c.bmp"])
    #expect(data.problems.map(\.kind) == [.missingFile, .listedTwice])
    #expect(data.problems[0].paths == ["missing.bmp"])
  }

  @Test func pathsRelativeToTheList() throws {
    try folder.writePictures(["lists/a.bmp", "lists/b.bmp", "data/b.bmp"])
    let list = try folder.write("lists/labels.csv", "a.bmp,x\nb.bmp,y\n")
    let data = try DataSet.open(
      folder.path + "/data", options: DataSetOptions(labels: .csv(list), validationFraction: 0))
    // The data set's own folder comes first.
    #expect(names(data.train) == ["lists/a.bmp", "data/b.bmp"])
  }

  @Test func listWithHeaderAndSplit() throws {
    try folder.writePictures(["a.bmp", "b.bmp", "c.bmp", "d.bmp"])
    let list = try folder.write(
      "labels.csv",
      "Label,Split,weight,Filename\nx,train,1,a.bmp\ny,train,1,b.bmp\ny,valid,2,c.bmp\n,test,,d.bmp\n"
    )
    let data = try DataSet.open(folder.path, options: DataSetOptions(labels: .csv(list)))
    #expect(names(data.train) == ["a.bmp", "b.bmp"])
    #expect(names(data.validation) == ["c.bmp"])
    #expect(data.test == [Sample(path: folder.path + "/d.bmp", label: nil)])
    #expect(data.split == nil)
  }

  @Test func aWrittenSplitIsAList() throws {
    try folder.writePictures(
      (0..<10).map { "cats/\($0).bmp" } + (0..<10).map { "dogs/\($0).bmp" })
    let made = try DataSet.open(folder.path)
    let list = try folder.write("split.csv", try #require(made.split).csv)
    let read = try DataSet.open(folder.path, options: DataSetOptions(labels: .csv(list)))
    #expect(read.train == made.train && read.validation == made.validation)
    #expect(read.classes == made.classes && read.split == nil)
  }

  @Test(arguments: [
    ("a.bmp,x\na.bmp,y\n", "labelled x and y"),
    ("path,split,label\na.bmp,train,x\na.bmp,validation,x\n", "x (train) and x (validation)"),
    ("a.bmp,x\nb.bmp\n", ":2: expected 2 columns, found 1"),
    ("a.bmp,x,1\n", ":1: expected path,label or a header that names them, found 3 columns"),
    ("a.bmp,\n", ":1: expected a label, found none"),
    (",x\n", ":1: an empty path"),
    ("path,split,label\na.bmp,later,x\n", "expected train, validation or test, found later"),
    ("nowhere.bmp,x\n", "none of its 1 pictures is there"),
    ("", "expected lines of path,label, found none"),
    ("path,label\n", "expected pictures"),
    ("a.bmp,x\nb.bmp,x\n", "expected at least 2 classes, found x"),
  ])
  func listsThatDoNotDo(text: String, complaint: String) throws {
    try folder.writePictures(["a.bmp", "b.bmp"])
    let list = try folder.write("labels.csv", text)
    let error = try #require(throws: DataSetError.self) {
      try DataSet.open(folder.path, options: DataSetOptions(labels: .csv(list)))
    }
    #expect("\(error)".contains(complaint))
    #expect("\(error)".contains(folder.path))
  }

  @Test func missingList() {
    let list = folder.path + "/labels.csv"
    #expect(
      throws: DataSetError.unreadable(path: list, reason: "No such file or directory")
    ) { try DataSet.open(folder.path, options: DataSetOptions(labels: .csv(list))) }
  }

  @Test func picturesForPrediction() throws {
    try folder.writePictures(["test/test/10.bmp", "test/test/9.bmp", "test/1.bmp"])
    let odd = try folder.write("odd.txt", "not a picture, but asked for")
    try folder.write("test/notes.txt", "x")
    let missing = folder.path + "/missing.jpg"
    let listing = try DataSet.pictures(in: [odd, folder.path + "/test", missing])
    #expect(
      listing.pictures.map { folder.relative($0) } == [
        "odd.txt", "test/1.bmp", "test/test/10.bmp", "test/test/9.bmp", "missing.jpg",
      ])
    #expect(listing.skipped.map { folder.relative($0.path) } == ["test/notes.txt"])
  }
}
