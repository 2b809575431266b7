import Pictures

/// Makes up pictures: a few flowers or a few stars among clutter, everything about them random.
struct DemoScene {
  /// The two classes, in alphabetical order.
  enum Kind: String, CaseIterable {
    case flowers
    case stars
  }

  private var random: SeededGenerator

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  /// 160 to 280 pixels a side.
  mutating func picture(of kind: Kind) -> Picture {
    let (width, height) = (160 + random.number(below: 121), 160 + random.number(below: 121))
    let side = Float(min(width, height))
    let (first, second) = (colour(), colour())
    let (slopeX, slopeY) = (number(-1, 1), number(-1, 1))
    var canvas = DemoCanvas(width: width, height: height) { x, y in
      first.mixed(with: second, min(max(0.5 + slopeX * (x - 0.5) + slopeY * (y - 0.5), 0), 1))
    }

    func place(_ shape: DemoShape.Outline, _ radius: Float, _ scene: inout DemoScene) {
      let colour = scene.colour()
      canvas.draw(
        DemoShape(
          outline: shape, x: scene.number(0.1, 0.9) * Float(width),
          y: scene.number(0.1, 0.9) * Float(height), radius: radius,
          rotation: scene.number(0, 2 * .pi), colour: colour,
          rimColour: colour.mixed(with: scene.colour(), scene.number(0, 0.5))))
    }

    for _ in 0..<3 + random.number(below: 8) { place(clutter(), number(0.05, 0.35) * side, &self) }
    for _ in 0..<1 + random.number(below: 4) {
      let radius = number(0.1, 0.3) * side
      switch kind {
      case .flowers:
        place(.flower(petals: 4 + random.number(below: 5), depth: number(0.25, 0.6)), radius, &self)
      case .stars:
        place(.star(points: 4 + random.number(below: 5), inner: number(0.35, 0.65)), radius, &self)
      }
    }
    // Some of it lies in front.
    for _ in 0..<random.number(below: 4) { place(clutter(), number(0.03, 0.15) * side, &self) }

    let strength = number(0, 12)
    return canvas.picture { strength * number(-1, 1) }
  }

  /// What is in the pictures of both classes alike.
  private mutating func clutter() -> DemoShape.Outline {
    switch random.number(below: 3) {
    case 0: .ellipse(aspect: number(1, 3))
    case 1: .bar(width: number(0.05, 0.4))
    default: .ring(width: number(0.1, 0.4))
    }
  }

  private mutating func colour() -> DemoColour {
    DemoColour(red: number(0, 255), green: number(0, 255), blue: number(0, 255))
  }

  /// Evenly between two bounds, in 2²⁴ steps.
  private mutating func number(_ low: Float, _ high: Float) -> Float {
    low + (high - low) * Float(random.next() >> 40) / Float(1 << 24)
  }
}
