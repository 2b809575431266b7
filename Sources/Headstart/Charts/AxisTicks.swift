import Foundation

/// An axis' range and the places on it that carry numbers.
struct AxisTicks {
  let scale: LineChart.Scale
  let range: ClosedRange<Double>
  /// With a number.
  let major: [Double]
  /// Without, between the decades of a logarithmic axis.
  let minor: [Double]

  /// - Parameter values: what the axis has to hold; those that it cannot show do not count.
  init(_ axis: LineChart.Axis, values: [Double], wanted: Int) {
    scale = axis.scale
    let shown = values.filter { $0.isFinite && (axis.scale == .linear || $0 > 0) }
    let (low, high): (Double, Double) =
      axis.limits.map { ($0.lowerBound, $0.upperBound) }
      ?? (
        shown.min() ?? (axis.scale == .linear ? 0 : 1),
        shown.max() ?? (axis.scale == .linear ? 1 : 10)
      )
    switch axis.scale {
    case .linear:
      let rough = Self.step(from: low, to: high, wanted: wanted)
      let step = axis.isWhole ? max(1, rough) : rough
      minor = []
      if axis.limits == nil, low == high {
        // A single value stands in the middle, not on the other axis.
        let centred = Self.centred(low, step: step, axis)
        (major, range) = (centred.major, centred.range)
        return
      }
      let first = axis.limits == nil ? (low / step).rounded(.down) : (low / step).rounded(.up)
      var last = axis.limits == nil ? (high / step).rounded(.up) : (high / step).rounded(.down)
      if axis.limits == nil, last == first { last += 1 }
      // From whole numbers of steps, so that 0.3 does not come out as 0.30000000000000004.
      major = Array(stride(from: first, through: last, by: 1)).map { Self.times($0, step) }
      range =
        axis.limits ?? (major.first ?? low)...max(major.last ?? high, (major.first ?? low) + step)
    case .logarithmic:
      var (from, to) = (log10(low).rounded(.down), log10(high).rounded(.up))
      if to <= from { to = from + 1 }
      let every = max(1, ((to - from) / Double(wanted)).rounded(.up))
      let decades = Array(stride(from: from, through: to, by: 1))
      // Ends within a decade where a whole one more would be mostly empty.
      if axis.limits == nil {
        (from, to) = (Self.tightened(low, down: true), Self.tightened(high, down: false))
        if to <= from { (from, to) = (from - 0.5, to + 0.5) }
        range = pow(10, from)...pow(10, to)
      } else {
        range = low...high
      }
      let inside = range.lowerBound * (1 - 1e-9)...range.upperBound * (1 + 1e-9)
      let fine = decades.flatMap { decade in (1...9).map { Double($0) * pow(10, decade) } }
        .filter(inside.contains)
      let coarse = decades.enumerated().filter { $0.offset % Int(every) == 0 }
        .map { pow(10, $0.element) }.filter(inside.contains)
      // Less than two decades want numbers in between.
      major = coarse.count >= 2 ? coarse : fine.filter { Self.isRound($0) }
      minor = fine.filter { [major] in !major.contains($0) }
    }
  }

  /// Where a value lies, 0 at the beginning and 1 at the end.
  func position(_ value: Double) -> Double {
    switch scale {
    case .linear:
      return (value - range.lowerBound) / (range.upperBound - range.lowerBound)
    case .logarithmic:
      let (low, high) = (log10(range.lowerBound), log10(range.upperBound))
      return (log10(value) - low) / (high - low)
    }
  }

  /// The number at a tick: no more decimals than the ticks need to be told apart.
  func label(_ value: Double) -> String {
    if scale == .logarithmic {
      let exponent = log10(value).rounded()
      guard abs(exponent) > 3, abs(log10(value) - exponent) < 1e-9 else {
        return Self.plain(value)
      }
      return "10" + Self.superscript(Int(exponent))
    }
    let step = major.count > 1 ? major[1] - major[0] : abs(value)
    let decimals = step > 0 ? max(0, -Int(log10(step * 1.0001).rounded(.down))) : 0
    if decimals > 5 || abs(value) >= 1e6 { return Self.plain(value) }
    // A true minus sign, as wide as a plus.
    let text = String(format: "%.\(decimals)f", value == 0 ? 0 : value)
    return text.replacing("-", with: "−")
  }

  private static func plain(_ value: Double) -> String {
    String(format: "%g", value).replacing("-", with: "−")
  }

  private static func superscript(_ value: Int) -> String {
    let digits = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
    return (value < 0 ? "⁻" : "")
      + String(
        String(abs(value)).compactMap { $0.wholeNumberValue }
          .map { digits[$0] })
  }

  /// A whole value alone; another between the two steps beside it that can be.
  private static func centred(
    _ value: Double, step: Double, _ axis: LineChart.Axis
  ) -> (major: [Double], range: ClosedRange<Double>) {
    if axis.isWhole { return ([value], value - 0.5...value + 0.5) }
    let (below, above) = ((value / step).rounded(.up) - 1, (value / step).rounded(.down) + 1)
    let possible = axis.possible ?? -.infinity...(.infinity)
    let major = stride(from: below, through: above, by: 1).map { times($0, step) }
      .filter { possible.contains($0) }
    guard let first = major.first, let last = major.last, first < last else {
      return ([value], value - step...value + step)
    }
    return (major, first...last)
  }

  /// 1, 2 or 5 times a power of ten, for about so many steps.
  private static func step(from low: Double, to high: Double, wanted: Int) -> Double {
    let span = high > low ? high - low : max(abs(high), 1) * 0.1
    let raw = span / Double(max(wanted, 1))
    let power = pow(10, log10(raw).rounded(.down))
    let factor = [1.0, 2, 5, 10].first { $0 * power >= raw * 0.999 } ?? 10
    return factor * power
  }

  /// A whole number of steps; by division where the step is a fraction, which is exact in decimals.
  private static func times(_ count: Double, _ step: Double) -> Double {
    step < 1 ? count / (1 / step).rounded() : count * step
  }

  private static func isRound(_ value: Double) -> Bool {
    let mantissa = value / pow(10, log10(value * 1.0001).rounded(.down))
    return [1.0, 2, 5].contains { abs($0 - mantissa) < 1e-6 }
  }

  /// The exponent of the nearest 1, 2 or 5 beyond a value.
  private static func tightened(_ value: Double, down: Bool) -> Double {
    let decade = log10(value).rounded(.down)
    let candidates = [1.0, 2, 5, 10].map { decade + log10($0) }
    let exponent = log10(value)
    return down
      ? candidates.last { $0 <= exponent + 1e-12 } ?? decade
      : candidates.first { $0 >= exponent - 1e-12 } ?? decade + 1
  }
}
