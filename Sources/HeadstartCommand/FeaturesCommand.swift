import ArgumentParser
import Foundation
import Headstart
import Pictures

struct FeaturesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "features",
    abstract: "Looks after the feature cache.",
    discussion: """
      The cache is a folder with a store for each combination of weights, layer, size and \
      preprocessing. A store holds HDF5 files that other programs can read, too.

        headstart features list
        headstart features verify
        headstart features export photos --split train --output bottleneck
        headstart features prune --older-than 30 --dry-run
      """,
    subcommands: [
      FeaturesListCommand.self, FeaturesVerifyCommand.self, FeaturesExportCommand.self,
      FeaturesPruneCommand.self,
    ])
}

/// Which stores a command is about.
struct StoreOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Stores, by the beginning of their name or key; default: all.", valueName: "store"))
  var stores: [String] = []

  @Option(help: ArgumentHelp("Folder of the feature cache.", valueName: "folder"))
  var features = "features"

  @Flag(help: "Results as JSON on standard output, and nothing else there.")
  var json = false

  var catalog: FeatureStoreCatalog { FeatureStoreCatalog(features) }

  /// - Throws: `FeatureStoreError.cannotRead` for a cache that is not there.
  func folders() throws -> [String] {
    guard FileManager.default.fileExists(atPath: features) else {
      throw FeatureStoreError.cannotRead(path: features, reason: "there is no such folder")
    }
    return try catalog.folders(named: stores)
  }

  /// Whether this is the cache that comes into being with the first extraction, and none was made.
  var isYetToCome: Bool {
    features == "features" && stores.isEmpty && !FileManager.default.fileExists(atPath: features)
  }
}

struct FeaturesListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "What is in the feature cache.",
    discussion: "Changes nothing, not even the date of a store's last use.")

  @OptionGroup var options: StoreOptions

  func run() throws {
    let folders = options.isYetToCome ? [] : try options.folders()
    let stores = try folders.map { try options.catalog.summary(of: $0) }
    if options.json { return try Console.json(["stores": stores]) }
    guard !stores.isEmpty else {
      return Console.note("There are no feature stores in '\(options.features)'.")
    }
    var rows = [["store", "pictures", "views", "features", "size", "shards", "last used"]]
    for store in stores {
      rows.append([
        store.name, "\(store.pictures)", "\(store.rows)", store.shape.map { "\($0)" } ?? "–",
        describe(bytes: store.bytes), "\(store.shards)",
        store.lastUsed.formatted(.iso8601.year().month().day()),
      ])
    }
    let total = describe(bytes: stores.reduce(0) { $0 + $1.bytes })
    Console.result(Console.table(rows) + "\n\(total) in all")
    for store in stores {
      if let problem = store.problem { Console.warning("\(problem)") }
      if store.damaged > 0 {
        Console.warning("\(store.name) has \(store.damaged) damaged shards; see its damaged/")
      }
    }
  }
}

struct FeaturesVerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Checks every byte of the feature cache.",
    discussion: """
      Compares the checksum of each file with its contents. What is damaged is moved to the folder \
      damaged/ of its store and no longer used; its pictures are computed anew when they are needed. \
      Ends with exit code 1 if anything is found damaged.
      """)

  @OptionGroup var options: StoreOptions

  @Flag(name: .shortAndLong, help: "No progress on standard error; errors and warnings only.")
  var quiet = false

  private struct Finding: Encodable {
    let store: String
    let pictures, shards: Int
    let setAside: [SetAsideShard]
    let problem: String?
  }

  func run() throws {
    var findings: [Finding] = []
    for folder in try options.folders() {
      let name = (folder as NSString).lastPathComponent
      let bar = ProgressBar(name, unit: "shards", quiet: quiet)
      do {
        let store = try FeatureStore.open(folder: folder)
        let setAside = try store.verify(cancellation: Interruption.cancellation) {
          bar.update(done: $0, total: $1)
        }
        findings.append(
          Finding(
            store: name, pictures: store.count, shards: store.shardCount, setAside: setAside,
            problem: nil))
      } catch let error as FeatureStoreError {
        findings.append(
          Finding(store: name, pictures: 0, shards: 0, setAside: [], problem: "\(error)"))
      }
      bar.finish()
    }
    if options.json {
      try Console.json(["stores": findings])
    } else if findings.isEmpty {
      Console.note("There are no feature stores in '\(options.features)'.")
    } else {
      for finding in findings where finding.problem == nil {
        Console.result("\(finding.store): \(finding.pictures) rows sound")
      }
    }
    for finding in findings {
      if let problem = finding.problem { Console.line("damaged: \(problem)") }
      for shard in finding.setAside { Console.line("damaged: \(shard)") }
    }
    if findings.contains(where: { $0.problem != nil || !$0.setAside.isEmpty }) {
      throw ExitCode.failure
    }
  }
}

