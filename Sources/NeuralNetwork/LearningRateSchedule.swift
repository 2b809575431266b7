import Foundation

/// How the learning rate changes over a training: the factor that multiplies it at each step.
///
/// Of the `total` steps, the first `warmUp · total` (rounded) rise linearly to 1, n of them through
/// 1/n, 2/n, …; the shape runs over those that remain, s of t.
public struct LearningRateSchedule: Sendable, Equatable {
  public enum Shape: Sendable, Equatable {
    /// 1.
    case constant
    /// factorᵏ with k = ⌊s · (drops + 1) / t⌋: as many drops, evenly spaced.
    case step(drops: Int, factor: Double)
    /// final + (1 − final) · (1 + cos(π·s/t)) / 2.
    case cosine(final: Double = 0)
    /// 1 / (1 + decay · s): `decay` of Keras' older optimizers.
    case inverseTime(decay: Double)
  }

  public var shape: Shape

  /// The share of all steps that warms up, at least 0 and below 1.
  public var warmUp: Double

  public init(_ shape: Shape = .constant, warmUp: Double = 0) {
    self.shape = shape
    self.warmUp = warmUp
  }

  /// The factor of a step.
  ///
  /// - Parameters:
  ///   - step: 0 for the first.
  ///   - total: Steps of the whole training.
  public func factor(step: Int, of total: Int) -> Double {
    let rising = Int((warmUp * Double(total)).rounded())
    if step < rising { return Double(step + 1) / Double(rising) }
    let (done, all) = (Double(step - rising), Double(max(total - rising, 1)))
    switch shape {
    case .constant: return 1
    case .step(let drops, let factor):
      return pow(factor, (done * Double(drops + 1) / all).rounded(.down))
    case .cosine(let final): return final + (1 - final) * (1 + cos(.pi * min(done / all, 1))) / 2
    case .inverseTime(let decay): return 1 / (1 + decay * done)
    }
  }

  /// The learning rate of a step.
  public func rate(_ rate: Float, step: Int, of total: Int) -> Float {
    Float(Double(rate) * factor(step: step, of: total))
  }

  /// Refuses numbers without meaning.
  func validate() throws {
    try checkSetting(warmUp >= 0 && warmUp < 1, "warm-up", "at least 0 and below 1", warmUp)
    switch shape {
    case .constant: break
    case .step(let drops, let factor):
      try checkSetting(drops >= 0, "drops", "at least 0", drops)
      try checkSetting(factor > 0 && factor <= 1, "factor of a drop", "above 0, at most 1", factor)
    case .cosine(let final):
      try checkSetting(final >= 0 && final <= 1, "final factor", "from 0 to 1", final)
    case .inverseTime(let decay):
      try checkSetting(decay >= 0 && decay.isFinite, "decay", "at least 0", decay)
    }
  }
}
