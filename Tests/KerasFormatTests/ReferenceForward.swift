import Foundation
import KerasFormat

/// Predictions of a Keras model computed the plain way in Double, to compare with those that real
/// Keras made from the same file.
struct ReferenceForward {
  let model: KerasModel

  /// An array of one picture or vector, in C order.
  struct Value {
    var shape: [Int]
    var values: [Double]

    subscript(row: Int, column: Int, channel: Int) -> Double {
      guard (0..<shape[0]).contains(row), (0..<shape[1]).contains(column) else { return 0 }
      return values[(row * shape[1] + column) * shape[2] + channel]
    }
  }

  func callAsFunction(_ picture: [Float]) -> [Double] {
    let shape = model.inputShape.map { $0! }
    return model.layers.reduce(Value(shape: shape, values: picture.map(Double.init))) {
      forward($1, $0)
    }.values
  }

  private func forward(_ layer: KerasLayer, _ x: Value) -> Value {
    func weight(_ name: String) -> [Double] { layer.weight(name)!.values.map(Double.init) }
    switch layer.kind {
    case .conv2D(let filters, let size, let strides, let padding, let useBias, let activation):
      let kernel = weight("kernel")
      let bias = useBias ? weight("bias") : [Double](repeating: 0, count: filters)
      let channels = x.shape[2]
      let result = windows(x, size, strides, padding, filters) { row, column, filter in
        var sum = bias[filter]
        for i in 0..<size.height {
          for j in 0..<size.width {
            for c in 0..<channels {
              let w = kernel[((i * size.width + j) * channels + c) * filters + filter]
              sum += x[row + i, column + j, c] * w
            }
          }
        }
        return sum
      }
      return activate(result, activation)
    case .leakyReLU(let slope):
      return byChannel(x) { value, _ in value < 0 ? value * slope : value }
    case .elu(let alpha):
      return byChannel(x) { value, _ in value > 0 ? value : alpha * (exp(value) - 1) }
    case .normalization(let mean, let variance):
      return byChannel(x) { value, channel in
        (value - mean[channel % mean.count]) / variance[channel % variance.count].squareRoot()
      }
    case .maxPooling2D(let size, let strides, let padding):
      return windows(x, size, strides, padding, x.shape[2]) { row, column, channel in
        inside(x, row, column, size, channel).max()!
      }
    case .averagePooling2D(let size, let strides, let padding):
      return windows(x, size, strides, padding, x.shape[2]) { row, column, channel in
        let values = inside(x, row, column, size, channel)
        return values.reduce(0, +) / Double(values.count)
      }
    case .globalAveragePooling2D, .globalMaxPooling2D:
      let whole = KerasLayer.Size(height: x.shape[0], width: x.shape[1])
      let isMaximum = layer.kind == .globalMaxPooling2D
      return Value(
        shape: [x.shape[2]],
        values: (0..<x.shape[2]).map { channel in
          let values = inside(x, 0, 0, whole, channel)
          return isMaximum ? values.max()! : values.reduce(0, +) / Double(values.count)
        })
    case .flatten: return Value(shape: [x.values.count], values: x.values)
    case .reshape(let shape): return Value(shape: shape, values: x.values)
    case .dropout: return x
    case .dense(let units, let useBias, let activation):
      let kernel = weight("kernel")
      let bias = useBias ? weight("bias") : [Double](repeating: 0, count: units)
      let values = (0..<units).map { unit in
        x.values.indices.reduce(bias[unit]) { $0 + x.values[$1] * kernel[$1 * units + unit] }
      }
      return activate(Value(shape: [units], values: values), activation)
    case .activation(let activation): return activate(x, activation)
    case .softmax: return activate(x, .softmax)
    case .batchNormalization(_, let epsilon, _, _):
      let (gamma, beta) = (weight("gamma"), weight("beta"))
      let (mean, variance) = (weight("moving_mean"), weight("moving_variance"))
      return byChannel(x) { value, c in
        (value - mean[c]) / (variance[c] + epsilon).squareRoot() * gamma[c] + beta[c]
      }
    case .layerNormalization(let epsilon, _, _):
      let (gamma, beta) = (weight("gamma"), weight("beta"))
      let mean = x.values.reduce(0, +) / Double(x.values.count)
      let variance =
        x.values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.values.count)
      return byChannel(x) { value, c in
        (value - mean) / (variance + epsilon).squareRoot() * gamma[c] + beta[c]
      }
    case .unitNormalization:
      let norm = x.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return byChannel(x) { value, _ in value / norm }
    case .rescaling(let scale, let offset):
      return byChannel(x) { value, c in
        value * scale[scale.count == 1 ? 0 : c] + offset[offset.count == 1 ? 0 : c]
      }
    case .zeroPadding2D(let top, let bottom, let left, let right):
      let (height, width, channels) = (x.shape[0], x.shape[1], x.shape[2])
      var values: [Double] = []
      for row in -top..<height + bottom {
        for column in -left..<width + right {
          for channel in 0..<channels { values.append(x[row, column, channel]) }
        }
      }
      return Value(shape: [height + top + bottom, width + left + right, channels], values: values)
    }
  }

  private func windows(
    _ x: Value, _ size: KerasLayer.Size, _ strides: KerasLayer.Size,
    _ padding: KerasLayer.Padding, _ channels: Int,
    _ body: (_ row: Int, _ column: Int, _ channel: Int) -> Double
  ) -> Value {
    func axis(_ extent: Int, _ size: Int, _ stride: Int) -> (count: Int, before: Int) {
      guard padding == .same else { return ((extent - size) / stride + 1, 0) }
      let count = (extent + stride - 1) / stride
      return (count, max(0, (count - 1) * stride + size - extent) / 2)
    }
    let (rows, top) = axis(x.shape[0], size.height, strides.height)
    let (columns, left) = axis(x.shape[1], size.width, strides.width)
    var values: [Double] = []
    for row in 0..<rows {
      for column in 0..<columns {
        for channel in 0..<channels {
          values.append(body(row * strides.height - top, column * strides.width - left, channel))
        }
      }
    }
    return Value(shape: [rows, columns, channels], values: values)
  }

  /// The values of a window that lie within the picture.
  private func inside(
    _ x: Value, _ row: Int, _ column: Int, _ size: KerasLayer.Size, _ channel: Int
  ) -> [Double] {
    (max(0, row)..<min(x.shape[0], row + size.height)).flatMap { r in
      (max(0, column)..<min(x.shape[1], column + size.width)).map { c in x[r, c, channel] }
    }
  }

  private func byChannel(_ x: Value, _ body: (Double, Int) -> Double) -> Value {
    let channels = x.shape.last!
    return Value(
      shape: x.shape, values: x.values.enumerated().map { body($1, $0 % channels) })
  }

  private func activate(_ x: Value, _ activation: KerasLayer.Activation) -> Value {
    switch activation {
    case .linear: return x
    case .elu: return byChannel(x) { value, _ in value > 0 ? value : exp(value) - 1 }
    case .softsign: return byChannel(x) { value, _ in value / (1 + abs(value)) }
    case .leakyReLU: return byChannel(x) { value, _ in value < 0 ? value * 0.2 : value }
    case .relu: return byChannel(x) { value, _ in max(0, value) }
    case .sigmoid: return byChannel(x) { value, _ in 1 / (1 + exp(-value)) }
    case .tanh: return byChannel(x) { value, _ in tanh(value) }
    case .softmax:
      let powers = x.values.map { exp($0 - x.values.max()!) }
      let sum = powers.reduce(0, +)
      return Value(shape: x.shape, values: powers.map { $0 / sum })
    }
  }
}
