extension FoundPictures {
  /// Pictures whose names begin with their class, in `train/`, `validation/` and `test/` or directly.
  static func byName(
    _ root: String, _ options: DataSetOptions
  ) throws(DataSetError) -> FoundPictures {
    let (listing, folders) = try PictureListing.level(root)
    var found = FoundPictures()
    guard let parts = try Parts(folders) else {
      try found.takeNames(root, split: .train, of: options.classOrder)
      found.wantsSplit = true
      return found
    }
    found.skipped = listing.skipped
    found.problems = listing.problems
    found.noteLoose(listing.pictures)
    if let train = parts.train {
      try found.takeNames(train, split: .train, of: options.classOrder)
    }
    let expected = found.classes.isEmpty ? options.classOrder : found.classes
    if let validation = parts.validation {
      try found.takeNames(validation, split: .validation, of: expected)
    }
    if let test = parts.test {
      // Kaggle's test pictures are called 1.jpg, 2.jpg…: no class in the name is as it should be.
      for picture in try found.list(test) {
        let label = labelInName(FolderPath.name(picture))
        let known = label.flatMap { expected?.contains($0) ?? true ? $0 : nil }
        found.items.append(Item(path: picture, label: known, split: .test))
      }
    }
    found.wantsSplit = parts.validation == nil && parts.train != nil
    return found
  }

  private mutating func list(_ folder: String) throws(DataSetError) -> [String] {
    let listing = try PictureListing.below(folder)
    skipped += listing.skipped
    problems += listing.problems
    return listing.pictures
  }

  private mutating func takeNames(
    _ folder: String, split: Split, of expected: [String]?
  ) throws(DataSetError) {
    var nameless: [String] = []
    var labels = Set(classes)
    let expectedLabels = expected.map { Set($0) }
    for picture in try list(folder) {
      guard let label = Self.labelInName(FolderPath.name(picture)) else {
        nameless.append(picture)
        continue
      }
      if let expected, expectedLabels?.contains(label) == false {
        throw .unknownClass(name: label, expected: expected, path: picture)
      }
      items.append(Item(path: picture, label: label, split: split))
      labels.insert(label)
    }
    classes = labels.sorted(by: bytesPrecede)
    if !nameless.isEmpty {
      problems.append(
        DataProblem(
          .noClassInName, nameless, "expected a name like cat.123.jpg, found no class and number"))
    }
  }

  /// The class in a file name: what stands before the last dot, underscore, hyphen or space that only
  /// digits follow, up to the extension. Nil for other names.
  package static func labelInName(_ name: String) -> String? {
    let stem = Array(FolderPath.stem(name).utf8)
    guard let last = stem.lastIndex(where: { !(0x30...0x39).contains($0) }), last > 0,
      last < stem.count - 1, [0x2E, 0x5F, 0x2D, 0x20].contains(stem[last])
    else { return nil }
    return String(decoding: stem[..<last], as: UTF8.self)
  }
}
