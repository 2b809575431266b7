import Foundation

/// The log loss to expect of a submission, by the level at which its probabilities are clipped.
///
/// A submission's score depends on a few confident mistakes, each costing −ln(clip): clipping too
/// low makes them dear, clipping too high costs a little on every picture that is right.
public struct ClipTable: Codable, Sendable, Equatable {
  /// The log loss of the rows with every probability brought into [clip, 1 − clip] and, of more than
  /// two classes, each row then divided by its sum, as Kaggle does.
  public struct Level: Codable, Sendable, Equatable {
    /// Probabilities are kept within [clip, 1 − clip].
    public let clip: Double
    /// Mean and standard deviation over the rows.
    public let mean, deviation: Double
    /// How much less the loss is than at ``standardClip``, and the standard error of that.
    public let gain, gainError: Double
  }

  /// Predictions that the table was made from.
  public let rows: Int
  /// Ascending by clip.
  public let levels: [Level]

  /// What `submit` clips at unless something is known to be better.
  public static let standardClip = 0.005

  /// 0 stands for 10⁻¹⁵, which Kaggle itself clips at.
  private static let clips =
    [0, 1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4]
    + [0.001, 0.002, 0.003, standardClip, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075]
    + [0.1, 0.15, 0.2, 0.3, 0.45]

  init(probabilities: [[Double]], labels: [Int]) {
    rows = labels.count
    func losses(_ clip: Double) -> [Double] {
      zip(probabilities, labels).map { Self.loss($0, label: $1, clip: clip) }
    }
    let standard = losses(Self.standardClip)
    levels = Self.clips.map { clip in
      let losses = losses(clip)
      let loss = Moments(losses)
      let gain = Moments(zip(standard, losses).map { $0 - $1 })
      return Level(
        clip: clip, mean: loss.mean, deviation: loss.variance.squareRoot(), gain: gain.mean,
        gainError: (gain.variance / Double(max(labels.count, 1))).squareRoot())
    }
  }

  static func loss(_ probabilities: [Double], label: Int, clip: Double) -> Double {
    let clip = max(clip, 1e-15)
    let kept = probabilities.map { min(max($0, clip), 1 - clip) }
    return log(probabilities.count == 2 ? 1 : kept.reduce(0, +)) - log(kept[label])
  }

  /// The level to clip at.
  ///
  /// The mean is taken as though one more picture had been confidently wrong (it costs −ln(clip)):
  /// pictures without a mistake so far do not prove that there will be none. The level of least such
  /// mean is taken if it is better than ``standardClip`` so counted, and better on the rows
  /// themselves by more than 2.9 standard errors, the 95 % level divided among the 26 levels that
  /// were looked at; else, and of fewer than a hundred rows, ``standardClip``.
  public var best: Double {
    guard rows >= 100 else { return Self.standardClip }
    let count = Double(rows)
    func cautious(_ level: Level) -> Double {
      (level.mean * count - log(max(level.clip, 1e-15))) / (count + 1)
    }
    guard let least = levels.min(by: { cautious($0) < cautious($1) }),
      least.gain > 2.9 * least.gainError
    else { return Self.standardClip }
    return least.clip
  }

  /// What of a table that was read keeps it from being used, in words; nil if nothing does.
  var fault: String? {
    guard rows >= 1 else { return "clip levels of \(rows) rows" }
    guard !levels.isEmpty else { return "no clip levels" }
    guard zip(levels, levels.dropFirst()).allSatisfy({ $0.clip < $1.clip }),
      levels.allSatisfy({ $0.clip >= 0 && $0.clip < 0.5 })
    else { return "clip levels that do not ascend from 0 to below 0.5" }
    let largest = 1e6  // −ln of the least number is 745
    for level in levels {
      let numbers = [level.mean, level.deviation, level.gain, level.gainError]
      if let wrong = numbers.first(where: { !(abs($0) < largest) }) {
        return "a log loss of \(wrong)"
      }
    }
    return nil
  }

  /// Mean and standard deviation at any clip level, in between interpolated by its logarithm.
  func moments(at clip: Double) -> (mean: Double, deviation: Double) {
    guard let above = levels.firstIndex(where: { $0.clip >= clip }) else {
      return levels.last.map { ($0.mean, $0.deviation) } ?? (.nan, .nan)
    }
    let high = levels[above]
    guard high.clip > clip, above > 0 else { return (high.mean, high.deviation) }
    let low = levels[above - 1]
    let (from, to) = (log(max(low.clip, 1e-15)), log(high.clip))
    let share = (log(max(clip, 1e-15)) - from) / (to - from)
    return (
      low.mean + share * (high.mean - low.mean),
      low.deviation + share * (high.deviation - low.deviation)
    )
  }

  /// The log loss to expect of a number of other pictures of the same kind, with its 95 % interval.
  ///
  /// The interval is that of the mean over those pictures, whose chance adds to that of the rows:
  /// standard error s·√(1/rows + 1/pictures). It is taken on the logarithm of the mean, for losses
  /// are positive and far from symmetric: mean · exp(±1.96 · error/mean), within the losses that
  /// clipped probabilities can have, −ln(1 − clip) to −ln clip.
  ///
  /// - Returns: nil if that is no finite number: of a table without levels, for one.
  public func expectedLogLoss(
    clip: Double, pictures: Int
  ) -> (mean: Double, interval: ClosedRange<Double>)? {
    let (mean, deviation) = moments(at: clip)
    guard mean.isFinite, deviation.isFinite else { return nil }
    guard rows > 0, pictures > 0, mean > 0 else { return (mean, mean...mean) }
    let error = deviation * (1 / Double(rows) + 1 / Double(pictures)).squareRoot()
    let factor = exp(1.96 * error / mean)
    guard clip > 0 else {
      guard factor >= 1, (mean * factor).isFinite else { return nil }
      return (mean, mean / factor...mean * factor)
    }
    let low = max(mean / factor, -log(1 - clip))
    return (mean, min(low, mean)...max(mean, min(mean * factor, -log(clip))))
  }
}
