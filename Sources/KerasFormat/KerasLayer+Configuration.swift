extension KerasLayer {
  /// The layer as Keras 2 and Keras 3 both read it: class name and configuration.
  var configuration: JSONValue {
    var members: [String: JSONValue] = [
      "name": .string(name), "trainable": .bool(trainable), "dtype": "float32",
    ]
    for (key, value) in kind.configuration { members[key] = value }
    return ["class_name": .string(kind.className), "config": .object(members)]
  }
}

extension KerasLayer.Kind {
  /// The members of the configuration beyond those that all layers have.
  ///
  /// What stands at its default in every version is left out where an old version would not know
  /// it.
  fileprivate var configuration: [String: JSONValue] {
    switch self {
    case .conv2D(let filters, let kernelSize, let strides, let padding, let useBias, let activation):
      [
        "filters": .integer(filters), "kernel_size": kernelSize.json, "strides": strides.json,
        "padding": .string(padding.rawValue), "data_format": "channels_last",
        "dilation_rate": [1, 1], "use_bias": .bool(useBias),
        "activation": .string(activation.rawValue),
      ]
    case .maxPooling2D(let poolSize, let strides, let padding),
      .averagePooling2D(let poolSize, let strides, let padding):
      [
        "pool_size": poolSize.json, "strides": strides.json,
        "padding": .string(padding.rawValue), "data_format": "channels_last",
      ]
    case .globalAveragePooling2D, .globalMaxPooling2D, .flatten:
      ["data_format": "channels_last"]
    case .dense(let units, let useBias, let activation):
      [
        "units": .integer(units), "use_bias": .bool(useBias),
        "activation": .string(activation.rawValue),
      ]
    case .dropout(let rate): ["rate": .number(rate)]
    case .activation(let activation): ["activation": .string(activation.rawValue)]
    case .batchNormalization(let momentum, let epsilon, let center, let scale):
      [
        "axis": -1, "momentum": .number(momentum), "epsilon": .number(epsilon),
        "center": .bool(center), "scale": .bool(scale),
      ]
    case .layerNormalization(let epsilon, let center, let scale):
      ["axis": -1, "epsilon": .number(epsilon), "center": .bool(center), "scale": .bool(scale)]
    // Keras 2's name of the slope, which Keras 3 takes too.
    case .leakyReLU(let slope): ["alpha": .number(slope)]
    case .elu(let alpha): ["alpha": .number(alpha)]
    case .normalization(let mean, let variance):
      [
        "axis": mean.count == 1 && variance.count == 1 ? .null : [-1],
        "mean": Self.json(mean), "variance": Self.json(variance), "invert": false,
      ]
    case .unitNormalization, .softmax: ["axis": -1]
    case .rescaling(let scale, let offset):
      ["scale": Self.json(scale), "offset": Self.json(offset)]
    case .zeroPadding2D(let top, let bottom, let left, let right):
      [
        "padding": [[.integer(top), .integer(bottom)], [.integer(left), .integer(right)]],
        "data_format": "channels_last",
      ]
    case .reshape(let shape): ["target_shape": .array(shape.map { .integer($0) })]
    }
  }

  private static func json(_ values: [Double]) -> JSONValue {
    values.count == 1 ? .number(values[0]) : .array(values.map { .number($0) })
  }
}

extension KerasLayer.Size {
  fileprivate var json: JSONValue { [.integer(height), .integer(width)] }
}
