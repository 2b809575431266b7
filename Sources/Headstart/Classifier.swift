import Kernels
import NeuralNetwork

/// A trained classifier: backbone, head, class names and how to prepare a picture, all of it in one
/// `model.h5` that Keras opens as well.
///
/// In the file the network is one Keras `Sequential` from preprocessed pixels to probabilities;
/// what Keras has no place for (class names, preprocessing) rides in the root attribute
/// `headstart`, as JSON.
public struct Classifier: Sendable {
  /// The class names, in the order of the labels.
  public let classes: [String]
  /// How pictures become features.
  public let settings: FeatureSettings
  /// What computes the features.
  public let backbone: any FeatureExtractor
  /// From one picture's features (h, w, c) to one sigmoid (two classes: the probability of the
  /// second) or a softmax over the classes.
  public let head: Sequential
  /// The pictures that the head was trained on, to tell when an evaluation meets them again.
  public let trainedOn: PictureSet
  /// How far it can be believed; nil if no predictions were at hand to tell.
  public let calibration: Calibration?
  /// What the file that it was read from says of its training, as Keras' `training_config`; nil
  /// for another classifier. An optimizer's state is not kept in memory.
  public let trainingConfiguration: String?

  public init(
    classes: [String], settings: FeatureSettings, backbone: any FeatureExtractor,
    head: Sequential, trainedOn: PictureSet, calibration: Calibration? = nil,
    trainingConfiguration: String? = nil
  ) {
    self.classes = classes
    self.settings = settings
    self.backbone = backbone
    self.head = head
    self.trainedOn = trainedOn
    self.calibration = calibration
    self.trainingConfiguration = trainingConfiguration
  }

  /// The probability of every class for each row of features.
  ///
  /// - Parameter features: (count, h, w, c), as the backbone gives them.
  public func probabilities(
    features: [Float], count: Int, pool: ThreadPool
  ) throws -> [[Double]] {
    Classifier.probabilities(
      try outputs(of: head, features: features, count: count, pool: pool),
      classes: classes.count)
  }

  /// The logit of every class for each row of features: what the last activation is given, the
  /// first of two classes having 0.
  ///
  /// - Parameter features: (count, h, w, c), as the backbone gives them.
  public func logits(features: [Float], count: Int, pool: ThreadPool) throws -> [[Double]] {
    var head = head
    head.outputActivation = .linear
    let outputs = try outputs(of: head, features: features, count: count, pool: pool)
    return (0..<count).map { row in
      let values = outputs[row: row].map(Double.init)
      return values.count == 1 && classes.count == 2 ? [0, values[0]] : values
    }
  }

  private func outputs(
    of head: Sequential, features: [Float], count: Int, pool: ThreadPool
  ) throws -> Tensor {
    let shape = head.inputShape
    let width = shape.reduce(1, *)
    var rows: [Float] = []
    for start in stride(from: 0, to: count, by: Self.batch) {
      let taken = min(Self.batch, count - start)
      var values = Array(features[start * width..<(start + taken) * width])
      values += repeatElement(0, count: (Self.batch - taken) * width)
      let outputs = try head(Tensor(shape: [Self.batch] + shape, values: values), pool: pool)
      rows += outputs.values.prefix(taken * (outputs.values.count / Self.batch))
    }
    return Tensor(shape: [count] + (try head.outputShape()), values: rows)
  }

  /// Rows that go through the head together, filled up with zeros: BLAS sums in another order for
  /// another number of rows, and a picture's probability must not depend on its neighbours.
  static let batch = 32

  /// (n, 1) or (n, classes) outputs as a row of class probabilities each.
  static func probabilities(_ outputs: Tensor, classes: Int) -> [[Double]] {
    let width = outputs.shape[1]
    return (0..<outputs.shape[0]).map { row in
      let values = outputs.values[row * width..<(row + 1) * width].map(Double.init)
      return width == 1 && classes == 2 ? [1 - values[0], values[0]] : values
    }
  }
}
