import ArgumentParser
import Foundation
import Headstart
import Kernels
import Pictures

struct ExtractCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "extract",
    abstract: "Fills the feature cache.",
    discussion: """
      Runs the backbone over the pictures of DATA whose features are not in the cache yet. Other \
      commands do so by themselves when they need features; this one is for doing it beforehand.

      A picture is known by its contents: renamed, moved, copied or newly split pictures are not \
      computed again. Ctrl-C or a kill loses at most the batch under way; run the same command \
      again to go on. Several processes may fill one cache at the same time.

        headstart extract photos
        headstart extract photos --size 320 --backbone vgg19
        headstart extract photos --layer block4_pool
        headstart extract photos --views 4 --rotation-range 15 --dry-run
      """)

  @Argument(help: "Folder of labelled pictures.", completion: .directory)
  var data: String

  @Option(
    help: ArgumentHelp(
      "Augmented views of each training picture, besides the plain one.", valueName: "n"))
  var views = 0

  @Option(
    help: ArgumentHelp(
      "Views for test-time augmentation, 1 to 12, of the pictures that are not for training.",
      valueName: "flip|n"))
  var tta: TestTimeViews?

  @Flag(
    name: .customLong("dry-run"),
    help: "Only say what is missing, and how much disk, memory and time it will take.")
  var dryRun = false

  @OptionGroup(title: "Extraction options") var extractionOptions: ExtractionCommandOptions
  @OptionGroup(title: "Augmentation options") var viewOptions: ViewOptions
  @OptionGroup(title: "Data options") var dataOptions: DataOptions
  @OptionGroup(title: "Feature options") var featureOptions: FeatureOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func validate() throws {
    guard (0...1000).contains(views) else {
      throw ValidationError("--views must lie between 0 and 1000, not \(views).")
    }
    try viewOptions.check(views: views)
  }

  func run() throws {
    let pool = try common.threadPool()
    let dataSet = try dataOptions.open(
      data, features: featureOptions.features, common, pool: pool)
    let groups = try groups(of: dataSet)
    let (extraction, store) = try extractionOptions.extraction(
      featureOptions, pool: pool, creating: !dryRun)
    if dryRun {
      try show(plan(groups, extraction), store)
      return
    }
    let results = try groups.map { samples, views in
      try extractionOptions.run(extraction, samples, views: views, common)
    }
    let summary = Summary(results, store)
    if common.json {
      try Console.json(summary)
    } else {
      Console.result(summary.text)
    }
    try Unreadable.report(results.flatMap(\.problems).map { ($0.sample.path, $0.reason) })
  }

  /// What is wanted of which pictures.
  private func groups(of data: DataSet) throws -> [(samples: [Sample], views: [PictureView])] {
    let augmentation = try viewOptions.augmentation()
    let training =
      [.plain] + PictureView.random(views, of: augmentation, seed: common.seed)
    let others = tta?.views ?? [.plain]
    if training == others { return [(data.train + data.validation + data.test, training)] }
    return [(data.train, training), (data.validation + data.test, others)]
      .filter { !$0.0.isEmpty }
  }

  private func plan(
    _ groups: [(samples: [Sample], views: [PictureView])], _ extraction: Extraction
  ) throws -> [ExtractionPlan] {
    let bar = ProgressBar("Reading", unit: "pictures", quiet: common.quiet)
    defer { bar.finish() }
    var speed: Double?
    return try groups.map { samples, views in
      let plan = try extraction.plan(
        samples, views: views, msPerView: speed, cancellation: Interruption.cancellation
      ) { bar.update(done: $0, total: $1) }
      if plan.toCompute > 0 { speed = plan.msPerView }
      return plan
    }
  }

  private func show(_ plans: [ExtractionPlan], _ store: FeatureStore) throws {
    if common.json { return try Console.json(plans.map(PlanReport.init)) }
    for plan in plans {
      var text = "\(plan.pictures) pictures × \(plan.views) view\(plan.views == 1 ? "" : "s"): "
      text += "\(plan.cached) cached, \(plan.toCompute) to compute"
      if plan.duplicates > 0 { text += ", \(plan.duplicates) pictures equal to others" }
      if plan.unreadable > 0 { text += ", \(plan.unreadable) pictures unreadable" }
      text += "\n  disk \(describe(bytes: plan.bytesOnDisk))"
      if let free = plan.bytesFree { text += " of \(describe(bytes: free)) free" }
      text += ", memory \(describe(bytes: plan.bytesOfMemory)), "
      text += "time \(describe(seconds: 60 * plan.minutes))"
      if plan.toCompute > 0 { text += String(format: " (%.1f ms a view)", plan.msPerView) }
      Console.result(text)
    }
    Console.result("in \(store.folder)")
  }

  private struct PlanReport: Encodable {
    let pictures, views, duplicates, unreadable, cached, toCompute: Int
    let bytesOnDisk, bytesOfMemory: Int
    let bytesFree: Int?
    let msPerView, minutes: Double

    init(_ plan: ExtractionPlan) {
      pictures = plan.pictures
      views = plan.views
      duplicates = plan.duplicates
      unreadable = plan.unreadable
      cached = plan.cached
      toCompute = plan.toCompute
      bytesOnDisk = plan.bytesOnDisk
      bytesOfMemory = plan.bytesOfMemory
      bytesFree = plan.bytesFree
      msPerView = plan.msPerView
      minutes = plan.minutes
    }
  }

  /// What `--json` prints. All counts are of views.
  private struct Summary: Encodable {
    let store: String
    let shape: [Int]
    let pictures, total, computed, cached, duplicates, unreadable: Int
    let seconds, picturesPerSecond: Double

    init(_ results: [ExtractionResult], _ store: FeatureStore) {
      self.store = store.folder
      shape = [store.shape.height, store.shape.width, store.shape.channels]
      func sum(_ path: KeyPath<ExtractionProgress, Int>) -> Int {
        results.reduce(0) { $0 + $1.counts[keyPath: path] }
      }
      pictures = results.reduce(0) { $0 + $1.samples.count }
      total = sum(\.total)
      computed = sum(\.computed)
      cached = sum(\.cached)
      duplicates = sum(\.duplicates)
      unreadable = sum(\.unreadable)
      seconds = results.reduce(0) { $0 + $1.counts.seconds }
      picturesPerSecond = seconds > 0 ? Double(computed) / seconds : 0
    }

    var text: String {
      var counts = ["\(computed) computed", "\(cached) cached"]
      if duplicates > 0 { counts.append("\(duplicates) equal to others") }
      if unreadable > 0 { counts.append("\(unreadable) unreadable") }
      var line = "\(pictures) pictures"
      if total != pictures { line += ", \(total) views" }
      line += ": \(counts.joined(separator: ", ")); "
      line += describe(seconds: seconds)
      if computed > 0 { line += String(format: ", %.1f/s", picturesPerSecond) }
      return "\(line)\n\(shape.map(String.init).joined(separator: "×")) each, in \(store)"
    }
  }
}

