import ArgumentParser
import Headstart
import NeuralNetwork

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

  @Option(help: ArgumentHelp("Of sgd.", valueName: "momentum"))
  var momentum: Double = Self.defaults.momentum

  @Option(
    name: .customLong("batch-size"),
    help: ArgumentHelp("Pictures a step; the last, smaller batch counts too.", valueName: "n"))
  var batchSize = Self.defaults.batchSize

  @Option(help: ArgumentHelp("At most this many passes over the pictures.", valueName: "n"))
  var epochs = Self.defaults.epochs

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

  @Option(help: ArgumentHelp("Folds of newton's cross-validation.", valueName: "k"))
  var folds = Self.defaults.folds

  @Option(
    help: ArgumentHelp(
      "Strength of newton's regularisation; default: chosen by cross-validation.",
      valueName: "lambda"))
  var strength: Double?

  func settings(seed: UInt64) -> HeadSettings {
    var settings = HeadSettings()
    settings.pooling = pooling
    settings.normalization = normalization
    settings.hidden = hidden
    settings.dropout = dropout
    settings.solver = solver
    settings.learningRate = learningRate
    settings.momentum = momentum
    settings.batchSize = batchSize
    settings.epochs = epochs
    settings.patience = patience
    settings.balanced = balanced
    settings.labelSmoothing = labelSmoothing
    settings.folds = folds
    settings.strength = strength
    settings.seed = seed
    return settings
  }
}
