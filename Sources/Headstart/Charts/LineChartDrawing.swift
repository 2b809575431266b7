import Foundation

/// One chart's elements, in SVG.
struct LineChartDrawing {
  private static let colours = [
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#222222", "#7A3B00",
  ]
  private static let dashes = ["", "7 3", "2 2.5", "9 3 2 3", "4 2"]
  private static let ink = "#222222"
  private static let faint = "#E3E3E3"

  private let chart: LineChart
  private let left, right, top, bottom: Double
  private let height: Double
  private let horizontal, vertical: AxisTicks
  /// Where each line stands in the legend.
  private let entries: [(name: String, x: Double, row: Int)]

  init(_ chart: LineChart, width: Double, height: Double) {
    self.chart = chart
    self.height = height
    let points = chart.lines.flatMap { $0.strands.joined() }.filter {
      (chart.x.scale == .linear || $0.x > 0) && (chart.y.scale == .linear || $0.y > 0)
        && $0.x.isFinite && $0.y.isFinite
    }
    horizontal = AxisTicks(
      chart.x, values: points.map(\.x) + (points.isEmpty ? chart.marks.map(\.x) : []), wanted: 6)
    let ticks = AxisTicks(chart.y, values: points.map(\.y), wanted: 5)
    vertical = ticks
    // A digit of 12 pixels is 6.7 wide.
    let widest = ticks.major.map { Double(ticks.label($0).count) }.max() ?? 1
    left = 34 + 6.7 * widest
    right = width - 16
    // The legend may take several rows.
    entries = Self.entries(chart.lines.map(\.name), from: left, to: right)
    top = (chart.title == nil ? 14 : 32) + 18 * Double((entries.last?.row ?? 0) + 1)
    bottom = height - 46
  }

  private func x(_ value: Double) -> Double {
    left + horizontal.position(value) * (right - left)
  }
  private func y(_ value: Double) -> Double { bottom - vertical.position(value) * (bottom - top) }

  var body: String {
    var text = ""
    if let title = chart.title {
      text += Markup.text(title, left, 20, "font-size=\"13\" font-weight=\"bold\"")
    }
    text += grid + marks + curves + axes + legend
    return text
  }

  private var grid: String {
    let rows = vertical.major.map { value in
      Self.line(left, y(value), right, y(value), "stroke=\"\(Self.faint)\"")
    }
    let columns = horizontal.major.map { value in
      Self.line(x(value), top, x(value), bottom, "stroke=\"\(Self.faint)\"")
    }
    return (rows + columns).joined()
  }

  private var axes: String {
    var text = Self.line(left, bottom, right, bottom, "stroke=\"\(Self.ink)\"")
    text += Self.line(left, top, left, bottom, "stroke=\"\(Self.ink)\"")
    for value in horizontal.major {
      text += Self.line(x(value), bottom, x(value), bottom + 5, "stroke=\"\(Self.ink)\"")
      text += Markup.text(
        horizontal.label(value), x(value), bottom + 18, "text-anchor=\"middle\"")
    }
    for value in horizontal.minor {
      text += Self.line(x(value), bottom, x(value), bottom + 3, "stroke=\"\(Self.ink)\"")
    }
    for value in vertical.major {
      text += Self.line(left - 5, y(value), left, y(value), "stroke=\"\(Self.ink)\"")
      text += Markup.text(vertical.label(value), left - 8, y(value) + 4, "text-anchor=\"end\"")
    }
    for value in vertical.minor {
      text += Self.line(left - 3, y(value), left, y(value), "stroke=\"\(Self.ink)\"")
    }
    text += Markup.text(chart.x.label, (left + right) / 2, height - 10, "text-anchor=\"middle\"")
    let (across, down) = (LineChart.number(14), LineChart.number((top + bottom) / 2))
    text += Markup.text(
      chart.y.label, 14, (top + bottom) / 2,
      "text-anchor=\"middle\" transform=\"rotate(-90 \(across) \(down))\"")
    return text
  }

