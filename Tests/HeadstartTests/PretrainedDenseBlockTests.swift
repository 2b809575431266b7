import Foundation
import Headstart
import KerasFormat
import Kernels
import NeuralNetwork
import Testing

/// VGG16BN's dense block below a new last layer.
@Suite struct PretrainedDenseBlockTests {
  private let pool = ThreadPool(threads: 2)

  /// Two parts of given widths, kernels of quarters, statistics far from neutral.
  private func block(inputs: Int, units: [Int]) -> VGG16BNBlock {
    VGG16BNBlock(
      parts: zip([inputs] + units, units).map { inputs, units in
        VGG16BNBlock.Part(
          kernel: NamedTensor(
            name: "kernel", shape: [inputs, units],
            values: (0..<inputs * units).map { Float($0 % 7) / 4 - 0.5 }),
          bias: (0..<units).map { Float($0 % 3) / 4 }, gamma: Array(repeating: 2, count: units),
          beta: Array(repeating: 0.5, count: units),
          movingMean: Array(repeating: 0.25, count: units),
          movingVariance: Array(repeating: 0.03, count: units))
      })
  }

  private func network(
    _ block: VGG16BNBlock, epsilon: Float = 1e-3, _ shape: FeatureShape
  ) throws -> Sequential {
    let recipe = try Recipe(yaml: try RecipeBook.text("cats-n-dogs-bn"), file: "cats-n-dogs-bn")
    let architecture = try #require(recipe.models[0].network)
    return try PretrainedDenseBlock(block, epsilon: epsilon, inputShape: shape, seed: 1)
      .network(with: architecture, classes: 2, seed: 1)
  }

  private let shape = FeatureShape(height: 1, width: 2, channels: 2)

  /// The same arithmetic, a number at a time.
  private func expected(
    _ input: [Double], _ parts: some Sequence<VGG16BNBlock.Part>, epsilon: Double
  ) -> [Double] {
    parts.reduce(input) { input, part in
      part.bias.indices.map { unit in
        let sum = input.indices.reduce(Double(part.bias[unit])) {
          $0 + input[$1] * Double(part.kernel.values[$1 * part.bias.count + unit])
        }
        let deviation = (Double(part.movingVariance[unit]) + epsilon).squareRoot()
        return Double(part.gamma[unit]) * (max(sum, 0) - Double(part.movingMean[unit])) / deviation
          + Double(part.beta[unit])
      }
    }
  }

  @Test func onlyTheLastLayerTrains() throws {
    let network = try network(block(inputs: 4, units: [3, 4096]), shape)
    let trained = network.layers.flatMap(\.parameters).filter(\.isTrainable)
    #expect(trained.reduce(0) { $0 + $1.value.values.count } == 8194)
    #expect(try network.outputShape() == [2] && network.outputActivation == .softmax)
  }

  @Test(arguments: [Float(1e-3), 1e-5])
  func normalisesByTheMovingStatistics(_ epsilon: Float) throws {
    let block = block(inputs: 4, units: [3, 2])
    let input: [Float] = [1, -2, 0.5, 3, 0, 1, 1, -1]
    var network = try network(block, epsilon: epsilon, shape)
    // Without the last layer, and without dropout, in training as in prediction.
    network.layers = network.layers.dropLast().filter { !($0 is Dropout) }
    let rows = stride(from: 0, to: 8, by: 4).map { input[$0..<$0 + 4].map(Double.init) }
    let wanted = rows.flatMap { expected($0, block.parts, epsilon: Double(epsilon)) }
    let tensor = Tensor(shape: [2, 1, 2, 2], values: input)
    let predicted = try network(tensor, pool: pool).values
    let trained = try network.forward(tensor, pool: pool).values
    #expect(trained == predicted && predicted.count == wanted.count)
    for (found, wanted) in zip(predicted, wanted) {
      // A few roundings of numbers up to the largest of them, magnified by γ / √variance ≈ 12 twice.
      #expect(abs(Double(found) - wanted) <= 1e-4 * max(1, abs(wanted)))
    }
  }

  /// Enough to tell 10⁻³ from 10⁻⁵: √(.031 / .03001) − 1 is 1.6 %.
  @Test func trainingLeavesTheStatisticsAndTheFileKeepsThem() throws {
    let before = try network(block(inputs: 4, units: [3, 2]), epsilon: 1e-5, shape)
    var settings = TrainingConfiguration(.sgd())
    settings.learningRate = 0.5
    settings.batchSize = 2
    settings.epochs = 2
    let pictures = Pictures()
    let after = try Trainer(settings, pool: pool).train(before, on: pictures).model
    #expect(before.weights.dropLast() == after.weights.dropLast())
    #expect(before.weights.last != after.weights.last)

    let scratch = try Scratch()
    let path = scratch.file("model.h5")
    try KerasModel(after).write(to: path)
    let loaded = try KerasModel(path: path).network()
    let norms = loaded.layers.compactMap { $0 as? BatchNormalization }
    #expect(norms.map(\.epsilon) == [1e-5, 1e-5])
    #expect(norms.map(\.movingVariance.value.values) == [[0.03, 0.03, 0.03], [0.03, 0.03]])
    let input = try pictures.batch([0, 1, 2, 3], epoch: 1).inputs
    #expect(try loaded(input, pool: pool).values == after(input, pool: pool).values)
    // Frozen it stays.
    #expect(loaded.layers.dropLast().allSatisfy { !$0.isTrainable })
  }

  private struct Pictures: BatchSource {
    let count = 4
    let classes = 2
    let shape = [1, 2, 2]

    func label(_ row: Int) -> Int { row % 2 }

    func batch(_ indices: [Int], epoch: Int) throws -> Batch {
      Batch(
        inputs: Tensor(
          shape: [indices.count] + shape,
          values: indices.flatMap { row in (0..<4).map { Float((row * 5 + $0 * 3) % 7) / 3 } }),
        labels: indices.map(label))
    }
  }

  @Test func blocksOfOtherSizesAreRefused() {
    let wrong = FeatureShape(height: 2, width: 2, channels: 2)
    let error = #expect(throws: RecipeError.self) {
      try network(block(inputs: 4, units: [3, 2]), wrong)
    }
    #expect(error?.found == "8" && error?.expected.hasPrefix("4 features") == true)
  }

  @Test func recipesNameTheEpsilon() throws {
    func block(_ text: String) throws -> RecipeModel.DenseBlock? {
      let recipe = try Recipe(
        yaml: try RecipeBook.text("cats-n-dogs-bn"), file: "bn",
        overrides: ["models.vgg16bn.denseBlock=\(text)"])
      #expect(try Recipe(yaml: try recipe.yaml, file: "again") == recipe)
      return recipe.models[0].denseBlock
    }
    #expect(try block("vgg16bn")?.epsilon == 1e-3)
    #expect(try block("{name: vgg16bn}")?.epsilon == 1e-3)
    #expect(try block("{name: vgg16bn, epsilon: 1e-5}")?.epsilon == 1e-5)
    for (text, fragment) in [
      ("{epsilon: 1e-5}", "denseBlock.name: expected one of vgg16bn, found nothing"),
      ("{name: vgg16bn, epsilon: 0}", "denseBlock.epsilon: expected above 0 up to 1, found 0.0"),
      ("{name: vgg16bn, epsilon: few}", "denseBlock.epsilon: expected a number, found 'few'"),
      ("{name: vgg16bn, eps: 1}", "expected one of epsilon, name, found eps"),
    ] {
      let error = #expect(throws: RecipeError.self) { try block(text) }
      #expect(error?.description.contains(fragment) == true, "\(String(describing: error))")
    }
  }
}
