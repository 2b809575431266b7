import Foundation

/// What a recipe's run came to: `results.json`, and what `run --json` prints.
public struct RecipeResults: Codable, Sendable {
  /// One trained model, or one of its folds.
  public struct Model: Codable, Sendable {
    public var name: String
    /// Its folder in the run's.
    public var place: String
    public var parameters: Int
    public var trainableParameters: Int
    /// Pictures trained on.
    public var training: Int
    public var epochs: Int
    /// The epoch whose weights it has; 0 where there are no epochs.
    public var bestEpoch: Int
    /// On the validation pictures, or on the fold's own.
    public var validation: EvaluationReport?
    public var unreadable: [Manifest.Unreadable]
    public var remark: String?
    public var seconds: Double
  }

  /// What a model says of a picture that it was not trained on: `predictions.json` in its folder.
  public struct Judged: Codable, Sendable {
    public var path: String
    public var label: Int
    public var probabilities: [Double]

    init(_ prediction: Prediction, _ label: Int) {
      path = prediction.path
      self.label = label
      probabilities = prediction.probabilities
    }
  }

  public struct Submission: Codable, Sendable {
    public var path: String
    public var rows: Int
    public var clip: Double
    /// With its 95 % interval, of the validation (or out-of-fold) predictions; nil without any.
    public var expectedLogLoss: Double?
    public var expectedLogLossInterval: [Double]?
  }

  public struct Member: Codable, Sendable {
    public var model: String
    public var weight: Double
  }

  public var recipe: String
  public var models: [Model]
  /// What is averaged in the end.
  public var members: [Member]
  /// Views of each picture that are averaged.
  public var views: Int
  /// Of the end result, on the validation pictures.
  public var validation: EvaluationReport?
  /// Of the end result, each training picture judged by the models of the fold that was not trained
  /// on it. Where a fold's pictures also choose the epoch, this is a little too good.
  public var outOfFold: EvaluationReport?
  /// Of the end result, on test pictures whose classes are known.
  public var test: EvaluationReport?
  public var submission: Submission?
  public var unreadable: [Manifest.Unreadable]
  public var seconds = 0.0
}
