import NeuralNetwork

/// How good predictions are, as `evaluate --json` prints it and `metrics.json` keeps it.
public struct EvaluationReport: Codable, Sendable {
  /// How good the predictions of one class are.
  public struct Class: Codable, Sendable {
    public let name: String
    /// Of the pictures predicted to be of the class, the share that is.
    public let precision: Double
    /// Of the class's pictures, the share predicted to be of it.
    public let recall: Double
    /// Harmonic mean of precision and recall.
    public let f1: Double
    /// Pictures of the class.
    public let support: Int
  }

  /// Pictures judged.
  public let count: Int
  /// The share of pictures whose most probable class is the true one.
  public let accuracy: Double
  /// Wilson's 95 % interval of the accuracy.
  public let accuracyInterval: [Double]
  /// Mean of −ln p(true class), probabilities as the classifier gives them.
  public let logLoss: Double
  /// Area under the ROC curve; of more than two classes, the mean of one against the rest.
  public let rocAUC: Double?
  /// In the classifier's order.
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
