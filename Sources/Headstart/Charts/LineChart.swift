import Foundation

/// Curves over a common axis, drawn as SVG that can be put in a paper: round ticks, a legend, colours
/// that the colour-blind tell apart, dashes that tell the lines apart in print, and no font but the
/// viewer's own.
///
///     var chart = LineChart(x: .init("epoch"), y: .init("log loss (nats)"))
///     chart.lines = [.init("train", points), .init("validation", others)]
///     try folder.write(chart.svg(), to: "curves.svg")
///
/// Colours: Okabe and Ito, Color Universal Design (2008), but for their yellow, which is too faint on
/// white: a brown.
public struct LineChart: Sendable {
  /// How values become places.
  public enum Scale: Sendable {
    case linear
    /// To base 10; points that are not positive are left out.
    case logarithmic
  }

  /// One of the chart's two axes.
  public struct Axis: Sendable {
    /// With the unit, if there is one: `learning rate`, `accuracy (%)`.
    public var label: String
    /// Linear unless it is said otherwise.
    public var scale: Scale
    /// What the axis ends at, in place of what the points ask for.
    public var limits: ClosedRange<Double>?
    /// Whether only whole numbers have a meaning, such as epochs: none between them is written.
    public var isWhole: Bool
    /// What values there can be: a single value has no others beside it.
    public var possible: ClosedRange<Double>?

    public init(
      _ label: String, scale: Scale = .linear, limits: ClosedRange<Double>? = nil,
      isWhole: Bool = false, possible: ClosedRange<Double>? = nil
    ) {
      self.label = label
      self.scale = scale
      self.limits = limits
      self.isWhole = isWhole
      self.possible = possible
    }
  }

  /// A place in the units of the axes.
  public struct Point: Sendable, Equatable {
    public var x, y: Double

    public init(_ x: Double, _ y: Double) {
      self.x = x
      self.y = y
    }
  }

  /// Points joined by straight lines; at one that is not finite the line is broken.
  public struct Line: Sendable {
    public var name: String
    /// Usually one; several that belong together, such as the folds of a model, are drawn thin, in
    /// one colour, and are one in the legend.
    public var strands: [[Point]]

    public init(_ name: String, _ points: [Point]) {
      self.init(name, strands: [points])
    }

    public init(_ name: String, strands: [[Point]]) {
      self.name = name
      self.strands = strands
    }
  }

  /// A vertical line with a text, such as the epoch that was kept.
  public struct Mark: Sendable {
    public var x: Double
    /// What is written beside it.
    public var text: String

    public init(x: Double, text: String) {
      self.x = x
      self.text = text
    }
  }

  /// Above the chart; nil for none.
  public var title: String?
  /// The horizontal and the vertical axis.
  public var x, y: Axis
  /// In the legend's order; of more than 40, the first ones' looks return.
  public var lines: [Line]
  public var marks: [Mark]

  public init(
    title: String? = nil, x: Axis, y: Axis, lines: [Line] = [], marks: [Mark] = []
  ) {
    self.title = title
    self.x = x
    self.y = y
    self.lines = lines
    self.marks = marks
  }

  /// The chart as an SVG file's text.
  ///
  /// - Parameters:
  ///   - width: of the chart in pixels of 1/96 inch; it scales.
  ///   - height: the same.
  public func svg(width: Double = 420, height: Double = 300) -> String {
    Self.svg([self], width: width, height: height)
  }

  /// Charts side by side in one SVG file.
  ///
  /// - Parameters:
  ///   - width: of each chart in pixels of 1/96 inch.
  ///   - height: the same.
  public static func svg(
    _ charts: [LineChart], width: Double = 420, height: Double = 300
  ) -> String {
    let all = width * Double(max(charts.count, 1))
    var text = """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(number(all))" height="\(number(height))" \
      viewBox="0 0 \(number(all)) \(number(height))" \
      font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#222222">
      <rect width="\(number(all))" height="\(number(height))" fill="#ffffff"/>

      """
    for (index, chart) in charts.enumerated() {
      text += "<g transform=\"translate(\(number(width * Double(index))) 0)\">\n"
      text += LineChartDrawing(chart, width: width, height: height).body
      text += "</g>\n"
    }
    return text + "</svg>\n"
  }

  /// A coordinate to a hundredth of a pixel, without needless digits.
  static func number(_ value: Double) -> String {
    let rounded = (value * 100).rounded() / 100
    return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
  }
}
