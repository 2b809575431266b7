import Foundation
import Headstart
import KerasFormat
import Kernels
import NeuralNetwork
import Testing

@Suite struct NetworksArchitectureTests {
  static func architecture(_ json: String) throws -> NetworkArchitecture {
    try JSONDecoder().decode(NetworkArchitecture.self, from: Data(json.utf8))
  }

  private static func convolutions(_ filters: [Int]) -> String {
    filters.map {
      #"{"Conv2D": {"filters": \#($0), "kernel_size": 3, "activation": "relu"}}, "MaxPooling2D", "#
    }.joined()
  }

  /// Published: the small network of the Keras blog, moazeni's, the first of the VGG19 comparison.
  @Test(arguments: [
    ([32, 32, 64], 64, 150, 1_212_513), ([32, 32], 128, 64, 813_217),
    ([32, 64, 128, 128], 512, 150, 3_453_121),
  ])
  func parameterCounts(_ filters: [Int], _ units: Int, _ side: Int, _ expected: Int) throws {
    let dense = #""Flatten", {"Dense": {"units": \#(units), "activation": "relu"}}, "Output"]"#
    let network = try Self.architecture("[" + Self.convolutions(filters) + dense)
      .network(inputShape: [side, side, 3], classes: 2, seed: 0)
    #expect(network.parameterCount == expected)
    #expect(network.outputActivation == .sigmoid)
    #expect(try network.outputShape() == [1])
    let names = network.layers.map(\.name)
    #expect(names.prefix(4) == ["conv2d", "max_pooling2d", "conv2d_1", "max_pooling2d_1"])
    #expect(names.suffix(3) == ["flatten", "dense", "dense_1"])
  }

  @Test func kernelsAreGlorotUniformAndFollowTheSeed() throws {
    let architecture = try Self.architecture(
      """
      [{"Conv2D": {"filters": 16, "kernel_size": [3, 5]}}, "BatchNormalization", "Flatten",
       "Output"]
      """)
    func network(_ seed: UInt64) throws -> Sequential {
      try architecture.network(inputShape: [9, 9, 4], classes: 3, seed: seed)
    }
    let made = try network(1)
    #expect(try made.weights == network(1).weights)
    #expect(try made.weights != network(2).weights)
    let convolution = try #require(made.layers[0] as? Conv2D)
    let limit = (6 / Float(15 * (4 + 16))).squareRoot()
    let kernel = convolution.kernel.value.values
    #expect(kernel.allSatisfy { abs($0) <= limit })
    #expect(try #require(kernel.max()) > 0.95 * limit)
    #expect(try #require(kernel.min()) < -0.95 * limit)
    #expect(convolution.bias?.value.values.allSatisfy { $0 == 0 } == true)
    let normalization = try #require(made.layers[1] as? BatchNormalization)
    #expect(normalization.gamma?.value.values == [Float](repeating: 1, count: 16))
    #expect(normalization.movingVariance.value.values == [Float](repeating: 1, count: 16))
    #expect(normalization.usesBatchStatistics)
    #expect(made.outputActivation == .softmax)
  }

