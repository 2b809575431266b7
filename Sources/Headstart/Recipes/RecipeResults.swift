import Foundation
import NeuralNetwork

/// What a recipe's run came to: `results.json`, and what `run --json` prints.
public struct RecipeResults: Codable, Sendable {
  /// One trained model, or one of its folds.
  public struct Model: Codable, Sendable {
    public var name: String
    /// Its folder in the run's.
    public var place: String
    /// All weights.
    public var parameters: Int
    /// Those that training changes.
    public var trainableParameters: Int
    /// Pictures trained on.
    public var training: Int
    /// Epochs trained; 0 where there are none.
    public var epochs: Int
    /// The epoch whose weights it has; 0 where there are no epochs.
    public var bestEpoch: Int
    /// What a head's training chose, or was given: how its feature maps are pooled, and the
    /// strength λ of its regularisation; nil for what it has not.
    public var pooling: HeadPooling?
    public var strength: Double?
    /// On the validation pictures, or on the fold's own.
    public var validation: EvaluationReport?
    /// Of the training pictures, each judged by a head that was not trained on it; only the solver
    /// `newton` makes these.
    public var outOfFold: EvaluationReport?
    /// Training and validation pictures that could not be read.
    public var unreadable: [Manifest.Unreadable]
    /// What explains figures that the training's own do not.
    public var remark: String?
    /// Of all sessions that its training took.
    public var seconds: Double
  }

  /// What a model says of a picture that it was not trained on: `predictions.json` in its folder.
  public struct Judged: Codable, Sendable {
    public var path: String
    /// The true class.
    public var label: Int
    /// Of each class.
    public var probabilities: [Double]

    init(_ prediction: Prediction, _ label: Int) {
      path = prediction.path
      self.label = label
      probabilities = prediction.probabilities
    }
  }

  /// The submission file.
  public struct Submission: Codable, Sendable {
    public var path: String
    /// Pictures in it.
    public var rows: Int
    /// What the columns hold, in words: `label = P(dogs)`.
    public var label: String?
    /// Its probabilities are kept within [clip, 1 − clip].
    public var clip: Double
    /// With its 95 % interval, of the validation (or out-of-fold) predictions; nil without any.
    public var expectedLogLoss: Double?
    public var expectedLogLossInterval: [Double]?

    /// `1000 rows, label = P(dogs), clipped at 0.002; expected log loss 0.0212 (95 %: …)`
    public var summary: String {
      var text = "\(rows) rows" + (label.map { ", \($0)" } ?? "") + ", clipped at \(clip)"
      if let expectedLogLoss {
        text += String(format: "; expected log loss %.4f", expectedLogLoss)
        if let interval = expectedLogLossInterval, interval.count == 2 {
          text += String(format: " (95 %%: %.4f–%.4f)", interval[0], interval[1])
        }
      }
      return text
    }
  }

  /// A model of the mean.
  public struct Member: Codable, Sendable {
    /// Its file, in the run's folder.
    public var model: String
    /// Its share of the mean.
    public var weight: Double
  }

  /// Its name.
  public var recipe: String
  /// In the order in which they were trained.
  public var models: [Model]
  /// What is averaged in the end.
  public var members: [Member]
  /// Views of each picture that are averaged.
  public var views: Int
  /// Of the end result, on the validation pictures.
  public var validation: EvaluationReport?
  /// What the validation pictures decided while the result was made, which flatters their figures.
  public var validationChoices: [ValidationChoice]?
  /// Of the end result, each training picture judged, as it is, by the models of the fold that was
  /// not trained on it. Where a fold's pictures also choose the epoch, this is a little too good.
  public var outOfFold: EvaluationReport?
  /// Of the end result, on test pictures whose classes are known.
  public var test: EvaluationReport?
  /// Nil where there are no test pictures, or two of one name.
  public var submission: Submission?
  public var unreadable: [Manifest.Unreadable]
  public var seconds = 0.0
}
