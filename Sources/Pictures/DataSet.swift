import Kernels

/// A picture and its class.
public struct Sample: Sendable, Hashable {
  public var path: String
  /// Index into the data set's classes, nil if the class is not known.
  public var label: Int?

  public init(path: String, label: Int?) {
    self.path = path
    self.label = label
  }
}

/// Where labels come from.
public enum LabelSource: Sendable, Equatable {
  /// The folder that a picture lies in.
  case folders
  /// The beginning of its name: `cat.123.jpg`, `american_bulldog_7.jpg`.
  case names
  /// A CSV file of path and label, and perhaps split; paths relative to the data set's folder or to
  /// the CSV's.
  case csv(String)
}

/// How a folder becomes a data set.
public struct DataSetOptions: Sendable {
  /// Where labels come from.
  public var labels: LabelSource
  /// The classes in the order of their indices; nil: in the order of their names' bytes.
  public var classOrder: [String]?
  /// The share of pictures that goes to validation where the folders do not say; 0 leaves all in
  /// `train`.
  public var validationFraction: Double
  /// The share that goes to test.
  public var testFraction: Double
  /// Chooses the split.
  public var seed: UInt64
  /// A split made before; pictures in it keep their part.
  public var previousSplit: SplitTable?
  /// Sketches of pictures seen before, which need not be read again to make a split.
  public var sketches: SketchTable
  /// How many classes the training pictures must have at least.
  public var minimumClasses: Int
  /// Whether to look for files with the same bytes, which costs reading those that have the same size.
  public var findDuplicates: Bool

  public init(
    labels: LabelSource = .folders, classOrder: [String]? = nil, validationFraction: Double = 0.2,
    testFraction: Double = 0, seed: UInt64 = 0, previousSplit: SplitTable? = nil,
    sketches: SketchTable = SketchTable(), minimumClasses: Int = 2, findDuplicates: Bool = true
  ) {
    self.labels = labels
    self.classOrder = classOrder
    self.validationFraction = validationFraction
    self.testFraction = testFraction
    self.seed = seed
    self.previousSplit = previousSplit
    self.sketches = sketches
    self.minimumClasses = minimumClasses
    self.findDuplicates = findDuplicates
  }
}

/// Labelled pictures in up to three parts.
///
/// These are understood:
/// - a folder with `train/`, and optionally `validation/` (or `valid/`, `val/`) and `test/`, each with
///   a folder for each class; `test/` may also hold pictures without classes, at any depth;
/// - a folder with a folder for each class;
/// - pictures whose names begin with their class (`LabelSource.names`), with or without `train/`…;
/// - a list (`LabelSource.csv`).
///
/// Where no validation pictures are given, a share of the training pictures is set aside: stratified
/// by class, chosen by the seed, near-duplicates on one side; `split` then tells which.
///
/// Every part is sorted by class, then by the bytes of the path; unlabelled pictures come last.
public struct DataSet: Sendable {
  /// Names of the classes; a label is an index into them.
  public let classes: [String]
  /// What is trained on.
  public let train: [Sample]
  /// What judges and chooses; empty if there are none.
  public let validation: [Sample]
  /// What is predicted, labelled or not; empty if there are none.
  public let test: [Sample]
  /// The split that was made, nil if the data came with one.
  public let split: SplitTable?
  /// The sketches given, and those of the pictures that were read to make the split.
  public let sketches: SketchTable
  /// What does not stop the work but should be known.
  public let problems: [DataProblem]
  /// Files that are no pictures.
  public let skipped: [SkippedFile]

  /// The pictures of one part.
  public subscript(part: Split) -> [Sample] {
    switch part {
    case .train: train
    case .validation: validation
    case .test: test
    }
  }

  /// Reads the folder at `path`.
  ///
  /// - Parameters:
  ///   - pool: What reads pictures where that is needed, to make a split or to find equal files;
  ///     nil: one of all cores.
  ///   - progress: Told how many pictures have been looked at for making a split, of how many.
  ///   - check: Asked in between whether to go on; what it throws ends the work.
  /// - Throws: `DataSetError`, or what `check` throws.
  public static func open(
    _ path: String, options: DataSetOptions = DataSetOptions(), pool: ThreadPool? = nil,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }, check: () throws -> Void = {}
  ) throws -> DataSet {
    let root = FolderPath.withoutTrailingSlashes(path)
    try checkFractions(options)
    let found =
      switch options.labels {
      case .folders: try FoundPictures.inFolders(root, options)
      case .names: try FoundPictures.byName(root, options)
      case .csv(let list): try FoundPictures.inList(list, root, options)
      }
    return try withoutActuallyEscaping(check) { check in
      try withoutActuallyEscaping(progress) { progress in
        try DataSet(
          found, root: root, options: options, threads: pool ?? ThreadPool(),
          DataSetAttention(check: check, progress: progress))
      }
    }
  }

  /// The pictures named, and those in the folders named and below, for prediction.
  ///
  /// Files come as given, whatever they are called; a folder's pictures in the order of path bytes.
  public static func pictures(in paths: [String]) throws(DataSetError) -> PictureListing {
    var result = PictureListing()
    for path in paths {
      do {
        result.append(try PictureListing.below(path))
      } catch .notAFolder {
        result.pictures.append(path)
      } catch .unreadable where FileBytes.isMissing(path) {
        result.pictures.append(path)  // decoding it will say what is wrong
      }
    }
    return result
  }

  private static func checkFractions(_ options: DataSetOptions) throws(DataSetError) {
    let (validation, test) = (options.validationFraction, options.testFraction)
    guard validation >= 0, validation < 1 else {
      throw .fraction(name: "validation", value: validation)
    }
    guard test >= 0, validation + test < 1 else { throw .fraction(name: "test", value: test) }
  }

  private init(
    _ found: FoundPictures, root: String, options: DataSetOptions, threads: ThreadPool,
    _ attention: DataSetAttention
  ) throws {
    var found = found
    try found.checkClasses(root, options)
    var table: SplitTable?
    var sketches = options.sketches
    if found.wantsSplit, options.validationFraction + options.testFraction > 0 {
      table = try found.makeSplit(root, options, sketches: &sketches, threads: threads, attention)
    }
    found.noteUnjudgedClasses()
    if options.findDuplicates { try found.noteEqualFiles(threads: threads, attention) }
    classes = found.classes
    train = found.samples(.train)
    validation = found.samples(.validation)
    test = found.samples(.test)
    split = table
    self.sketches = sketches
    problems = DataProblem.grouped(found.problems)
    skipped = found.skipped
  }
}

/// Whom to ask whether to go on, and to tell how far the work is.
struct DataSetAttention {
  let check: () throws -> Void
  let progress: (_ done: Int, _ total: Int) -> Void
}
