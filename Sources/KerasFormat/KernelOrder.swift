/// How a file stores the kernels of convolutions.
///
/// Theano convolves in the mathematical sense, with the kernel turned by 180°; TensorFlow
/// correlates. Keras 0 and 1 also put the axes in another order under Theano.
public enum KernelOrder: String, Sendable {
  /// (height, width, in, out), for correlation.
  case tensorFlow = "tf"
  /// (out, in, height, width), turned by 180°.
  case theano = "th"
  /// (height, width, in, out), turned by 180°: Keras 2 with Theano as its backend.
  case tensorFlowTurned = "tf, turned"

  /// The shape of a kernel in TensorFlow's order.
  func tensorFlowShape(_ shape: [Int]) -> [Int] {
    guard shape.count == 4 else { return shape }
    return self == .theano ? [shape[2], shape[3], shape[1], shape[0]] : shape
  }

  /// Brings a kernel to TensorFlow's order: W_tf[r, c, i, o] = W_th[o, i, h−1−r, w−1−c].
  func tensorFlow(_ kernel: NamedTensor) -> NamedTensor {
    guard self != .tensorFlow, kernel.shape.count == 4 else { return kernel }
    let shape = tensorFlowShape(kernel.shape)
    let (height, width, inputs, outputs) = (shape[0], shape[1], shape[2], shape[3])
    let area = height * width
    // For each axis of the result, the distance in the source between neighbours along it.
    let (inputStride, outputStride, spatialStride) =
      self == .theano ? (area, inputs * area, 1) : (outputs, 1, inputs * outputs)
    var values: [Float] = []
    values.reserveCapacity(kernel.values.count)
    for position in (0..<area).reversed() {
      for input in 0..<inputs {
        var source = position * spatialStride + input * inputStride
        for _ in 0..<outputs {
          values.append(kernel.values[source])
          source += outputStride
        }
      }
    }
    return NamedTensor(name: kernel.name, shape: shape, values: values)
  }

  /// Permutes the rows of a dense kernel that follows `Flatten` from channels-first order to
  /// channels-last.
  ///
  /// - Parameters:
  ///   - kernel: (channels × height × width, units).
  ///   - height, width, channels: The extents that `Flatten` saw.
  static func channelsLastRows(
    _ kernel: NamedTensor, height: Int, width: Int, channels: Int
  ) -> NamedTensor {
    precondition(kernel.shape.first == height * width * channels)
    let units = kernel.shape[1]
    var values: [Float] = []
    values.reserveCapacity(kernel.values.count)
    for position in 0..<height * width {
      for channel in 0..<channels {
        let row = channel * height * width + position
        values.append(contentsOf: kernel.values[row * units..<(row + 1) * units])
      }
    }
    return NamedTensor(name: kernel.name, shape: kernel.shape, values: values)
  }
}
