import CKernels

/// A formula of gradient descent, changing weights w (and what is kept beside them) by gradients g.
public enum ParameterUpdate: Sendable, Equatable {
  /// w ← w − rate·g.
  case descent(rate: Float)
  /// m ← momentum·m − rate·g; w ← w + m, or w + momentum·m − rate·g if `nesterov`.
  case momentum(rate: Float, momentum: Float, nesterov: Bool)
  /// v ← rho·v + rest·g²; w ← w − rate·g / √(v + epsilon). If there is a second companion m, that
  /// quotient is added to momentum·m first, and w ← w − m.
  case rmsprop(rate: Float, rho: Float, rest: Float, momentum: Float, epsilon: Float)
  /// m ← m + (g − m)·rest1; v ← v + (g² − v)·rest2; w ← w − alpha·m / (√v + epsilon).
  case adam(alpha: Float, rest1: Float, rest2: Float, epsilon: Float)

  /// How many companions each weight has: at least, and at most.
  var companions: ClosedRange<Int> {
    switch self {
    case .descent: 0...0
    case .momentum: 1...1
    case .rmsprop: 1...2
    case .adam: 2...2
    }
  }
}

extension ThreadPool {
  /// Changes weights by their gradients, shared out over the threads in fixed chunks.
  ///
  /// - Parameters:
  ///   - first: The first companion (m of momentum and adam, v of rmsprop); empty if there is none.
  ///   - second: The second companion (v of adam, m of rmsprop with momentum); empty if none.
  /// - Precondition: gradients and companions are as many as the weights.
  public func update(
    _ weights: inout [Float], _ first: inout [Float], _ second: inout [Float],
    gradient: [Float], by formula: ParameterUpdate
  ) {
    let count = weights.count
    let companions = (first.isEmpty ? 0 : 1) + (second.isEmpty ? 0 : 1)
    precondition(
      gradient.count == count && (first.isEmpty || first.count == count)
        && (second.isEmpty || second.count == count)
        && (count == 0 || formula.companions.contains(companions)),
      "weights, gradients and companions have one count")
    first.withUnsafeMutableBufferPointer { first in
      second.withUnsafeMutableBufferPointer { second in
        // Safe to share: chunks do not overlap.
        nonisolated(unsafe) let one = first.isEmpty ? nil : first.baseAddress
        nonisolated(unsafe) let two = second.isEmpty ? nil : second.baseAddress
        forEachChunk(of: &weights) { range, weights in
          weights.withUnsafeMutableBufferPointer { weights in
            gradient.withUnsafeBufferPointer { gradient in
              let w = weights.baseAddress!
              let g = gradient.baseAddress! + range.lowerBound
              let a = one.map { $0 + range.lowerBound }
              let b = two.map { $0 + range.lowerBound }
              switch formula {
              case .descent(let rate):
                ck_update_descent(w, g, range.count, rate)
              case .momentum(let rate, let momentum, let nesterov):
                ck_update_momentum(w, a, g, range.count, rate, momentum, nesterov ? 1 : 0)
              case .rmsprop(let rate, let rho, let rest, let momentum, let epsilon):
                ck_update_rmsprop(w, a, b, g, range.count, rate, rho, rest, momentum, epsilon)
              case .adam(let alpha, let rest1, let rest2, let epsilon):
                ck_update_adam(w, a, b, g, range.count, alpha, rest1, rest2, epsilon)
              }
            }
          }
        }
      }
    }
  }
}
