import ArgumentParser
import Foundation
import Headstart
import Kernels
import Pictures

/// Where the labels of DATA come from; see `DataSet`.
struct LabelOptions: ParsableArguments {
  @Option(
    name: .customLong("labels-from"),
    help: ArgumentHelp(
      "folder: a folder per class. name: one flat folder of pictures named cat.123.jpg.",
      valueName: "folder|name"))
  var labelsFrom: LabelOrigin = .folder

  @Option(
    help: ArgumentHelp(
      "CSV file with the columns path,label and, if you like, split.", valueName: "file"),
    completion: .file(extensions: ["csv"]))
  var labels: String?

  @Option(
    name: .customLong("class-order"),
    help: ArgumentHelp(
      "Order of the classes, separated by commas; default: alphabetical.", valueName: "a,b,…"))
  var classOrder: String?

  enum LabelOrigin: String, ExpressibleByArgument, CaseIterable { case folder, name }

  func validate() throws {
    guard labels == nil || labelsFrom == .folder else {
      throw ValidationError("--labels and --labels-from name exclude each other.")
    }
    if let classOrder, let order = options.classOrder,
      order.isEmpty || order.contains("") || Set(order).count < order.count
    {
      throw ValidationError(
        WrongUsage.sentence(
          "--class-order", "the names of the classes, each once, with commas between them",
          classOrder))
    }
  }

  var options: DataSetOptions {
    var options = DataSetOptions()
    options.labels = labels.map { .csv($0) } ?? (labelsFrom == .name ? .names : .folders)
    options.classOrder = classOrder.map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
    }
    return options
  }

  /// Reads DATA; an order of other classes than it has is wrong usage.
  func reading(_ path: String, _ body: () throws -> DataSet) throws -> DataSet {
    do {
      return try body()
    } catch let error as DataSetError {
      guard let classOrder else { throw error }
      switch error {
      case .unknownClass(let name, let expected, _) where expected == options.classOrder:
        throw ValidationError(
          "--class-order: expected all classes of \(path), found \(classOrder) without \(name).")
      // A folder without pictures is another matter.
      case .emptyClass(let name, let place) where place.split(separator: "/").last != name[...]:
        throw ValidationError(
          "--class-order: expected classes of \(path), found \(name), which it does not have.")
      default: throw error
      }
    }
  }

  /// Refuses another order than a trained classifier's.
  func check(classes: [String]) throws {
    guard let order = options.classOrder, order != classes else { return }
    throw ValidationError(
      "--class-order is for training: the classes of this model stand in the order"
        + " \(classes.joined(separator: ",")).")
  }

  /// Reads the folder for a classifier to judge: nothing is set aside, and there may be one class.
  /// Labels are numbers in the classifier's order of classes, as its probabilities are.
  func open(
    _ path: String, classes: [String], _ common: CommonOptions, pool: ThreadPool
  ) throws -> DataSet {
    var options = options
    try check(classes: classes)
    options.classOrder = classes
    options.validationFraction = 0
    options.minimumClasses = 1
    let dataSet = try DataSet.open(
      path, options: options, pool: pool, check: { try Interruption.cancellation.check() })
    dataSet.report(common)
    return dataSet
  }
}

/// How DATA is read for training.
struct DataOptions: ParsableArguments {
  @OptionGroup var labelOptions: LabelOptions

  @Option(
    name: .customLong("validation-share"),
    help: ArgumentHelp(
      "Share of the pictures kept for validation where DATA sets none apart; 0 for none.",
      valueName: "share"))
  var validationShare = 0.2

  @Option(
    name: .customLong("keep-split"),
    help: ArgumentHelp(
      "split.csv of an earlier run, for a folder that has grown: its pictures stay in their part.",
      valueName: "file"),
    completion: .file(extensions: ["csv"]))
  var keepSplit: String?

  func validate() throws {
    guard validationShare >= 0, validationShare < 1 else {
      throw ValidationError(
        "--validation-share must lie between 0 and 1, not \(validationShare).")
    }
    guard keepSplit == nil || validationShare > 0 else {
      throw ValidationError("--keep-split and --validation-share 0 exclude each other.")
    }
  }

  /// Reads the folder, makes a split if it sets no validation pictures apart, and says on standard
  /// error what was found.
  ///
  /// - Parameters:
  ///   - features: folder of the feature cache, which keeps what a split is made by.
  ///   - limit: at most so many pictures of each part; nil for all.
  ///   - trains: whether a split must leave pictures of every class to train on.
  func open(
    _ path: String, features: String, limit: Int? = nil, trains: Bool = false,
    _ common: CommonOptions,
    pool: ThreadPool
  ) throws -> DataSet {
    var options = labelOptions.options
    options.validationFraction = validationShare
    options.previousSplit = try keepSplit.map { try SplitTable.read($0) }
    options.seed = common.seed
    options.sketches = SketchFile.read(in: features)
    let bar = ProgressBar("Split", unit: "pictures", quiet: common.quiet)
    defer { bar.finish() }
    var dataSet = try labelOptions.reading(path) {
      try DataSet.open(
        path, options: options, pool: pool, progress: { bar.update(done: $0, total: $1) },
        check: { try Interruption.cancellation.check() })
    }
    bar.finish()
    if trains, keepSplit == nil { try checkShare(of: dataSet) }
    try SketchFile.write(dataSet.sketches, in: features)
    if let limit { dataSet = dataSet.limited(to: limit) }
    dataSet.report(common)
    return dataSet
  }
}

extension DataOptions {
  /// Refuses a share for validation that leaves nothing of a class to train on.
  private func checkShare(of dataSet: DataSet) throws {
    guard dataSet.split != nil else { return }
    let left = Set(dataSet.train.compactMap(\.label))
    guard let label = dataSet.classes.indices.first(where: { !left.contains($0) }) else { return }
    let count = dataSet.validation.count { $0.label == label }
    throw ValidationError(
      WrongUsage.sentence(
        "--validation-share", "a share that leaves pictures of every class to train on",
        "\(validationShare), which takes all \(count) of \(dataSet.classes[label])"))
  }
}

extension DataSet {
  /// Says on standard error what was found, and what looks wrong.
  func report(_ common: CommonOptions) {
    let counts = [
      ("training", train.count), ("validation", validation.count), ("test", test.count),
    ]
    .filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }
    common.note(
      "\(classes.count) classes (\(classes.joined(separator: ", "))), "
        + "\(counts.joined(separator: ", ")) pictures")
    if split != nil {
      common.note(
        "no pictures are set apart in a folder, so \(validation.count) were chosen to validate")
    }
    for problem in problems { Console.warning("\(problem)") }
    if !skipped.isEmpty {
      common.note("\(skipped.count) files that are no pictures were skipped")
    }
  }
}