/// How features are kept.
struct StorageOptions: ParsableArguments {
  @Option(
    help: "Type of the numbers in the cache: float32, or float16 in half the space, with 11 bits.")
  var storage: FeatureStorage.Precision = .float32

  @Option(
    help: "Packing of the numbers in the cache: none, or gzip: less than half the space, slower.")
  var compression: FeatureStorage.Compression = .none

  var value: FeatureStorage { FeatureStorage(precision: storage, compression: compression) }
}

/// How the commands that extract features do it.
struct ExtractionCommandOptions: ParsableArguments {
  @Flag(help: "Fail at the first picture that cannot be read, instead of skipping and naming it.")
  var strict = false

  @Option(
    help: ArgumentHelp(
      "Pictures that go through the network together; does not change the numbers.",
      valueName: "n"))
  var batch: Int?

  @OptionGroup var storage: StorageOptions

  func validate() throws {
    if let batch, !(1...1024).contains(batch) {
      throw ValidationError("--batch must lie between 1 and 1024, not \(batch).")
    }
  }

  /// The extraction that the options describe, and the store that it fills.
  func extraction(
    _ features: FeatureOptions, pool: ThreadPool, creating: Bool = true
  ) throws -> (Extraction, FeatureStore) {
    let (backbone, _) = try features.backbone(pool: pool)
    let store = try FeatureStore.open(
      under: features.features, key: backbone.key, shape: backbone.outputShape,
      storage: storage.value, creating: creating)
    let extraction = Extraction(
      backbone, store: store, pool: pool,
      options: ExtractionOptions(batchSize: batch, isStrict: strict))
    return (extraction, store)
  }

  /// Sees to it that the features of some views of some samples are in the cache.
  func run(
    _ extraction: Extraction, _ samples: [Sample], views: [PictureView], _ common: CommonOptions
  ) throws -> ExtractionResult {
    let bar = ProgressBar(
      "Features", unit: views.count == 1 ? "pictures" : "views", quiet: common.quiet)
    defer { bar.finish() }
    let result = try extraction.run(
      samples, views: views, cancellation: Interruption.cancellation
    ) { bar.update($0) }
    bar.finish()
    for shard in result.setAside { Console.warning("\(shard)") }
    return result
  }
}

extension FeatureStorage.Precision: ExpressibleByArgument {}
extension FeatureStorage.Compression: ExpressibleByArgument {}
