import Foundation
import Kernels

/// The elementwise functions (and softmax, over the last axis) that follow a layer.
///
/// Raw values are Keras' names.
public enum Activation: String, Sendable, CaseIterable, Codable {
  /// x.
  case linear
  /// max(0, x).
  case relu
  /// 1 / (1 + e⁻ˣ).
  case sigmoid
  /// eˣ / Σ eˣ over the last axis.
  case softmax
  /// (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ).
  case tanh
  /// x where positive, eˣ − 1 elsewhere.
  case elu
  /// x / (1 + |x|).
  case softsign
  /// x where positive, 0.2·x elsewhere.
  case leakyReLU = "leaky_relu"

  /// Applies the function in place.
  public func apply(to tensor: inout Tensor, pool: ThreadPool) {
    switch self {
    case .linear: return
    case .relu: tensor.values.map(pool) { $0 < 0 ? 0 : $0 }
    case .sigmoid: tensor.values.map(pool, Self.sigmoid)
    case .tanh: tensor.values.map(pool) { Foundation.tanh($0) }
    case .elu: tensor.values.map(pool) { $0 > 0 ? $0 : expm1($0) }
    case .softsign: tensor.values.map(pool) { $0 / (1 + abs($0)) }
    case .leakyReLU: tensor.values.map(pool) { $0 < 0 ? $0 * 0.2 : $0 }
    case .softmax: softmax(&tensor, pool)
    }
  }

  /// Turns the loss's gradient by the output into that by the input, in place.
  ///
  /// - Parameters:
  ///   - gradient: dL/dy on entry, dL/dx on return.
  ///   - output: y, what ``apply(to:pool:)`` gave.
  public func differentiate(_ gradient: inout Tensor, output: Tensor, pool: ThreadPool) {
    precondition(gradient.shape == output.shape, "a gradient has the shape of its output")
    switch self {
    case .linear: return
    case .relu: pool.differentiateRelu(&gradient.values, output: output.values)
    case .sigmoid: gradient.values.zip(output.values, pool) { $0 * $1 * (1 - $1) }
    case .tanh: gradient.values.zip(output.values, pool) { $0 * (1 - $1 * $1) }
    case .elu: gradient.values.zip(output.values, pool) { $1 > 0 ? $0 : $0 * ($1 + 1) }
    case .softsign:
      gradient.values.zip(output.values, pool) { $0 * (1 - abs($1)) * (1 - abs($1)) }
    case .leakyReLU: gradient.values.zip(output.values, pool) { $1 > 0 ? $0 : $0 * 0.2 }
    case .softmax: differentiateSoftmax(&gradient, output, pool)
    }
  }

  /// The logistic function, without overflow at either end.
  package static func sigmoid<T: BinaryFloatingPoint>(_ x: T) -> T {
    let value = Double(x)
    if value >= 0 { return T(1 / (1 + exp(-value))) }
    let power = exp(value)
    return T(power / (1 + power))
  }

  private func softmax(_ tensor: inout Tensor, _ pool: ThreadPool) {
    guard let width = tensor.shape.last, width > 0 else { return }
    pool.forEachChunk(of: &tensor.values, chunk: rowsPerChunk(width) * width) { _, chunk in
      for row in stride(from: 0, to: chunk.count, by: width) {
        var largest = -Float.infinity
        for index in row..<row + width { largest = max(largest, chunk[index]) }
        var sum: Float = 0
        for index in row..<row + width {
          chunk[index] = exp(chunk[index] - largest)
          sum += chunk[index]
        }
        for index in row..<row + width { chunk[index] /= sum }
      }
    }
  }

  private func differentiateSoftmax(_ gradient: inout Tensor, _ output: Tensor, _ pool: ThreadPool)
  {
    guard let width = output.shape.last, width > 0 else { return }
    let outputs = output.values
    pool.forEachChunk(of: &gradient.values, chunk: rowsPerChunk(width) * width) { range, chunk in
      for row in stride(from: 0, to: chunk.count, by: width) {
        var mean: Float = 0
        for index in row..<row + width {
          mean += chunk[index] * outputs[range.lowerBound + index]
        }
        for index in row..<row + width {
          chunk[index] = outputs[range.lowerBound + index] * (chunk[index] - mean)
        }
      }
    }
  }
}
