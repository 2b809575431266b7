import Foundation
import Headstart
import NeuralNetwork
import Testing

/// SVG curves.
@Suite struct LineChartTests {
  /// The texts in an SVG, in order; fails if it is not well-formed XML.
  private func texts(_ svg: String) throws -> [String] {
    // Every element that opens closes; that is all the XML there is.
    let opened = svg.matches(of: /<(svg|g|text)[ >]/).count
    #expect(opened == svg.matches(of: /<\/(svg|g|text)>/).count)
    #expect(!svg.contains("nan") && !svg.contains("inf"))
    return svg.matches(of: /<text[^>]*>([^<]*)<\/text>/).map { String($0.1) }
  }

  private func chart(
    _ points: [(Double, Double)], x: LineChart.Axis = .init("x"), y: LineChart.Axis = .init("y")
  ) -> LineChart {
    LineChart(x: x, y: y, lines: [.init("a", points.map { LineChart.Point($0.0, $0.1) })])
  }

  @Test func ticksAreRound() throws {
    let texts = try texts(chart([(1, 0.031), (20, 0.298)]).svg())
    #expect(
      texts.filter { Double($0) != nil } == ["0", "5", "10", "15", "20"]
        + ["0.0", "0.1", "0.2", "0.3"])
    #expect(texts.suffix(2) == ["x", "y"])
    let small = try self.texts(chart([(0, -0.002), (1, 0.0013)]).svg())
    #expect(small.contains("−0.002") && small.contains("0.000") && small.contains("0.001"))
  }

  @Test func logarithmicAxes() throws {
    let points = (0...8).map { (pow(10, -6 + Double($0) * 0.5), Double($0)) }
    let wide = try texts(chart(points, x: .init("rate", scale: .logarithmic)).svg())
    #expect(wide.starts(with: ["10⁻⁶", "10⁻⁵", "10⁻⁴", "0.001", "0.01"]))
    let narrow = try texts(
      chart([(0.02, 1), (0.09, 2)], x: .init("rate", scale: .logarithmic)).svg())
    #expect(narrow.starts(with: ["0.02", "0.05", "0.1"]))
  }

  @Test func oddPointsDoNotSpoilIt() throws {
    for points in [
      [], [(1, 1)], [(1, 5), (2, 5)], [(1, .nan), (2, .infinity), (3, 1), (4, 2)],
      [(0, 1e300), (1, -1e300)], [(-1, 1), (0, 2)],
    ] as [[(Double, Double)]] {
      for scale in [LineChart.Scale.linear, .logarithmic] {
        _ = try texts(chart(points, x: .init("x", scale: scale)).svg())
      }
    }
    let broken = chart([(1, 1), (2, 2), (3, .nan), (4, 3), (5, 4)]).svg()
    #expect(broken.matches(of: /<polyline/).count == 2)
  }

  @Test func epochsAreWholeNumbers() throws {
    let epochs = LineChart.Axis("epoch", isWhole: true)
    func numbers(_ last: Int) throws -> [String] {
      var axis = epochs
      if last > 1 { axis.limits = 1...Double(last) }
      let texts = try texts(chart((1...last).map { (Double($0), 1 / Double($0)) }, x: axis).svg())
      return Array(texts.prefix { Int($0) != nil })
    }
    #expect(try numbers(1) == ["1"])
    #expect(try numbers(2) == ["1", "2"])
    #expect(try numbers(3) == ["1", "2", "3"])
    #expect(try numbers(8) == ["2", "4", "6", "8"])
    #expect(try numbers(50) == ["10", "20", "30", "40", "50"])
    #expect(
      try texts(chart([(1, 1), (4, 2)], x: epochs).svg()).starts(with: ["1", "2", "3", "4"]))
  }

  @Test func aSinglePointStandsWithinTheAxes() throws {
    for (value, possible, labels) in [
      (50, 0...100, ["49", "50", "51"]), (100, 0...100, ["98", "100"]),
      (0, 0...9, ["0.00", "0.02"]),
      (0.655, 0...9, ["0.64", "0.66"]),
    ] as [(Double, ClosedRange<Double>, [String])] {
      let svg = chart(
        [(1, value)], x: .init("epoch", isWhole: true), y: .init("y", possible: possible)
      ).svg(width: 400, height: 300)
      #expect(try texts(svg).dropFirst().prefix(labels.count) == labels[...])
      let dot = try #require(svg.firstMatch(of: /<circle cx="([0-9.]+)" cy="([0-9.]+)"/))
      let (x, y) = (try #require(Double(dot.1)), try #require(Double(dot.2)))
      let axis = try #require(svg.firstMatch(of: /<line x1="([0-9.]+)" y1="254"/)?.1)
      // In the middle, and on neither axis but where nothing can lie below.
      #expect(abs(x - (try #require(Double(axis)) + 384) / 2) < 1)
      #expect(value == 0 ? y == 254 : (14...250).contains(y))
    }
  }

  @Test func strandsAreOneLineInTheLegend() throws {
    var chart = chart([(1, 1), (2, 2)])
    chart.lines.append(
      .init("folds", strands: (0..<12).map { [.init(1, Double($0)), .init(2, Double($0) / 2)] }))
    let svg = chart.svg()
    #expect(try texts(svg).count { $0 == "folds" } == 1)
    let thin = svg.matches(of: /<polyline [^>]*stroke="(#[0-9A-F]+)" stroke-width="1"/)
    #expect(thin.count == 12 && Set(thin.map { String($0.1) }).count == 1)
    #expect(svg.matches(of: /<polyline/).count == 13)
  }

  @Test func manyLinesDoNotLookAlike() throws {
    var chart = chart([])
    chart.lines = (0..<40).map { .init("\($0)", [.init(1, 1), .init(2, Double($0))]) }
    let looks = chart.svg().matches(of: /<polyline points="[^"]*" fill="none" ([^>]*)\/>/)
      .map { String($0.1) }
    #expect(looks.count == 40 && Set(looks).count == 40)
    let colours = looks.compactMap { $0.firstMatch(of: /#[0-9A-F]{6}/).map { String($0.0) } }
    #expect(Set(colours.prefix(8)).count == 8)
  }

  @Test func legendsMarksAndEscapes() throws {
    var chart = chart([(1, 1), (2, 2)])
    #expect(try !texts(chart.svg()).contains("a"))  // one line needs no legend
    chart.lines.append(.init("b < c & d", [.init(1, 2), .init(2, 1)]))
    chart.marks = [.init(x: 1.2, text: "best"), .init(x: 9, text: "outside")]
    let svg = chart.svg()
    #expect(try texts(svg).contains("b &lt; c &amp; d") && svg.contains(">best<"))
    #expect(!svg.contains("outside"))
    // Told apart without colour.
    #expect(svg.contains("#0072B2") && svg.contains("#D55E00") && svg.contains("stroke-dasharray"))
  }

  @Test func trainingCurves() throws {
    let history = try (1...5).map { epoch in
      try JSONDecoder().decode(
        EpochRecord.self,
        from: Data(
          """
          {"epoch": \(epoch), "loss": \(1 / Double(epoch)), "accuracy": \(0.8 + 0.03 * Double(epoch)),
          "validationLoss": 0.5, "validationAccuracy": 0.9, "seconds": 1, "rowsPerSecond": 1}
          """.utf8))
    }
    let svg = TrainingCurves.svg(history, best: 3)
    let texts = try texts(svg)
    for text in [
      "epoch", "log loss (nats)", "accuracy (%)", "train", "validation", "kept: epoch 3",
    ] { #expect(texts.count { $0 == text } >= 1) }
    #expect(svg.matches(of: /<polyline/).count == 4)
    #expect(try !self.texts(TrainingCurves.svg(history, best: 5)).contains { $0.hasPrefix("kept") })
  }
}
