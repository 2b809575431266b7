import ArgumentParser
import Foundation
import Headstart
import Kernels
import Pictures

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Carries out a recipe: all stages, from the pictures to the submission.",
    discussion: """
      The run's folder receives a folder for each model, the recipe, the results, the figures and, \
      if DATA has test pictures, submission.csv. Interrupted, the same command with the same \
      --output goes on from there.

        headstart run photos
        headstart run photos --recipe keras-blog --output runs/blog
        headstart run photos --recipe keras-blog --limit 200 --epochs 2
        headstart run photos --recipe mine.yaml --folds 5 \\
          --set models.head.head.hidden=64
        headstart run photos --recipe vgg19-comparison --only 1-convnet 4-features

      See `headstart recipes` for the recipes, and `headstart recipes show NAME` for what can be \
      set.
      """)

  @Argument(help: "Folder of labelled pictures.", completion: .directory)
  var data: String

  @Option(
    help: ArgumentHelp("Name of a recipe, or a YAML file.", valueName: "name|file.yaml"),
    completion: .list(RecipeBook.names))
  var recipe = RecipeBook.standard

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Folder of the results; default: runs/<time>-run.", valueName: "folder"),
    completion: .directory)
  var output: String?

  @OptionGroup(title: "Changes to the recipe") var changes: RecipeChanges
  @OptionGroup(title: "Data options") var dataOptions: DataOptions
  @OptionGroup(title: "Cache options") var storage: StorageOptions

  @Option(
    help: ArgumentHelp(
      "Keras weight file of the backbone, for all models.", valueName: "file"),
    completion: .file(extensions: ["h5"]))
  var weights: String?

  @Option(help: ArgumentHelp("Folder of the feature cache.", valueName: "folder"))
  var features = "features"

  @Flag(help: "Fail at the first picture that cannot be read, instead of skipping and naming it.")
  var strict = false

  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    let started = Date()
    FreedMemory.keep()
    let pool = try common.threadPool()
    let chosen = try changes.apply(to: try text(), file: recipe)
    let dataSet = try dataOptions.open(
      data, features: features, limit: changes.limit, trains: true, common, pool: pool)
    let folder = try RunFolder(output, command: "run", now: started)
    let lock = try folder.lock()
    defer { lock.release() }
    let environment = RecipeEnvironment(
      featuresFolder: features, weightsFile: weights, strict: strict, storage: storage.value,
      seed: common.seed, pool: pool)
    for file in try chosen.weightFiles(environment) { WeightsWarning.show(file) }
    let run = try RecipeRun(chosen, environment: environment)
    let display = RecipeDisplay(common, recipe: chosen)
    let results: RecipeResults
    do {
      results = try run.run(
        dataSet, to: folder, cancellation: Interruption.cancellation, event: display.show)
    } catch let error as Cancelled {
      display.finish()
      if output == nil { Console.note("to go on, add --output \(folder.url.path)") }
      throw error
    } catch let error as SubmissionError where changes.sets("positive") {
      throw ValidationError("--set: \(error)")
    }
    display.finish()
    // Before the pictures are read once more for the manifest.
    if !common.json { Console.result(RecipeText.summary(results, chosen, folder)) }
    if !FileManager.default.fileExists(atPath: folder.path("manifest.json")) {
      try folder.write(
        json: RecipeManifest(
          command: CommandLine.arguments, started: started, data: data, dataSet: dataSet,
          recipe: chosen, environment: environment, results: results, folder: folder),
        to: "manifest.json")
    }
    if common.json { try Console.json(results) }
    try Unreadable.report(
      results.unreadable.map { ($0.path, $0.reason) } + dataSet.problems.unreadable)
  }

  /// The text of a recipe of that name, else of such a file.
  private func text() throws -> String {
    let isPath = recipe.hasSuffix(".yaml") || recipe.hasSuffix(".yml") || recipe.contains("/")
    if !RecipeBook.names.contains(recipe),
      isPath || FileManager.default.fileExists(atPath: recipe)
    {
      return try RecipeFiles.text(recipe)
    }
    return try RecipeChanges.refusing("--recipe") { try RecipeBook.text(recipe) }
  }
}

/// What is changed of a recipe on the command line.
struct RecipeChanges: ParsableArguments {
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Sets one value; may be repeated. Models go by their names.",
      discussion: "--set clip=.01 --set models.bottleneck.head.epochs=5", valueName: "place=value"))
  var settings: [String] = []

  @Option(help: ArgumentHelp("At most so many epochs in every model.", valueName: "n"))
  var epochs: Int?

  @Option(
    help: ArgumentHelp(
      "At most so many training, validation and test pictures, evenly of all classes.",
      valueName: "n"))
  var limit: Int?

  @Option(
    help: ArgumentHelp(
      "Every model once for each of so many folds, the mean of their probabilities in the end; 0"
        + " for none.", valueName: "k"))
  var folds: Int?

  @Option(help: ArgumentHelp("Size of the pictures in every model.", valueName: "pixels"))
  var size: Int?

  @Option(help: "Pretrained network of every model that has one: vgg16 or vgg19.")
  var backbone: Backbone?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Only these models, and those they start from.", valueName: "model"))
  var only: [String] = []

  func validate() throws {
    guard epochs ?? 1 >= 1 else { throw ValidationError("--epochs must be at least 1.") }
    guard limit ?? 2 >= 2 else { throw ValidationError("--limit must be at least 2.") }
    guard backbone != Backbone.none else {
      throw ValidationError("--backbone must be vgg16 or vgg19.")
    }
    if let size, !(1...4096).contains(size) {
      throw ValidationError("--size must lie between 1 and 4096, not \(size).")
    }
    if let folds, folds != 0, !(2...100).contains(folds) {
      throw ValidationError("--folds must be 0, or lie between 2 and 100, not \(folds).")
    }
  }

  /// Whether `--set` gives the recipe's member of that name.
  func sets(_ name: String) -> Bool { settings.contains { $0.hasPrefix(name + "=") } }

  /// What a change makes of a recipe, or a name that is none, is wrong usage; what is wrong with
  /// the recipe's own text is not.
  static func refusing<Result>(_ option: String, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as RecipeError {
      throw ValidationError(error.place == option ? "\(error)" : "\(option): \(error)")
    }
  }

  /// - Throws: `RecipeError` for a text that is no recipe; `ValidationError` for changes that cannot
  ///   be.
  func apply(to text: String, file: String) throws -> Recipe {
    var recipe = try Recipe(yaml: text, file: file)
    if !settings.isEmpty {
      recipe = try Self.refusing("--set") {
        try Recipe(yaml: text, file: file, overrides: settings)
      }
    }
    if !only.isEmpty { try Self.refusing("--only") { try recipe.keep(only: only) } }
    if let epochs { recipe.limit(epochs: epochs) }
    for index in recipe.models.indices {
      if let folds { recipe.models[index].folds = folds }
      if let size {
        recipe.models[index].features.height = size
        recipe.models[index].features.width = size
      }
      if let backbone, recipe.models[index].features.backbone != .none {
        recipe.models[index].features.backbone = backbone
      }
    }
    if let size, size < 32, recipe.models.contains(where: { $0.features.backbone != .none }) {
      throw ValidationError(
        WrongUsage.sentence("--size", "at least 32 pixels, for VGG's five poolings", "\(size)"))
    }
    do {
      try recipe.check()
    } catch let error as RecipeError {
      throw ValidationError("\(error)")
    }
    return recipe
  }
}
