import Foundation

/// Cross-entropy between labels and logits, with its gradient: binary for one output, categorical
/// for more.
///
/// Computed from logits, so that no probability is clipped or rounded to 0 or 1. Label smoothing s
/// turns a binary target y into y·(1−s) + s/2 and a one-hot one into y·(1−s) + s/K; a class weight
/// multiplies a row's loss, and the mean divides by the number of rows: all as Keras does it.
public struct CrossEntropy: Sendable {
  /// The share ε of a label that is spread over all classes.
  public let labelSmoothing: Float

  /// One weight a class, or nil for 1 each.
  public let classWeights: [Float]?

  /// - Parameters:
  ///   - labelSmoothing: s.
  ///   - classWeights: One a class, all positive; nil for 1 each.
  /// - Precondition: 0 ≤ s < 1.
  public init(labelSmoothing: Float = 0, classWeights: [Float]? = nil) {
    precondition(
      labelSmoothing >= 0 && labelSmoothing < 1, "a label smoothing of \(labelSmoothing)")
    self.labelSmoothing = labelSmoothing
    self.classWeights = classWeights
  }

  /// What a batch costs.
  public struct Outcome: Sendable {
    /// The mean loss over the rows.
    public var loss: Double
    /// dLoss/dlogits, of the logits' shape.
    public var gradient: Tensor
    /// Rows whose most probable class is their label.
    public var correct: Int
  }

  /// The loss of a batch.
  ///
  /// - Parameters:
  ///   - logits: (rows, 1) for two classes, (rows, classes) for more.
  ///   - labels: The class of each row.
  /// - Throws: ``NeuralNetworkError`` if shapes or labels do not fit.
  public func callAsFunction(logits: Tensor, labels: [Int]) throws -> Outcome {
    guard logits.shape.count == 2, logits.shape[1] > 0 else {
      throw NeuralNetworkError.shape(
        layer: "cross-entropy", expected: "(rows, outputs)", found: logits.shape)
    }
    let (rows, outputs) = (logits.shape[0], logits.shape[1])
    guard labels.count == rows else {
      throw NeuralNetworkError.count(what: "labels", expected: rows, found: labels.count)
    }
    let classes = max(outputs, 2)
    if let classWeights, classWeights.count != classes {
      throw NeuralNetworkError.count(
        what: "class weights", expected: classes, found: classWeights.count)
    }
    var result = Outcome(loss: 0, gradient: Tensor(zeros: logits.shape), correct: 0)
    for row in 0..<rows {
      let label = labels[row]
      guard label >= 0, label < classes else {
        throw NeuralNetworkError.label(row: row, found: label, classes: classes)
      }
      let weight = Double(classWeights?[label] ?? 1) / Double(rows)
      let values = logits[row: row]
      result.loss +=
        weight
        * (outputs == 1
          ? binary(values[values.startIndex], label, row, weight, &result)
          : categorical(values, label, row, weight, &result))
    }
    return result
  }

  /// max(z, 0) − z·y + log(1 + e^−|z|); its derivative is σ(z) − y.
  private func binary(
    _ logit: Float, _ label: Int, _ row: Int, _ weight: Double, _ result: inout Outcome
  ) -> Double {
    let (z, smoothing) = (Double(logit), Double(labelSmoothing))
    let target = Double(label) * (1 - smoothing) + smoothing / 2
    result.gradient.values[row] = Float(weight * (Activation.sigmoid(z) - target))
    if (z > 0) == (label == 1) { result.correct += 1 }
    return max(z, 0) - z * target + log1p(exp(-abs(z)))
  }

  /// log Σeᶻ − Σ y·z; its derivative is softmax(z) − y.
  private func categorical(
    _ logits: ArraySlice<Float>, _ label: Int, _ row: Int, _ weight: Double,
    _ result: inout Outcome
  ) -> Double {
    let (count, start) = (logits.count, logits.startIndex)
    var best = start
    for index in logits.indices where logits[index] > logits[best] { best = index }
    let largest = Double(logits[best])
    let sum = logits.reduce(0) { $0 + exp(Double($1) - largest) }
    let smoothing = Double(labelSmoothing)
    var loss = largest + log(sum)
    for index in 0..<count {
      let z = Double(logits[start + index])
      let target = (index == label ? 1 - smoothing : 0) + smoothing / Double(count)
      loss -= target * z
      let probability = exp(z - largest) / sum
      result.gradient.values[row * count + index] = Float(weight * (probability - target))
    }
    if best - start == label { result.correct += 1 }
    return loss
  }
}
