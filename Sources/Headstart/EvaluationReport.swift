import NeuralNetwork

/// How good predictions are, as `evaluate --json` prints it and `metrics.json` keeps it.
public struct EvaluationReport: Codable, Sendable {
  public struct Class: Codable, Sendable {
    public let name: String
    public let precision: Double
    public let recall: Double
    public let f1: Double
    public let support: Int
  }

  public let count: Int
  public let accuracy: Double
  /// Wilson's 95 % interval of the accuracy.
  public let accuracyInterval: [Double]
  /// Mean of −ln p(true class), probabilities as the classifier gives them.
  public let logLoss: Double
  /// Area under the ROC curve; of more than two classes, the mean of one against the rest.
  public let rocAUC: Double?
  public let classes: [Class]
  /// `confusion[true][predicted]`.
  public let confusion: [[Int]]

  /// - Parameter probabilities: of every class, a row for each label.
  public init(probabilities: [[Double]], labels: [Int], classes: [String]) throws {
    try self.init(
      probabilities: Tensor(
        shape: [probabilities.count, classes.count],
        values: probabilities.flatMap { $0.map(Float.init) }),
      labels: labels, classes: classes)
  }

  /// - Parameters:
  ///   - probabilities: (n, 1), the probability of the second of two classes, or (n, classes).
  ///   - labels: the true class of each row.
  public init(probabilities: Tensor, labels: [Int], classes: [String]) throws {
    let metrics = try ClassificationMetrics(
      probabilities: probabilities, labels: labels, classes: classes.count)
    count = metrics.count
    accuracy = metrics.accuracy
    accuracyInterval = [metrics.accuracyInterval.lowerBound, metrics.accuracyInterval.upperBound]
    logLoss = metrics.logLoss
    rocAUC = metrics.rocAUC
    self.classes = zip(classes, metrics.perClass).map { name, figures in
      Class(
        name: name, precision: figures.precision, recall: figures.recall, f1: figures.f1,
        support: figures.support)
    }
    confusion = metrics.confusion
  }
}
