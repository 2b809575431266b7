import Foundation

/// A confusion matrix as SVG that can be put in a paper: true classes in rows, predicted ones in
/// columns; in each cell the number of pictures and their share of the row, which is the shade too.
///
/// Of more than twelve classes the numbers are left out, and a scale tells the shades.
public enum ConfusionChart {
  /// - Parameter title: a line above it.
  public static func svg(_ report: EvaluationReport, title: String? = nil) -> String {
    Drawing(report, title: title).svg
  }

  private struct Drawing {
    let report: EvaluationReport
    let title: String?
    let cell: Double
    let fontSize: Double
    let hasNumbers: Bool
    let names: [String]
    let left, top, bottom: Double
    let isSlanted: Bool
    let width, height: Double

    init(_ report: EvaluationReport, title: String?) {
      self.report = report
      self.title = title
      let count = report.classes.count
      hasNumbers = count <= 12
      cell =
        switch count {
        case ...4: 84
        case ...8: 64
        case ...12: 52
        case ...40: 18
        default: 9
        }
      fontSize = count <= 40 ? 12 : 8
      names = report.classes.map { Markup.cut($0.name, to: 24) }
      let widest = (names.map(Markup.width).max() ?? 0) * fontSize
      isSlanted = widest > cell - 6
      left = 40 + widest
      top = title == nil ? 14 : 38
      let side = cell * Double(count)
      let below = isSlanted ? widest * 0.71 + 14 : 20
      bottom = top + side
      let scale: Double = count <= 12 ? 0 : 70
      // The title, and the axis' name, must have room beside a small matrix.
      let wanted = max(side, 7.4 * Double(title?.count ?? 0) - widest)
      width = left + wanted + 16 + scale
      height = bottom + below + 26
    }

    var svg: String {
      let (w, h) = (LineChart.number(width), LineChart.number(height))
      var text = """
        <svg xmlns="http://www.w3.org/2000/svg" width="\(w)" height="\(h)" viewBox="0 0 \(w) \(h)" \
        font-family="Helvetica, Arial, sans-serif" font-size="\(LineChart.number(fontSize))" \
        fill="#222222">
        <rect width="\(w)" height="\(h)" fill="#ffffff"/>

        """
      if let title {
        text += Markup.text(title, 16, 22, "font-size=\"13\" font-weight=\"bold\"")
      }
      text += cells + frame + labels
      if !hasNumbers { text += scale }
      return text + "</svg>\n"
    }

    private var side: Double { cell * Double(report.classes.count) }

    private var cells: String {
      var text = ""
      for (row, counts) in report.confusion.enumerated() {
        let total = counts.reduce(0, +)
        for (column, count) in counts.enumerated() {
          let share = total == 0 ? 0 : Double(count) / Double(total)
          let (x, y) = (left + cell * Double(column), top + cell * Double(row))
          // The ground is white as it is.
          if count > 0 {
            let hint = hasNumbers ? "" : tip(row, column, count)
            text +=
              "<rect x=\"\(LineChart.number(x))\" y=\"\(LineChart.number(y))\""
              + " width=\"\(LineChart.number(cell))\" height=\"\(LineChart.number(cell))\""
              + " fill=\"\(ConfusionChart.shade(share))\"\(hint.isEmpty ? "/>" : ">\(hint)</rect>")\n"
          }
          guard hasNumbers else { continue }
          let ink = "text-anchor=\"middle\" fill=\"\(share > 0.55 ? "#ffffff" : "#222222")\""
          let middle = x + cell / 2
          text += Markup.text(
            String(count), middle, y + cell / 2 - 1, ink + " font-size=\"14\" font-weight=\"bold\"")
          // Zero is zero per cent, unless the class has no pictures at all.
          guard count > 0 || total == 0 else { continue }
          text += Markup.text(
            total == 0 ? "–" : String(format: "%.1f %%", 100 * share), middle,
            y + cell / 2 + 14, ink + " font-size=\"11\"")
        }
      }
      return text
    }

