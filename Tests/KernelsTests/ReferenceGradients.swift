import Kernels

/// The slow twin of the trainable convolution: its definition, in f64.
struct ReferenceTraining {
  let shape: ConvolutionShape

  /// Calls `body` with the indices of every product: input, kernel, output (of one picture each).
  private func forEachProduct(_ body: (_ input: Int, _ kernel: Int, _ output: Int) -> Void) {
    let window = shape.window
    for oy in 0..<window.outputHeight {
      for ox in 0..<window.outputWidth {
        for ky in 0..<window.windowHeight {
          let y = oy * window.strideY + ky - window.padTop
          guard (0..<window.height).contains(y) else { continue }
          for kx in 0..<window.windowWidth {
            let x = ox * window.strideX + kx - window.padLeft
            guard (0..<window.width).contains(x) else { continue }
            for ci in 0..<shape.inputChannels {
              let input = (y * window.width + x) * shape.inputChannels + ci
              let row = ((ky * window.windowWidth + kx) * shape.inputChannels + ci)
              for co in 0..<shape.outputChannels {
                body(
                  input, row * shape.outputChannels + co,
                  (oy * window.outputWidth + ox) * shape.outputChannels + co)
              }
            }
          }
        }
      }
    }
  }

  func forward(
    _ input: [Double], count: Int, kernel: [Double], bias: [Double], relu: Bool
  ) -> [Double] {
    var output: [Double] = []
    for n in 0..<count {
      var sums = (0..<shape.outputCount).map { bias[$0 % shape.outputChannels] }
      let picture = n * shape.inputCount
      forEachProduct { sums[$2] += input[picture + $0] * kernel[$1] }
      output += relu ? sums.map { max(0, $0) } : sums
    }
    return output
  }

  func inputGradient(_ outputGradient: [Double], count: Int, kernel: [Double]) -> [Double] {
    var gradient = [Double](repeating: 0, count: count * shape.inputCount)
    for n in 0..<count {
      let (from, to) = (n * shape.outputCount, n * shape.inputCount)
      forEachProduct { gradient[to + $0] += kernel[$1] * outputGradient[from + $2] }
    }
    return gradient
  }

  func weightGradients(_ input: [Double], _ outputGradient: [Double], count: Int) -> (
    kernel: [Double], bias: [Double]
  ) {
    var kernel = [Double](repeating: 0, count: shape.kernelCount)
    var bias = [Double](repeating: 0, count: shape.outputChannels)
    for n in 0..<count {
      let (from, picture) = (n * shape.outputCount, n * shape.inputCount)
      forEachProduct { kernel[$1] += input[picture + $0] * outputGradient[from + $2] }
    }
    for (index, value) in outputGradient.enumerated() { bias[index % bias.count] += value }
    return (kernel, bias)
  }
}
