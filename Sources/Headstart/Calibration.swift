import Foundation
import NeuralNetwork

/// How far predictions that a classifier made of pictures it was not trained on can be believed:
/// the temperature that corrects them, and the log loss to expect of such pictures.
///
/// Kept in the model file and in `metrics.json`. Temperature: Guo et al., On Calibration of Modern
/// Neural Networks (arXiv:1706.04599).
public struct Calibration: Codable, Sendable, Equatable {
  /// Whose predictions they are.
  public enum Source: String, Codable, Sendable {
    /// Of the training pictures, each by a head that has not seen it.
    case outOfFold
    /// Of the validation pictures, by the head itself.
    case validation
  }

  /// Which predictions it was fitted to.
  public let source: Source
  /// How many there were.
  public let pictures: Int
  /// What the logits are divided by in the model; 1 if no temperature is better beyond doubt.
  public let temperature: Double
  /// The temperature of least log loss on these predictions, applied or not.
  public let bestTemperature: Double
  /// The mean log loss at temperature 1, and at one fitted to the other pictures only.
  public let logLossBefore, logLossAfter: Double
  /// The standard error of the difference of both, of paired rows.
  public let standardError: Double
  /// The log loss to expect at each clip level, at ``temperature``.
  public let clipping: ClipTable

  /// Fits and judges a temperature.
  ///
  /// The temperature is cross-fitted: each fold's rows are judged at the temperature of the other
  /// folds. It is applied if the mean gain in log loss exceeds 1.96 times its standard error (a
  /// paired z-test at the 95 % level); then the one fitted to all rows is taken.
  ///
  /// - Parameters:
  ///   - logits: of every class, a row for each label; a constant added to a row changes nothing.
  ///   - folds: the fold of each row; rows that belong together share one. Nil: ten, by row number.
  ///   - mayTemper: false keeps temperature 1, whatever another might gain.
  public init(
    logits: [[Double]], labels: [Int], folds: [Int]? = nil, source: Source, mayTemper: Bool = true
  ) {
    self.source = source
    pictures = labels.count
    let folds = folds ?? labels.indices.map { $0 % 10 }
    let everyRow = Array(labels.indices)
    bestTemperature = Self.temperature(logits, labels, rows: everyRow)
    var gains: [Double] = []
    var (before, after) = (0.0, 0.0)
    for fold in Set(folds).sorted() {
      let fitted = Self.temperature(logits, labels, rows: everyRow.filter { folds[$0] != fold })
      for row in everyRow where folds[row] == fold {
        let plain = Self.loss(logits[row], labels[row], 1)
        let tempered = Self.loss(logits[row], labels[row], 1 / fitted)
        gains.append(plain - tempered)
        before += plain
        after += tempered
      }
    }
    let count = Double(max(labels.count, 1))
    let moments = Moments(gains)
    logLossBefore = before / count
    logLossAfter = after / count
    standardError = (moments.variance / count).squareRoot()
    let isBetter = mayTemper && labels.count >= 2 && moments.mean > 1.96 * standardError
    temperature = isBetter ? bestTemperature : 1
    clipping = ClipTable(
      probabilities: Self.probabilities(logits, temperature: temperature), labels: labels)
  }

  /// Whether the model's logits were divided by a temperature.
  public var isApplied: Bool { temperature != 1 }

  /// The probabilities of every class, a row for each row of logits.
  static func probabilities(_ logits: [[Double]], temperature: Double) -> [[Double]] {
    logits.map { probabilities($0, 1 / temperature) }
  }

  /// The temperature between 1/20 and 20 of least log loss.
  ///
  /// The loss is convex in 1/T. The true class has the weight (n + 1)/(n + classes), the others share
  /// the rest (Laplace's rule of succession), or predictions without a mistake would have T = 0.
  private static func temperature(
    _ logits: [[Double]], _ labels: [Int], rows: [Int]
  ) -> Double {
    guard let classes = logits.first?.count, !rows.isEmpty else { return 1 }
    let spread = Double(classes - 1) / Double(rows.count + classes)
    func slope(_ inverse: Double) -> Double {
      rows.reduce(0) { sum, row in
        let values = logits[row]
        let mean = values.reduce(0, +) / Double(classes)
        let expected = zip(probabilities(values, inverse), values).reduce(0) { $0 + $1.0 * $1.1 }
        let target =
          (1 - spread) * values[labels[row]]
          + spread * (Double(classes) * mean - values[labels[row]]) / Double(classes - 1)
        return sum + expected - target
      }
    }
    var (low, high) = (1 / largestTemperature, largestTemperature)
    for _ in 0..<40 {
      let middle = (low * high).squareRoot()
      if slope(middle) < 0 { low = middle } else { high = middle }
    }
    return 1 / (low * high).squareRoot()
  }

  private static let largestTemperature = 20.0

  private static func probabilities(_ logits: [Double], _ inverse: Double) -> [Double] {
    let largest = logits.max() ?? 0
    let powers = logits.map { exp(($0 - largest) * inverse) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  private static func loss(_ logits: [Double], _ label: Int, _ inverse: Double) -> Double {
    let largest = logits.max() ?? 0
    let sum = logits.reduce(0) { $0 + exp(($1 - largest) * inverse) }
    return log(sum) - (logits[label] - largest) * inverse
  }
}

/// Mean and variance (n − 1) of numbers.
struct Moments {
  let mean, variance: Double

  init(_ values: [Double]) {
    let count = Double(values.count)
    let mean = values.isEmpty ? 0 : values.reduce(0, +) / count
    self.mean = mean
    variance =
      values.count < 2
      ? 0 : values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
  }
}

extension Sequential {
  /// The same network with its logits divided by a temperature: the last dense layer's kernel and
  /// bias are, which stock Keras layers can express.
  ///
  /// - Throws: `NeuralNetworkError` if the last layer is not dense.
  func tempered(_ temperature: Double) throws -> Sequential {
    guard var last = layers.last as? Dense else {
      throw NeuralNetworkError.setting(
        name: "temperature", expected: "a model that ends with a dense layer",
        found: layers.last?.className ?? "none")
    }
    let scale = { (value: Float) in Float(Double(value) / temperature) }
    last.kernel.value.values = last.kernel.value.values.map(scale)
    if let bias = last.bias { last.bias?.value.values = bias.value.values.map(scale) }
    var result = self
    result.layers[layers.count - 1] = last
    return result
  }
}