  @Test func everyLayerCanBeWritten() throws {
    let network = try Self.architecture(
      """
      [{"Rescaling": {"scale": 0.5, "offset": -1}},
       {"Normalization": {"mean": [1, 2, 3], "variance": [1, 4, 9]}},
       "ZeroPadding2D", {"ZeroPadding2D": {"padding": [[1, 0], [0, 2]]}},
       {"Conv2D": {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same",
        "use_bias": false, "name": "first"}},
       {"BatchNormalization": {"momentum": 0.9, "epsilon": 1e-5, "trainable": false}},
       {"Activation": {"activation": "tanh"}}, {"AveragePooling2D": {"pool_size": [2, 1]}},
       {"LeakyReLU": {"negative_slope": 0.1}}, {"ELU": {"alpha": 0.5}}, "ReLU",
       "GlobalMaxPooling2D", "UnitNormalization", {"Dropout": {"rate": 0.25}},
       {"Dense": {"units": 5}}, "Softmax", "Output"]
      """
    ).network(inputShape: [12, 10, 3], classes: 4, seed: 3)
    let shapes = try network.outputShapes()
    #expect(shapes[2] == [14, 12, 3] && shapes[3] == [15, 14, 3] && shapes[4] == [8, 7, 4])
    #expect(shapes[7] == [4, 7, 4] && shapes.last == [4])
    #expect(network.layers[4].name == "first" && network.layers[4].parameters.count == 1)
    #expect(!network.layers[5].isTrainable)
    #expect((network.layers[6] as? ActivationLayer)?.activation == .tanh)
    let output = try network(
      Tensor(zeros: [2, 12, 10, 3]), pool: ThreadPool(threads: 1))
    #expect(output.shape == [2, 4])
  }

  @Test func codesAsItIsWritten() throws {
    let text =
      #"[{"Conv2D":{"activation":"relu","filters":8,"kernel_size":3}},"Flatten","#
      + #"{"Dropout":{"rate":0.5}},"Output"]"#
    let architecture = try Self.architecture(text)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    #expect(String(decoding: try encoder.encode(architecture), as: UTF8.self) == text)
    #expect(
      try Self.architecture(#"["Flatten", {"Output": null}]"#).layers[1].className == "Output")
  }

  @Test(arguments: [
    (#"["Conv3D", "Output"]"#, ["conv3d", "Conv3D", "AveragePooling2D", "Output"]),
    (#"[{"Dense": {"unit": 3}}]"#, ["Dense", "unit", "units"]),
    (#"[{"Conv2D": {"filters": 3}}, "Output"]"#, ["Conv2D", "kernel_size"]),
    (#"[{"Conv2D": {"filters": 3, "kernel_size": 0}}, "Output"]"#, ["Conv2D", "kernel_size"]),
    (#"["Flatten", {"Dense": {"units": 3, "activation": "swish"}}]"#, ["dense", "swish"]),
    (#"["Flatten", {"Output": {"units": 3}}]"#, ["Output", "units"]),
    (#"["Output", "Flatten"]"#, ["Output", "behind"]),
    (#"["Output"]"#, ["dense", "shape"]),
    (#"["Flatten", {"Dense": {"units": 5, "activation": "softmax"}}]"#, ["dense", "softmax", "5"]),
    (#"["Flatten", {"Dense": {"units": 1}}]"#, ["dense", "linear"]),
    (#"["Flatten", "MaxPooling2D", "Output"]"#, ["max_pooling2d", "height"]),
    (#"[{"Conv2D": {"filters": 9, "kernel_size": 30}}, "Output"]"#, ["conv2d", "30"]),
    (#"["Flatten", {"Dense": {"units": 9000000}}, "Output"]"#, ["dense", "at most"]),
    (#"["Flatten", {"Dropout": {"rate": 1.5}}, "Output"]"#, ["dropout", "1.5"]),
    (#"[]"#, ["none"]),
    (#"[{"Dense": {"units": 3, "name": "a"}}, {"Dense": {"units": 3, "name": "a"}}]"#, ["twice"]),
  ])
  func mistakesAreNamed(_ json: String, _ words: [String]) throws {
    let error = try #require(throws: KerasFormatError.self) {
      try Self.architecture(json).network(inputShape: [20, 20, 3], classes: 2, seed: 0)
    }
    for word in words { #expect("\(error)".contains(word), "\(error)") }
  }

  @Test(arguments: [#"[{"Dense": 3}]"#, #"[{"Dense": {}, "Flatten": {}}]"#, #"[{}]"#, "[3]"])
  func whatIsNoLayerIsRefused(_ json: String) {
    #expect(throws: (any Error).self) { try Self.architecture(json) }
  }
}
