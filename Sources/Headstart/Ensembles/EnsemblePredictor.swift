import Kernels

/// Runs an ensemble over pictures: each member by its own ``Predictor``, then the weighted mean.
public struct EnsemblePredictor: Sendable {
  /// What predicts.
  public let ensemble: Ensemble
  private let predictors: [Predictor]

  /// Parameters as those of ``Predictor``; the views are the ensemble's.
  public init(
    _ ensemble: Ensemble, featuresFolder: String?, strict: Bool = false, pool: ThreadPool
  ) {
    self.ensemble = ensemble
    predictors = ensemble.members.map {
      Predictor(
        $0.classifier, featuresFolder: featuresFolder, views: ensemble.views, strict: strict,
        pool: pool)
    }
  }

  /// One outcome for each path, in the paths' order. A picture that one member cannot read counts
  /// as unreadable.
  ///
  /// - Parameter progress: which member is at work, from 0, and how far it is. Members whose weight
  ///   is 0 are left out.
  /// - Throws: as ``Predictor/predict(_:cancellation:progress:)``.
  public func predict(
    _ paths: [String], cancellation: Cancellation = Cancellation(),
    progress: (_ member: Int, ExtractionProgress) -> Void = { _, _ in }
  ) throws -> [Predictor.Outcome] {
    let counting = predictors.indices.filter { ensemble.members[$0].weight > 0 }
    return Self.mean(
      try counting.map { member in
        try predictors[member].predict(paths, cancellation: cancellation) { progress(member, $0) }
      }, weights: counting.map { ensemble.members[$0].weight })
  }

  /// What each member says by itself: (members, pictures).
  ///
  /// - Throws: as ``Predictor/predict(_:cancellation:progress:)``.
  public func predictMembers(
    _ paths: [String], cancellation: Cancellation = Cancellation(),
    progress: (_ member: Int, ExtractionProgress) -> Void = { _, _ in }
  ) throws -> [[Predictor.Outcome]] {
    try predictors.enumerated().map { member, predictor in
      try predictor.predict(paths, cancellation: cancellation) { progress(member, $0) }
    }
  }

  /// The weighted mean of what members say of each picture; unreadable if it is so for one of them.
  public static func mean(
    _ members: [[Predictor.Outcome]], weights: [Double]
  ) -> [Predictor.Outcome] {
    guard let first = members.first else { return [] }
    return first.indices.map { picture in
      var predictions: [Prediction] = []
      for outcomes in members {
        guard case .predicted(let prediction) = outcomes[picture] else { return outcomes[picture] }
        predictions.append(prediction)
      }
      return .predicted(
        Prediction(
          path: predictions[0].path, picture: predictions[0].picture,
          probabilities: Ensemble.mean(
            predictions.map { [$0.probabilities] }, weights: weights)[0]))
    }
  }
}
