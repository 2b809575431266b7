import KerasFormat
import Kernels
import NeuralNetwork

/// What filter maximisation climbs: for each picture of a batch, how strongly one filter of a
/// convolution answers to it, and in which direction that grows.
///
///     L(x) = mean over positions p of max(0, z[p][filter]),  z the layer's sums before ReLU
package struct FilterObjective: Sendable {
  package let layer: String
  /// How many filters the layer has.
  package let filters: Int
  /// Pictures that are computed together: no more than fit into half a gigabyte.
  let batch: Int

  /// Up to the layer, whose ReLU is taken off.
  private var network: Sequential

  /// - Throws: ``FilterError`` for settings that do not fit the base.
  package init(_ base: ConvolutionalBase, settings: FilterSettings) throws {
    let plan = try settings.plan(
      convolutions: base.convolutions.map { ($0.name, $0.outputChannels) }, source: base.name)
    let convolutions = base.convolutions[..<plan.convolutions]
    layer = convolutions.last?.name ?? ""
    filters = convolutions.last?.outputChannels ?? 0
    let size = settings.size
    network = try Sequential(
      inputShape: [size, size, 3],
      layers: VGGPlan.layers(convolutions, pools: plan.pools))
    for index in network.layers.indices { network.layers[index].setTrainable(false) }
    network.outputActivation = .linear
    // What every layer keeps, and input and output of the largest with their gradients.
    let floats = try network.outputShapes().map(\.product)
    let bytes = 4 * (floats.reduce(0, +) + 4 * (floats.max() ?? 0))
    batch = min(16, max(1, (1 << 29) / bytes))
  }

  /// Of each picture and filter: L, by picture.
  ///
  /// - Parameter pictures: (count, size, size, 3), preprocessed.
  package func activations(_ pictures: Tensor, pool: ThreadPool) throws -> [[Double]] {
    let sums = try network(pictures, pool: pool)
    try checkFinite(sums)
    return (0..<sums.batch).map { Self.activations(sums[row: $0], filters: filters) }
  }

  /// L of one filter for each picture, and its gradient by the picture.
  ///
  /// A filter that is silent everywhere has no gradient, and would stay silent: its sums before
  /// ReLU are climbed until it answers.
  ///
  /// - Parameters:
  ///   - pictures: (count, size, size, 3), preprocessed.
  ///   - chosen: a filter for each of them.
  /// - Returns: L and dL/dx, the latter of the shape of `pictures`.
  package mutating func gradient(
    _ pictures: Tensor, of chosen: [Int], pool: ThreadPool
  ) throws -> (activations: [Double], gradient: Tensor) {
    precondition(pictures.batch == chosen.count, "a filter for each picture")
    var activations: [Double] = []
    let filters = filters
    let gradient = try network.inputGradient(pictures, pool: pool) { sums in
      var gradient = Tensor(zeros: sums.shape)
      let width = sums.values.count / max(1, sums.batch)
      let share = Float(filters) / Float(width)
      for (row, filter) in chosen.enumerated() {
        let places = stride(from: row * width + filter, to: (row + 1) * width, by: filters)
        let isSilent = places.allSatisfy { sums.values[$0] <= 0 }
        for place in places where isSilent || sums.values[place] > 0 {
          gradient.values[place] = share
        }
        activations.append(Self.activation(sums[row: row], of: filter, filters: filters))
      }
      return gradient
    }
    try checkFinite(gradient)
    return (activations, gradient)
  }

  private func checkFinite(_ values: Tensor) throws {
    guard values.values.allSatisfy(\.isFinite) else { throw FilterError.notFinite(layer: layer) }
  }

  private static func activations(_ sums: ArraySlice<Float>, filters: Int) -> [Double] {
    (0..<filters).map { activation(sums, of: $0, filters: filters) }
  }

  private static func activation(
    _ sums: ArraySlice<Float>, of filter: Int, filters: Int
  ) -> Double {
    var total = 0.0
    for place in stride(from: sums.startIndex + filter, to: sums.endIndex, by: filters) {
      total += Double(max(0, sums[place]))
    }
    return total / Double(sums.count / filters)
  }
}
