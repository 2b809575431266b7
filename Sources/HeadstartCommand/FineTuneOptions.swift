import ArgumentParser
import Headstart
import Pictures

extension FineTuneSettings.Optimizer: ExpressibleByArgument {}
extension FineTuneSettings.Schedule: ExpressibleByArgument {}

/// The options of the fine-tune stage; the defaults are those of ``FineTuneSettings``.
struct FineTuneOptions: ParsableArguments {
  private static let defaults = FineTuneSettings()

  @Option(
    help: ArgumentHelp(
      "What trains: block5, block4 (and all above), all, or a layer's name (and all above).",
      valueName: "part"))
  var unfreeze = Self.defaults.unfreeze

  @Option(help: "sgd, rmsprop, adam, adamw; as in Keras.")
  var optimizer: FineTuneSettings.Optimizer = Self.defaults.optimizer

  @Option(
    name: .customLong("learning-rate"),
    help: ArgumentHelp("Keep it low: large steps destroy what the layers know.", valueName: "rate"))
  var learningRate: Float = Self.defaults.learningRate

  @Option(help: ArgumentHelp("Of sgd; default: 0.9.", valueName: "momentum"))
  var momentum: Double?

  @Flag(help: "Nesterov's momentum, of sgd.")
  var nesterov = false

  @Option(
    name: .customLong("rate-factor"),
    help: ArgumentHelp(
      "Factor of the learning rate of a block, a layer or the head; may be given several times.",
      valueName: "part=factor"))
  var rateFactors: [RateFactor] = []

  @Option(help: "Of the learning rate: constant, step (a tenth after each third), cosine (to 0).")
  var schedule: FineTuneSettings.Schedule = Self.defaults.schedule

  @Option(
    name: .customLong("warm-up"),
    help: ArgumentHelp(
      "Share of all steps over which the rate rises from zero.", valueName: "share"))
  var warmUp = Self.defaults.warmUp

  @Option(
    name: .customLong("weight-decay"),
    help: ArgumentHelp("Share of the rate by which kernels shrink a step.", valueName: "share"))
  var weightDecay: Float = Self.defaults.weightDecay

  @Option(
    name: .customLong("clip-norm"),
    help: ArgumentHelp("Largest norm of all gradients together.", valueName: "norm"))
  var clipNorm: Float?

  @Option(
    name: .customLong("batch-size"),
    help: ArgumentHelp("Pictures a step.", valueName: "n"))
  var batchSize = Self.defaults.batchSize

  @Option(help: ArgumentHelp("At most this many passes over the pictures.", valueName: "n"))
  var epochs = Self.defaults.epochs

  @Option(
    help: ArgumentHelp(
      "Stop after so many epochs without a better validation loss.", valueName: "epochs"))
  var patience: Int?

  @Flag(help: "Let every class count the same, however many pictures it has.")
  var balanced = false

  @Option(
    name: .customLong("label-smoothing"),
    help: ArgumentHelp("Share of a label's certainty that is spread.", valueName: "share"))
  var labelSmoothing: Float = Self.defaults.labelSmoothing

  @Option(
    help: ArgumentHelp(
      "Augmented views of each picture that are computed and kept.", valueName: "k"))
  var views = Self.defaults.views

  @Option(
    name: .customLong("fresh-views"),
    help: ArgumentHelp(
      "Replace half of the views by fresh ones after every so many epochs.", valueName: "epochs"))
  var freshViews: Int?

  @Flag(
    name: .customLong("refit-head"), inversion: .prefixedNo,
    help: "Fit a head of one dense layer to the views before anything is unfrozen.")
  var refitHead = Self.defaults.refitHead

  @Flag(
    name: .customLong("no-calibration"),
    help: "Keep the logits as they are, even if dividing them by a temperature lowers the log loss."
  )
  var noCalibration = false

  func validate() throws {
    guard optimizer == .sgd || (momentum == nil && !nesterov) else {
      throw ValidationError(
        "--momentum and --nesterov mean nothing to --optimizer \(optimizer.rawValue).")
    }
    _ = try WrongUsage.refusing { try settings(augmentation: Augmentation(), seed: 0) }
  }

  /// - Throws: what ``FineTuneSettings/check()`` throws.
  func settings(augmentation: Augmentation, seed: UInt64) throws -> FineTuneSettings {
    var settings = FineTuneSettings()
    settings.unfreeze = unfreeze
    settings.optimizer = optimizer
    settings.learningRate = learningRate
    settings.momentum = momentum ?? settings.momentum
    settings.nesterov = nesterov
    for factor in rateFactors { settings.rateFactors[factor.part] = factor.factor }
    settings.schedule = schedule
    settings.warmUp = warmUp
    settings.weightDecay = weightDecay
    settings.clipNorm = clipNorm
    settings.batchSize = batchSize
    settings.epochs = epochs
    settings.patience = patience
    settings.balanced = balanced
    settings.labelSmoothing = labelSmoothing
    settings.views = views
    settings.freshViews = freshViews
    settings.refitHead = refitHead
    settings.seed = seed
    settings.augmentation = augmentation
    settings.calibrates = !noCalibration
    try settings.check()
    return settings
  }
}

/// `block5_conv1=0.1`.
struct RateFactor: ExpressibleByArgument {
  let part: String
  let factor: Float

  init?(argument: String) {
    let halves = argument.split(separator: "=", maxSplits: 1).map(String.init)
    guard halves.count == 2, let factor = Float(halves[1]), factor >= 0, factor.isFinite else {
      return nil
    }
    part = halves[0]
    self.factor = factor
  }
}
