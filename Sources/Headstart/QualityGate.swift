import Foundation

/// What a classifier must reach to be accepted.
public struct QualityGate: Sendable, Equatable {
  /// Nil for any.
  public var minimumAccuracy: Double?
  /// Nil for any.
  public var maximumLogLoss: Double?

  public init(minimumAccuracy: Double? = nil, maximumLogLoss: Double? = nil) {
    self.minimumAccuracy = minimumAccuracy
    self.maximumLogLoss = maximumLogLoss
  }

  /// Whether every classifier passes.
  public var asksNothing: Bool { minimumAccuracy == nil && maximumLogLoss == nil }

  /// - Parameter predictions: whose figures these are: `validation`, `out-of-fold`.
  /// - Throws: ``QualityGateFailure`` naming everything that falls short.
  public func check(_ report: EvaluationReport, of predictions: String) throws {
    var shortcomings: [String] = []
    if let minimumAccuracy, report.accuracy < minimumAccuracy {
      let figures = String(
        format: "%.4f (95 %%: %.4f–%.4f)", report.accuracy, report.accuracyInterval[0],
        report.accuracyInterval[1])
      shortcomings.append(
        "the \(predictions) accuracy is \(figures), and must be at least \(minimumAccuracy)")
    }
    if let maximumLogLoss, report.logLoss > maximumLogLoss {
      shortcomings.append(
        "the \(predictions) log loss is \(String(format: "%.4f", report.logLoss)), and must be at"
          + " most \(maximumLogLoss)")
    }
    if !shortcomings.isEmpty { throw QualityGateFailure(shortcomings: shortcomings) }
  }
}

/// A classifier is not as good as it must be.
public struct QualityGateFailure: Error, Equatable, CustomStringConvertible {
  /// A sentence for each demand that is not met.
  public let shortcomings: [String]

  public var description: String { "not accepted: \(shortcomings.joined(separator: "; "))." }
}