struct FeaturesExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Writes features as NumPy arrays.",
    discussion: """
      Writes bottleneck_features_<split>.npy (n, h, w, c), bottleneck_labels_<split>.npy and \
      bottleneck_files_<split>.txt, a path a line, all in the same order. Features that are not in \
      the cache are extracted first. Labels count the classes from 0 on, in alphabetical order \
      or that of --class-order; pictures without labels have no label file.

        headstart features export photos --split train --output bottleneck
        numpy.load("bottleneck/bottleneck_features_train.npy")    in Python
      """)

  enum Split: String, ExpressibleByArgument, CaseIterable { case train, validation, test, all }

  @Argument(help: "Folder of labelled pictures.", completion: .directory)
  var data: String

  @Option(help: "Pictures to write: train, validation, test, all.")
  var split: Split = .train

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Folder for the three files.", valueName: "folder"), completion: .directory)
  var output: String

  @Option(
    help: ArgumentHelp(
      "View of the pictures: plain, flipped, crop-0 to crop-9, or random-0 on, as drawn from the"
        + " augmentation options and the seed.", valueName: "view"))
  var view: ViewArgument = .plain

  @OptionGroup(title: "Extraction options") var extractionOptions: ExtractionCommandOptions
  @OptionGroup(title: "Augmentation options") var viewOptions: ViewOptions
  @OptionGroup(title: "Data options") var dataOptions: DataOptions
  @OptionGroup(title: "Feature options") var featureOptions: FeatureOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func validate() throws {
    if case .random = view { return }
    if let option = viewOptions.noAugmentation ? "--no-augmentation" : viewOptions.ranges.given {
      throw ValidationError(
        "\(option) is about augmented views: say with --view random-0 that one is meant.")
    }
  }

  func run() throws {
    let pool = try common.threadPool()
    let dataSet = try dataOptions.open(
      data, features: featureOptions.features, common, pool: pool)
    let samples =
      switch split {
      case .train: dataSet.train
      case .validation: dataSet.validation
      case .test: dataSet.test
      case .all: dataSet.train + dataSet.validation + dataSet.test
      }
    guard !samples.isEmpty else {
      throw ValidationError("'\(data)' has no pictures in the split '\(split.rawValue)'.")
    }
    let view = try view.picture(
      viewOptions.augmentation(), seed: common.seed)
    let (extraction, store) = try extractionOptions.extraction(featureOptions, pool: pool)
    // Before the work, not after it: can the results be written?
    _ = try RunFolder(output, command: "export")
    let extracted = try extractionOptions.run(extraction, samples, views: [view], common)
    let bar = ProgressBar("Export", unit: "pictures", quiet: common.quiet)
    let report = try FeatureExport.write(
      extracted, of: store, view: view.featureView, split: split.rawValue,
      classes: dataSet.classes, to: output, cancellation: Interruption.cancellation
    ) { bar.update(done: $0, total: $1) }
    bar.finish()
    if common.json {
      try Console.json(report)
    } else {
      let shape = report.shape.map(String.init).joined(separator: ", ")
      Console.result("\(report.features) (\(shape))")
      if let labels = report.labels {
        let names = report.classes.enumerated().map { "\($0) = \($1)" }.joined(separator: ", ")
        Console.result("\(labels) (\(names))")
      }
      Console.result(report.files)
    }
    try Unreadable.report(extracted.problems.map { ($0.sample.path, $0.reason) })
  }
}

struct FeaturesPruneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune", abstract: "Deletes what of the feature cache is no longer needed.",
    discussion: """
      Deletes only what it is told to, and says what. A store that a living process has open is \
      left alone.

        headstart features prune --older-than 30 --dry-run
        headstart features prune --older-than 30
        headstart features prune --damaged
        headstart features prune --all vgg16-block4_pool
      """)

  @OptionGroup var options: StoreOptions

  @Option(
    name: .customLong("older-than"),
    help: ArgumentHelp("Stores that were not used for so many days.", valueName: "days"))
  var olderThan: Double?

  @Flag(help: "All stores, or all that are named.")
  var all = false

  @Flag(help: "Damaged shards that were set aside, and what killed processes left half-written.")
  var damaged = false

  @Flag(name: .customLong("dry-run"), help: "Only say what would be deleted.")
  var dryRun = false

  func validate() throws {
    guard all || damaged || olderThan != nil else {
      throw ValidationError(
        "Say what to delete: --older-than DAYS, --damaged or --all (with --dry-run to see it only)."
      )
    }
    if let olderThan, !(olderThan >= 0 && olderThan < 1e6) {
      throw ValidationError("--older-than takes a number of days, not \(olderThan).")
    }
  }

  func run() throws {
    let pruning = FeatureStorePruning(
      unusedFor: olderThan.map { $0 * 86400 }, everything: all, damaged: damaged)
    var plan = try pruning.plan(for: options.folders(), in: options.catalog)
    if !dryRun {
      let inUse = try plan.carryOut()
      plan.items.removeAll { inUse.contains($0.path) }
      plan.inUse += inUse
    }
    if options.json {
      try Console.json(
        Result(deleted: !dryRun, bytes: plan.bytes, items: plan.items, inUse: plan.inUse))
    } else {
      for item in plan.items {
        Console.result("\(item.path): \(describe(bytes: item.bytes)), \(item.reason)")
      }
      Console.result("\(describe(bytes: plan.bytes)) \(dryRun ? "would be freed" : "freed")")
    }
    for folder in plan.inUse { Console.line("in use, left alone: \(folder)") }
  }

  private struct Result: Encodable {
    let deleted: Bool
    let bytes: Int
    let items: [FeatureStorePruning.Item]
    let inUse: [String]
  }
}
