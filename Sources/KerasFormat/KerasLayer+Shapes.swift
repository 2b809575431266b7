extension KerasLayer {
  /// Why a layer cannot follow: what it needs, and what it gets.
  struct Misfit: Error {
    var expected: String
    var found: String
  }

  /// The shape of the layer's output, without the batch axis; nil where an extent is not fixed.
  ///
  /// - Throws: `Misfit` if the layer cannot take such an input.
  func outputShape(for input: [Int?]) throws -> [Int?] {
    switch kind {
    case .conv2D(let filters, let kernel, let strides, let padding, _, _):
      let (rows, columns, _) = try picture(input)
      return [
        try window(rows, kernel.height, strides.height, padding),
        try window(columns, kernel.width, strides.width, padding), filters,
      ]
    case .maxPooling2D(let size, let strides, let padding),
      .averagePooling2D(let size, let strides, let padding):
      let (rows, columns, channels) = try picture(input)
      return [
        try window(rows, size.height, strides.height, padding),
        try window(columns, size.width, strides.width, padding), channels,
      ]
    case .globalAveragePooling2D, .globalMaxPooling2D:
      return [try picture(input).channels]
    case .flatten:
      return [try product(input)]
    case .dense(let units, _, _):
      guard !input.isEmpty else { throw Misfit(expected: "a vector", found: "a single number") }
      return input.dropLast() + [units]
    case .zeroPadding2D(let top, let bottom, let left, let right):
      let (rows, columns, channels) = try picture(input)
      return [rows.map { $0 + top + bottom }, columns.map { $0 + left + right }, channels]
    case .reshape(let target):
      let count = try product(input)
      let known = try product(target.filter { $0 != -1 })
      guard target.filter({ $0 == -1 }).count <= 1, let known, known > 0,
        count.map({ target.contains(-1) ? $0 % known == 0 : $0 == known }) ?? true
      else { throw Misfit(expected: "a shape that becomes \(target)", found: "\(text(input))") }
      return target.map { $0 == -1 ? count.map { $0 / known } : $0 }
    case .rescaling(let first, let second), .normalization(let first, let second):
      for values in [first, second] where values.count != 1 {
        guard let channels = input.last, channels == values.count else {
          throw Misfit(expected: "\(values.count) channels", found: text(input))
        }
      }
      return input
    case .dropout, .activation, .batchNormalization, .layerNormalization, .unitNormalization,
      .softmax, .leakyReLU, .elu:
      return input
    }
  }

  /// The names and shapes of the weights that the layer has for such an input, in order.
  func weightShapes(for input: [Int?]) throws -> [(name: String, shape: [Int])] {
    switch kind {
    case .conv2D(let filters, let kernel, _, _, let useBias, _):
      let shape = [kernel.height, kernel.width, try channels(input), filters]
      return [("kernel", shape)] + (useBias ? [("bias", [filters])] : [])
    case .dense(let units, let useBias, _):
      return [("kernel", [try channels(input), units])] + (useBias ? [("bias", [units])] : [])
    case .batchNormalization(_, _, let center, let scale):
      let shape = [try channels(input)]
      return (scale ? [("gamma", shape)] : []) + (center ? [("beta", shape)] : [])
        + [("moving_mean", shape), ("moving_variance", shape)]
    case .layerNormalization(_, let center, let scale):
      let shape = [try channels(input)]
      return (scale ? [("gamma", shape)] : []) + (center ? [("beta", shape)] : [])
    default:
      return []
    }
  }

  private func picture(_ input: [Int?]) throws -> (rows: Int?, columns: Int?, channels: Int?) {
    guard input.count == 3 else {
      throw Misfit(expected: "(height, width, channels)", found: text(input))
    }
    return (input[0], input[1], input[2])
  }

  private func channels(_ input: [Int?]) throws -> Int {
    guard let last = input.last, let channels = last else {
      throw Misfit(expected: "a fixed last axis", found: text(input))
    }
    return channels
  }

  private func window(_ extent: Int?, _ size: Int, _ stride: Int, _ padding: Padding) throws
    -> Int?
  {
    guard let extent else { return nil }
    switch padding {
    case .same: return (extent + stride - 1) / stride
    case .valid:
      guard extent >= size else {
        throw Misfit(expected: "at least \(size) rows and columns", found: "\(extent)")
      }
      return (extent - size) / stride + 1
    }
  }

  private func product(_ shape: [Int?]) throws -> Int? {
    var count = 1
    for extent in shape {
      guard let extent else { return nil }
      let product = count.multipliedReportingOverflow(by: extent)
      guard !product.overflow else {
        throw Misfit(expected: "a shape that fits in memory", found: text(shape))
      }
      count = product.partialValue
    }
    return count
  }

  private func text(_ shape: [Int?]) -> String {
    "(" + shape.map { $0.map(String.init) ?? "any" }.joined(separator: ", ") + ")"
  }
}
