import Foundation
import Pictures

extension Preprocessing {
  /// What one of 256 levels is to the network.
  var level: Float { self == .rescale ? 1 / 255 : 1 }

  /// A level (0…255) as the network sees it.
  ///
  /// - Parameter place: of the value in a picture (height, width, 3).
  func value(ofLevel level: Float, place: Int) -> Float {
    switch self {
    case .caffe: level - Self.caffeMeans[place % 3]
    case .rescale: level / 255
    case .none: level
    }
  }
}

extension Picture {
  /// The picture that gradient ascent has come to, its contrast brought to what can be seen.
  ///
  ///     level = 255 · clip(.1 · (x − mean(x)) / (σ(x) + 1e-5) + .5, 0, 1)
  ///
  /// - Parameter values: (size, size, 3), as the network sees it.
  package init(maximized values: ArraySlice<Float>, size: Int, preprocessing: Preprocessing) {
    let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
    let variance =
      values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(values.count)
    let scale = 0.1 / (variance.squareRoot() + 1e-5)
    var pixels = values.map { value in
      UInt8((255 * min(max((Double(value) - mean) * scale + 0.5, 0), 1)).rounded())
    }
    if preprocessing == .caffe {
      for start in stride(from: 0, to: pixels.count, by: 3) { pixels.swapAt(start, start + 2) }
    }
    self.init(width: size, height: size, pixels: pixels)
  }
}
