import ArgumentParser
import Headstart
import NeuralNetwork
import Pictures

extension HeadPooling: ExpressibleByArgument {}
extension HeadSolver: ExpressibleByArgument {}
extension HeadNormalization: ExpressibleByArgument {}

/// The options of the head stage; the defaults are those of ``HeadSettings``.
struct HeadOptions: ParsableArguments {
  private static let defaults = HeadSettings()

  @Option(
    help: """
      From a map of features to a vector: max, average, flatten; default: max or average, the \
      better in newton's cross-validation, average with the other solvers.
      """)
  var pooling: HeadPooling?

  @Option(
    name: .customLong("normalization"),
    help: """
      Of the pooled features: l2 (unit length; default), standard (mean 0, variance 1), none \
      (default with flatten).
      """)
  var normalization: HeadNormalization?

  @Option(
    help: ArgumentHelp(
      "Units of a hidden layer, 0 for none; default: 256, none with newton.", valueName: "units"))
  var hidden: Int?

  @Option(
    help: ArgumentHelp(
      "Share of units dropped in training; default: .5 behind a hidden layer.", valueName: "share"))
  var dropout: Float?

  @Option(
    help: """
      newton (logistic regression to convergence, its strength chosen by cross-validation), \
      rmsprop, adam, sgd.
      """)
  var solver: HeadSolver = Self.defaults.solver

  @Option(
    name: .customLong("learning-rate"),
    help: ArgumentHelp("Default: the solver's in Keras.", valueName: "rate"))
  var learningRate: Float?

  @Option(help: ArgumentHelp("Of sgd; default: 0.", valueName: "momentum"))
  var momentum: Double?

  @Option(
    name: .customLong("batch-size"),
    help: ArgumentHelp(
      "Pictures a step, the last, smaller batch counted too; default: 32.", valueName: "n"))
  var batchSize: Int?

  @Option(
    help: ArgumentHelp("At most this many passes over the pictures; default: 50.", valueName: "n"))
  var epochs: Int?

  @Option(
    help: ArgumentHelp(
      "Stop after so many epochs without a better validation loss; best weights restored.",
      valueName: "epochs"))
  var patience: Int?

  @Flag(help: "Let every class count the same, however many pictures it has.")
  var balanced = false

  @Option(
    name: .customLong("label-smoothing"),
    help: ArgumentHelp("Share of a label's certainty that is spread.", valueName: "share"))
  var labelSmoothing: Float = Self.defaults.labelSmoothing

  @Option(
    help: ArgumentHelp(
      "Folds of newton's cross-validation, at most the pictures of the smallest class; default: 10.",
      valueName: "k"))
  var folds: Int?

  @Option(
    help: ArgumentHelp(
      "Strength of newton's regularisation; default: chosen by cross-validation.",
      valueName: "lambda"))
  var strength: Double?

  @Flag(
    name: .customLong("no-calibration"),
    help: "Keep the logits as they are, even if dividing them by a temperature lowers the log loss."
  )
  var noCalibration = false

  @Option(
    help: ArgumentHelp(
      "Augmented views of each training picture to train on as well; each costs as much as a"
        + " picture, once.", valueName: "k"))
  var views = 0

  /// An option that the solver would not look at is a misunderstanding, not a wish.
  func validate() throws {
    let given = [
      ("--learning-rate", learningRate != nil), ("--momentum", momentum != nil),
      ("--batch-size", batchSize != nil), ("--epochs", epochs != nil),
      ("--patience", patience != nil), ("--folds", folds != nil), ("--strength", strength != nil),
    ].filter(\.1).map(\.0)
    let understood: Set<String> =
      switch solver {
      case .newton: ["--folds", "--strength"]
      case .sgd: ["--learning-rate", "--momentum", "--batch-size", "--epochs", "--patience"]
      case .rmsprop, .adam: ["--learning-rate", "--batch-size", "--epochs", "--patience"]
      }
    if let foreign = given.first(where: { !understood.contains($0) }) {
      throw ValidationError(
        "\(foreign) means nothing to --solver \(solver.rawValue), which understands "
          + understood.sorted().joined(separator: ", ") + ".")
    }
    if solver == .newton, (hidden ?? 0) != 0 || (dropout ?? 0) != 0 {
      throw ValidationError(
        "--hidden and --dropout mean nothing to --solver newton; rmsprop, adam and sgd have them.")
    }
    guard (0...1000).contains(views) else {
      throw ValidationError("--views must lie between 0 and 1000, not \(views).")
    }
    try WrongUsage.refusing {
      try settings(seed: 0, augmentation: Augmentation()).check(classes: 2, hasValidation: true)
    }
  }

  /// - Parameter augmentation: what the views are drawn from.
  func settings(seed: UInt64, augmentation: Augmentation) -> HeadSettings {
    var settings = HeadSettings()
    settings.views = views
    settings.augmentation = augmentation
    settings.pooling = pooling
    settings.normalization = normalization
    settings.hidden = hidden
    settings.dropout = dropout
    settings.solver = solver
    settings.learningRate = learningRate
    settings.momentum = momentum ?? settings.momentum
    settings.batchSize = batchSize ?? settings.batchSize
    settings.epochs = epochs ?? settings.epochs
    settings.patience = patience
    settings.balanced = balanced
    settings.labelSmoothing = labelSmoothing
    settings.folds = folds ?? settings.folds
    settings.strength = strength
    settings.calibrates = !noCalibration
    settings.seed = seed
    return settings
  }
}
