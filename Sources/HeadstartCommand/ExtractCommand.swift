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
      """)

  @Argument(help: "Folder of labelled pictures.", completion: .directory)
  var data: String

  @OptionGroup(title: "Extraction options") var extractionOptions: ExtractionCommandOptions
  @OptionGroup(title: "Data options") var dataOptions: DataOptions
  @OptionGroup(title: "Feature options") var featureOptions: FeatureOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    let pool = common.threadPool
    let dataSet = try dataOptions.open(
      data, features: featureOptions.features, common, pool: pool)
    let (result, store) = try extractionOptions.extract(
      dataSet.train + dataSet.validation + dataSet.test, featureOptions, common, pool: pool)
    if common.json {
      try Console.json(Summary(result, store))
    } else {
      Console.result(Summary(result, store).text)
    }
    try Unreadable.report(result.problems.map { ($0.sample.path, $0.reason) })
  }

  /// What `--json` prints.
  private struct Summary: Encodable {
    let store: String
    let shape: [Int]
    let total, computed, cached, duplicates, unreadable: Int
    let seconds, picturesPerSecond: Double

    init(_ result: ExtractionResult, _ store: FeatureStore) {
      self.store = store.folder
      shape = [store.shape.height, store.shape.width, store.shape.channels]
      total = result.counts.total
      computed = result.counts.computed
      cached = result.counts.cached
      duplicates = result.counts.duplicates
      unreadable = result.counts.unreadable
      seconds = result.counts.seconds
      picturesPerSecond = result.rate
    }

    var text: String {
      var counts = ["\(computed) computed", "\(cached) cached"]
      if duplicates > 0 { counts.append("\(duplicates) equal to others") }
      if unreadable > 0 { counts.append("\(unreadable) unreadable") }
      var line = "\(total) pictures: \(counts.joined(separator: ", ")); "
      line += describe(seconds: seconds)
      if computed > 0 { line += String(format: ", %.1f/s", picturesPerSecond) }
      return "\(line)\n\(shape.map(String.init).joined(separator: "×")) each, in \(store)"
    }
  }
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

  func validate() throws {
    if let batch, !(1...1024).contains(batch) {
      throw ValidationError("--batch must lie between 1 and 1024, not \(batch).")
    }
  }

  /// Sees to it that the features of some samples are in the cache.
  func extract(
    _ samples: [Sample], _ features: FeatureOptions, _ common: CommonOptions, pool: ThreadPool
  ) throws -> (ExtractionResult, FeatureStore) {
    let (backbone, _) = try features.backbone(pool: pool)
    let store = try FeatureStore.open(
      under: features.features, key: backbone.key, shape: backbone.outputShape)
    let extraction = Extraction(
      backbone, store: store, pool: pool,
      options: ExtractionOptions(batchSize: batch, isStrict: strict))
    let bar = ProgressBar("Features", unit: "pictures", quiet: common.quiet)
    defer { bar.finish() }
    let result = try extraction.run(samples, cancellation: Interruption.cancellation) {
      bar.update($0)
    }
    bar.finish()
    for shard in result.setAside { Console.note("warning: \(shard)") }
    return (result, store)
  }
}