    private func tip(_ row: Int, _ column: Int, _ count: Int) -> String {
      let names = report.classes.map(\.name)
      return "<title>\(Markup.escaped("\(names[row]) → \(names[column]): \(count)"))</title>"
    }

    private var frame: String {
      // Lines between the cells only where they are not most of the picture.
      var lines: [(Double, Double, Double, Double)] = []
      if hasNumbers {
        for index in 1..<max(report.classes.count, 2) {
          let offset = cell * Double(index)
          lines.append((left + offset, top, left + offset, bottom))
          lines.append((left, top + offset, left + side, top + offset))
        }
      }
      let inner = lines.map { line in
        "<line x1=\"\(LineChart.number(line.0))\" y1=\"\(LineChart.number(line.1))\""
          + " x2=\"\(LineChart.number(line.2))\" y2=\"\(LineChart.number(line.3))\""
          + " stroke=\"#E3E3E3\"/>\n"
      }.joined()
      return inner + "<rect x=\"\(LineChart.number(left))\" y=\"\(LineChart.number(top))\""
        + " width=\"\(LineChart.number(side))\" height=\"\(LineChart.number(side))\""
        + " fill=\"none\" stroke=\"#222222\"/>\n"
    }

    private var labels: String {
      var text = ""
      for (index, name) in names.enumerated() {
        let middle = cell * (Double(index) + 0.5)
        text += Markup.text(
          name, left - 8, top + middle + fontSize / 3, "text-anchor=\"end\"")
        let (x, y) = (left + middle, bottom + fontSize + 5)
        if isSlanted {
          let place = "\(LineChart.number(x + 3)) \(LineChart.number(y - 3))"
          text += Markup.text(
            name, x + 3, y - 3, "text-anchor=\"end\" transform=\"rotate(-45 \(place))\"")
        } else {
          text += Markup.text(name, x, y, "text-anchor=\"middle\"")
        }
      }
      let middle = (top + bottom) / 2
      text += Markup.text(
        "predicted class", left + side / 2, height - 9, "text-anchor=\"middle\" font-size=\"12\"")
      return text
        + Markup.text(
          "true class", 16, middle,
          "text-anchor=\"middle\" font-size=\"12\" transform=\"rotate(-90 16 \(LineChart.number(middle)))\""
        )
    }

    /// From the lightest shade to the darkest, beside the matrix.
    private var scale: String {
      let x = left + side + 16
      let length = min(120, side)
      let steps = 24
      var text = ""
      for step in 0..<steps {
        let share = (Double(step) + 0.5) / Double(steps)
        let y = top + length * (1 - Double(step + 1) / Double(steps))
        text +=
          "<rect x=\"\(LineChart.number(x))\" y=\"\(LineChart.number(y))\" width=\"12\""
          + " height=\"\(LineChart.number(length / Double(steps) + 0.3))\""
          + " fill=\"\(ConfusionChart.shade(share))\"/>\n"
      }
      text +=
        "<rect x=\"\(LineChart.number(x))\" y=\"\(LineChart.number(top))\" width=\"12\""
        + " height=\"\(LineChart.number(length))\" fill=\"none\" stroke=\"#222222\"/>\n"
      for share in [0.0, 0.5, 1] {
        text += Markup.text(
          String(format: "%.0f %%", 100 * share), x + 17, top + length * (1 - share) + 4,
          "font-size=\"11\"")
      }
      return text + Markup.text("of row", x, top + length + 18, "font-size=\"11\"")
    }
  }

  /// From white to the blue of the curves.
  private static func shade(_ share: Double) -> String {
    let dark = (r: 0.0, g: 114.0, b: 178.0)
    let mixed = [dark.r, dark.g, dark.b].map { Int((255 + ($0 - 255) * share).rounded()) }
    return "#" + mixed.map { String(format: "%02X", $0) }.joined()
  }
}
