extension FoundPictures {
  /// The folders of a data set that state the parts themselves.
  struct Parts {
    var train: String?
    var validation: String?
    var test: String?

    /// Nil if none of the folders is there.
    init?(_ folders: [String]) throws(DataSetError) {
      func find(_ names: [String]) throws(DataSetError) -> String? {
        let matches = folders.filter { names.contains(FolderPath.name($0)) }
        guard matches.count < 2 else {
          throw .ambiguousFolders(first: matches[0], second: matches[1])
        }
        return matches.first
      }
      train = try find(["train"])
      validation = try find(["validation", "valid", "val"])
      test = try find(["test"])
      if train == nil, validation == nil, test == nil { return nil }
    }
  }

  /// A folder for each class, in `train/`, `validation/` and `test/` or directly.
  static func inFolders(
    _ root: String, _ options: DataSetOptions
  ) throws(DataSetError) -> FoundPictures {
    let (listing, folders) = try PictureListing.level(root)
    var found = FoundPictures()
    found.skipped = listing.skipped
    found.problems = listing.problems
    if let parts = try Parts(folders) {
      found.noteLoose(listing.pictures)
      try found.takeParts(parts, options)
    } else {
      try found.takeClasses(folders, split: .train)
      guard !found.classes.isEmpty else {
        throw listing.pictures.isEmpty ? .noPictures(path: root) : .noClassFolders(path: root)
      }
      found.noteLoose(listing.pictures)
      found.wantsSplit = true
    }
    return found
  }

  private mutating func takeParts(
    _ parts: Parts, _ options: DataSetOptions
  ) throws(DataSetError) {
    wantsSplit = parts.validation == nil && parts.train != nil
    if let folder = parts.train {
      let (listing, folders) = try level(folder)
      try takeClasses(folders, split: .train)
      guard !classes.isEmpty else {
        throw listing.pictures.isEmpty ? .noPictures(path: folder) : .noClassFolders(path: folder)
      }
      noteLoose(listing.pictures)
    }
    // Without training pictures, the classes are those given, else those of what is there.
    var expected = classes.isEmpty ? options.classOrder : classes
    if let folder = parts.validation {
      let (listing, folders) = try level(folder)
      if let expected,
        let stranger = folders.first(where: { !expected.contains(FolderPath.name($0)) })
      {
        throw .unknownClass(
          name: FolderPath.name(stranger), expected: expected, path: folder)
      }
      try takeClasses(folders, split: .validation)
      noteLoose(listing.pictures)
      if expected == nil { expected = classes }
    }
    if let folder = parts.test { try takeTest(folder, expected) }
  }

  /// `test/` has folders for classes, or pictures whose class is not known, or both.
  private mutating func takeTest(
    _ folder: String, _ expected: [String]?
  ) throws(DataSetError) {
    let (listing, folders) = try level(folder)
    let known = folders.filter { expected?.contains(FolderPath.name($0)) ?? false }
    items += listing.pictures.map { Item(path: $0, label: nil, split: .test) }
    try takeClasses(known, split: .test)
    for other in folders where !known.contains(other) {
      take(try PictureListing.below(other), label: nil, split: .test)
      guard !known.isEmpty else { continue }
      problems.append(
        DataProblem(
          .unknownClass, [other],
          "not one of the classes (\(expected!.joined(separator: ", "))); its pictures have no label"
        )
      )
    }
  }

  private mutating func level(
    _ folder: String
  ) throws(DataSetError) -> (listing: PictureListing, folders: [String]) {
    let (listing, folders) = try PictureListing.level(folder)
    skipped += listing.skipped
    problems += listing.problems
    return (listing, folders)
  }

  private mutating func takeClasses(_ folders: [String], split: Split) throws(DataSetError) {
    for folder in folders {
      let name = FolderPath.name(folder)
      let listing = try PictureListing.below(folder)
      take(listing, label: name, split: split)
      if listing.pictures.isEmpty {
        let unread = DataProblem.grouped(listing.problems).first { $0.kind == .unreadFormat }
        guard split != .train else {
          if let unread {
            throw .unreadFormats(name: name, paths: unread.paths, reason: unread.detail)
          }
          throw .emptyClass(name: name, path: folder)
        }
        problems.append(DataProblem(.emptyClassFolder, [folder], "class folder has no pictures"))
        if split == .validation { emptyValidation.insert(name) }
      }
      if !classes.contains(name) { classes.append(name) }
    }
  }

  /// Reports pictures that are in no class.
  mutating func noteLoose(_ pictures: [String]) {
    guard !pictures.isEmpty else { return }
    problems.append(
      DataProblem(.outsideClassFolders, pictures, "beside the folders of the data set, not used"))
  }
}
