/// The taps of a separable filter that takes a row of `inputSize` pixels to `outputSize` pixels.
///
/// Coefficients are fixed point with 22 fraction bits, computed in doubles and rounded as PIL's
/// `precompute_coeffs` and `normalize_coeffs_8bpc` (Pillow, src/libImaging/Resample.c) do.
struct ResamplingFilter {
  /// First input pixel of every output pixel.
  let starts: [Int32]
  /// Number of input pixels of every output pixel.
  let lengths: [Int32]
  /// `taps` coefficients for every output pixel, zeros after the first `lengths[i]`.
  let coefficients: [Int32]
  let taps: Int

  static let fractionBits = 22

  init(_ kernel: ResamplingKernel, inputSize: Int, outputSize: Int) {
    let scale = Double(inputSize) / Double(outputSize)
    let filterScale = max(scale, 1)
    let support = kernel.support * filterScale
    let taps = Int(support.rounded(.up)) * 2 + 1
    var starts = [Int32](repeating: 0, count: outputSize)
    var lengths = starts
    var coefficients = [Int32](repeating: 0, count: outputSize * taps)
    var weights = [Double](repeating: 0, count: taps)
    for out in 0..<outputSize {
      let center = (Double(out) + 0.5) * scale
      let first = max(Int(center - support + 0.5), 0)
      let count = min(Int(center + support + 0.5), inputSize) - first
      var sum = 0.0
      for tap in 0..<count {
        let distance = (Double(tap + first) - center + 0.5) * (1 / filterScale)
        weights[tap] = kernel.weight(distance)
        sum += weights[tap]
      }
      for tap in 0..<count {
        let weight = sum == 0 ? weights[tap] : weights[tap] / sum
        let scaled = weight * Double(1 << Self.fractionBits)
        coefficients[out * taps + tap] = Int32(weight < 0 ? scaled - 0.5 : scaled + 0.5)
      }
      starts[out] = Int32(first)
      lengths[out] = Int32(count)
    }
    self.starts = starts
    self.lengths = lengths
    self.coefficients = coefficients
    self.taps = taps
  }
}