  private var curves: String {
    chart.lines.enumerated().map { index, line in
      let look = Self.look(index, isThin: line.strands.count > 1)
      var text = ""
      for run in runs(of: line) {
        let points = run.map { "\(LineChart.number(x($0.x))),\(LineChart.number(y($0.y)))" }
        if run.count == 1 {
          text +=
            "<circle cx=\"\(LineChart.number(x(run[0].x)))\" cy=\"\(LineChart.number(y(run[0].y)))\""
            + " r=\"3\" fill=\"\(Self.colours[index % Self.colours.count])\"/>\n"
        } else {
          text += "<polyline points=\"\(points.joined(separator: " "))\" fill=\"none\" \(look)/>\n"
        }
      }
      return text
    }.joined()
  }

  /// The stretches of a line that can be drawn.
  private func runs(of line: LineChart.Line) -> [[LineChart.Point]] {
    line.strands.flatMap { points in
      points.split { point in
        let (across, up) = (horizontal.position(point.x), vertical.position(point.y))
        return !across.isFinite || !up.isFinite || !(-1e-9...1 + 1e-9).contains(across)
          || !(-1e-9...1 + 1e-9).contains(up)
      }.map(Array.init)
    }
  }

  private var marks: String {
    chart.marks.filter { horizontal.range.contains($0.x) }.map { mark in
      let place = x(mark.x)
      // The text on the side where there is room, and at the end that the curves stay away from.
      let isLate = place > (left + right) / 2
      let near = chart.lines.flatMap { runs(of: $0).joined() }
        .filter { abs(x($0.x) - place) < 120 }.map { y($0.y) }
      let isHigh = (near.min() ?? bottom) - top >= bottom - (near.max() ?? bottom)
      return Self.line(
        place, top, place, bottom, "stroke=\"#6E6E6E\" stroke-dasharray=\"1.5 2.5\"")
        + Markup.text(
          mark.text, place + (isLate ? -5 : 5), isHigh ? top + 12 : bottom - 7,
          "font-size=\"11\" fill=\"#555555\" text-anchor=\"\(isLate ? "end" : "start")\"")
    }.joined()
  }

  /// Above the plot, where no curve runs.
  private var legend: String {
    guard chart.lines.count > 1 else { return "" }
    let rows = entries.last?.row ?? 0
    return entries.enumerated().map { index, entry in
      let base = top - 8 - 18 * Double(rows - entry.row)
      return Self.line(entry.x, base - 4, entry.x + 26, base - 4, Self.look(index, isThin: false))
        + Markup.text(entry.name, entry.x + 31, base)
    }.joined()
  }

  /// From left to right, in as many rows as are needed.
  private static func entries(
    _ names: [String], from left: Double, to right: Double
  ) -> [(name: String, x: Double, row: Int)] {
    var (place, row) = (left, 0)
    let longest = max(4, Int((right - left - 31) / 6.8))
    return names.map { name in
      let name = Markup.cut(name, to: longest)
      let width = 31 + 12 * Markup.width(name)
      if place > left, place + width > right { (place, row) = (left, row + 1) }
      defer { place += width + 16 }
      return (name, place, row)
    }
  }

  private static func look(_ index: Int, isThin: Bool) -> String {
    // Of more lines than colours, the dashes move on.
    let dash = dashes[(index + index / colours.count) % dashes.count]
    return "stroke=\"\(colours[index % colours.count])\" stroke-width=\"\(isThin ? "1" : "2")\""
      + " stroke-linejoin=\"round\""
      + (dash.isEmpty ? "" : " stroke-dasharray=\"\(dash)\"")
  }

  private static func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ attributes: String
  ) -> String {
    let ends = zip(["x1", "y1", "x2", "y2"], [x1, y1, x2, y2])
      .map { "\($0)=\"\(LineChart.number($1))\"" }.joined(separator: " ")
    return "<line \(ends) \(attributes)/>\n"
  }
}
