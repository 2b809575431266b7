import Foundation
import Pictures

/// A colour of three samples, 0…255.
struct DemoColour {
  var red: Float
  var green: Float
  var blue: Float

  func mixed(with other: DemoColour, _ share: Float) -> DemoColour {
    DemoColour(
      red: red + (other.red - red) * share, green: green + (other.green - green) * share,
      blue: blue + (other.blue - blue) * share)
  }
}

/// A filled outline around a centre, given in polar coordinates.
struct DemoShape {
  enum Outline {
    /// r = R·(1 − depth·(1 − |cos(petals·θ/2)|)): round petals with sharp notches between them.
    case flower(petals: Int, depth: Float)
    /// Straight lines between `points` tips at R and as many notches at R·inner.
    case star(points: Int, inner: Float)
    /// Longer than wide by `aspect`; 1 is a disc.
    case ellipse(aspect: Float)
    /// A bar whose width is R·`width`.
    case bar(width: Float)
    /// A disc's rim, as thick as R·`width`.
    case ring(width: Float)
  }

  var outline: Outline
  var x: Float
  var y: Float
  /// R: nothing of the shape is farther from its centre.
  var radius: Float
  /// Radians.
  var rotation: Float
  var colour: DemoColour
  /// The colour at the rim; between centre and rim both are mixed.
  var rimColour: DemoColour

  /// Whether a point is inside, and how far from the centre (0) towards R (1).
  func contains(_ px: Float, _ py: Float) -> (inside: Bool, distance: Float) {
    let (dx, dy) = (px - x, py - y)
    let distance = (dx * dx + dy * dy).squareRoot() / radius
    guard distance <= 1 else { return (false, distance) }
    switch outline {
    case .flower(let petals, let depth):
      let angle = atan2(dy, dx) - rotation
      return (distance <= 1 - depth * (1 - abs(cos(Float(petals) * angle / 2))), distance)
    case .star(let points, let inner):
      // Within half a spike, the edge runs from (1, 0) to inner·(cos w, sin w).
      let half = Float.pi / Float(points)
      var angle = (atan2(dy, dx) - rotation).truncatingRemainder(dividingBy: 2 * half)
      if angle < 0 { angle += 2 * half }
      angle = min(angle, 2 * half - angle)
      let edge =
        inner * sin(half) / (sin(angle) * (1 - inner * cos(half)) + inner * sin(half) * cos(angle))
      return (distance <= edge, distance)
    case .ellipse(let aspect):
      let along = (dx * cos(rotation) + dy * sin(rotation)) / radius
      let across = (dy * cos(rotation) - dx * sin(rotation)) / radius * aspect
      return (along * along + across * across <= 1, distance)
    case .bar(let width):
      return (abs(dy * cos(rotation) - dx * sin(rotation)) <= radius * width / 2, distance)
    case .ring(let width):
      return (distance >= 1 - width, distance)
    }
  }
}

/// Draws shapes one over the other, smooth-edged by 3 × 3 samples a pixel.
struct DemoCanvas {
  let width: Int
  let height: Int
  private(set) var colours: [DemoColour]

  /// - Parameter background: the colour at a point, both coordinates 0…1.
  init(width: Int, height: Int, background: (Float, Float) -> DemoColour) {
    self.width = width
    self.height = height
    colours = (0..<width * height).map {
      background(Float($0 % width) / Float(width), Float($0 / width) / Float(height))
    }
  }

  mutating func draw(_ shape: DemoShape) {
    let columns = range(shape.x, shape.radius, width)
    for y in range(shape.y, shape.radius, height) {
      for x in columns {
        var covered: Float = 0
        var distance: Float = 0
        for sample in 0..<9 {
          let point = shape.contains(
            Float(x) + (Float(sample % 3) + 0.5) / 3, Float(y) + (Float(sample / 3) + 0.5) / 3)
          if point.inside {
            covered += 1
            distance += point.distance
          }
        }
        guard covered > 0 else { continue }
        let colour = shape.colour.mixed(with: shape.rimColour, distance / covered)
        colours[y * width + x] = colours[y * width + x].mixed(with: colour, covered / 9)
      }
    }
  }

  private func range(_ centre: Float, _ radius: Float, _ limit: Int) -> Range<Int> {
    let low = min(max(Int(centre - radius), 0), limit)
    return low..<max(low, min(Int(centre + radius) + 1, limit))
  }

  /// The pixels, each sample with what `noise` gives added, rounded and clipped to 0…255.
  func picture(noise: () -> Float) -> Picture {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * colours.count)
    for colour in colours {
      for sample in [colour.red, colour.green, colour.blue] {
        pixels.append(UInt8(min(max((sample + noise()).rounded(), 0), 255)))
      }
    }
    return Picture(width: width, height: height, pixels: pixels)
  }
}
