import Foundation
import Kernels
import NeuralNetwork
import Pictures

/// A filter of a convolution, and a picture that it answers to.
public struct MaximizedFilter: Sendable {
  /// Its number in the layer, from 0.
  public let index: Int
  /// The mean over positions of what it answers, after ReLU.
  public let activation: Double
  /// What the filter answers to, made visible.
  public let picture: Picture
}

/// Filter maximisation: what a convolution's filters look for, shown by pictures made to please
/// them.
///
/// From grey noise x, the same for every filter, a picture climbs
///
///     L(x) = mean over positions of the filter's activation
///     x ← x + step · g / (√mean(g²) + 1e-5),  g = dL/dx
///
/// The step is measured in levels of 0…255, whatever they are to the network (1/255 of its input
/// where that is `rescale`); x may leave their range. Pictures are computed in batches that take
/// about half a gigabyte, or one by one where one takes more.
///
/// Source: F. Chollet, "How convolutional neural networks see the world", The Keras Blog, 2016.
public struct FilterMaximization: Sendable {
  /// As they were given.
  public let settings: FilterSettings
  /// The convolution whose filters are shown.
  public var layer: String { objective.layer }
  /// How many filters it has.
  public var filters: Int { objective.filters }

  private let objective: FilterObjective
  private let preprocessing: Preprocessing
  private let pool: ThreadPool

  /// - Throws: ``FilterError``.
  public init(_ base: ConvolutionalBase, settings: FilterSettings, pool: ThreadPool) throws {
    objective = try FilterObjective(base, settings: settings)
    self.settings = settings
    self.pool = pool
    preprocessing = base.preprocessing
  }

  /// Maximises the filters that the settings name, in their order; otherwise those that rise
  /// highest, the highest first.
  ///
  /// These are found by a fifth of the steps, among the four times as many, and at least 64, that
  /// answer most strongly to the noise.
  ///
  /// - Parameter progress: steps done of steps in all, those of every filter counted.
  /// - Throws: ``Cancelled``, and the errors of the floors below.
  public func run(
    cancellation: Cancellation = Cancellation(),
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> [MaximizedFilter] {
    if let indices = settings.indices {
      let total = indices.count * settings.steps
      return try maximize(indices, steps: settings.steps, cancellation, shown) {
        progress($0, total)
      }
    }
    var chosen = Array(0..<filters)
    let (count, trial) = (min(settings.count, filters), max(1, settings.steps / 5))
    var (before, total) = (0, count * settings.steps)
    if count < filters {
      let answers = try objective.activations(noise(1), pool: pool)[0]
      chosen = Array(ranked(chosen, by: answers).prefix(max(64, 4 * count)))
      before = chosen.count * trial
      total += before
      let tried = try maximize(chosen, steps: trial, cancellation) { _, activation, _ in
        activation
      } progress: {
        progress($0, total)
      }
      chosen = ranked(Array(tried.indices), by: tried).prefix(count).map { chosen[$0] }
    }
    let reached = try maximize(chosen, steps: settings.steps, cancellation, shown) {
      progress(before + $0, total)
    }
    return ranked(Array(reached.indices), by: reached.map(\.activation)).map { reached[$0] }
  }

  /// The highest value first; of equals, the first.
  private func ranked(_ indices: [Int], by values: [Double]) -> [Int] {
    indices.sorted { (values[$1], $0) < (values[$0], $1) }
  }

  private func shown(
    _ filter: Int, _ activation: Double, _ values: ArraySlice<Float>
  ) -> MaximizedFilter {
    MaximizedFilter(
      index: filter, activation: activation,
      picture: Picture(maximized: values, size: settings.size, preprocessing: preprocessing))
  }

  /// - Parameter result: of a filter, the activation reached and the picture as the network sees it.
  private func maximize<Result>(
    _ chosen: [Int], steps: Int, _ cancellation: Cancellation,
    _ result: (_ filter: Int, _ activation: Double, _ values: ArraySlice<Float>) -> Result,
    progress: (Int) -> Void
  ) throws -> [Result] {
    var objective = objective
    var results: [Result] = []
    // In equal parts: one of few would be hardly faster.
    let parts = (chosen.count + objective.batch - 1) / objective.batch
    let size = (chosen.count + parts - 1) / parts
    for start in stride(from: 0, to: chosen.count, by: size) {
      let part = Array(chosen[start..<min(start + size, chosen.count)])
      var pictures = noise(part.count)
      for step in 1...steps {
        try cancellation.check()
        let gradient = try objective.gradient(pictures, of: part, pool: pool).gradient
        Self.climb(&pictures, gradient, step: settings.stepSize * preprocessing.level)
        progress(start * steps + step * part.count)
      }
      try cancellation.check()
      let reached = try objective.activations(pictures, pool: pool)
      for (row, filter) in part.enumerated() {
        results.append(result(filter, reached[row][filter], pictures[row: row]))
      }
    }
    return results
  }

  /// x ← x + step · g / (√mean(g²) + 1e-5), for each picture of a batch.
  package static func climb(_ pictures: inout Tensor, _ gradient: Tensor, step: Float) {
    let width = pictures.values.count / max(1, pictures.batch)
    for start in stride(from: 0, to: pictures.values.count, by: width) {
      var squares = 0.0
      for value in gradient.values[start..<start + width] { squares += Double(value * value) }
      let rms = (squares / Double(width)).squareRoot()
      let scale = Float(Double(step) / (rms + 1e-5))
      for place in start..<start + width {
        pictures.values[place] += scale * gradient.values[place]
      }
    }
  }

  /// Copies of one grey picture, 128 ± 10 levels, preprocessed.
  private func noise(_ count: Int) -> Tensor {
    var generator = Generator(seed: settings.seed)
    let shape = [settings.size, settings.size, 3]
    let values = (0..<shape.product).map { place in
      preprocessing.value(ofLevel: Float(118 + 20 * generator.uniform()), place: place)
    }
    return Tensor(
      shape: [count] + shape, values: Array(repeatElement(values, count: count).joined()))
  }
}
