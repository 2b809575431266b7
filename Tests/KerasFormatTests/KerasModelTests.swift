import Foundation
import KerasFormat
import Kernels
import NeuralNetwork
import Testing

@Suite("Models saved by Keras") struct KerasModelReadTests {
  static let files =
    ["keras1_theano.h5"]
    + ["keras2", "keras3"].flatMap { version in
      ["wide", "nested", "functional"].flatMap {
        ["\(version)_\($0).h5", "\(version)_\($0).keras"]
      }
    }

  static func golden(_ name: String) throws -> (shape: [Int], values: [Float]) {
    let dataset = try HDF5File(opening: Fixture.path("models/golden.h5")).root.dataset(name)
    return (dataset.shape, try dataset.read(Float.self))
  }

  @Test("They predict here what they predict there", arguments: files)
  func predictions(file: String) throws {
    let model = try KerasModel(path: Fixture.path("models/\(file)"))
    let pictures = try Self.golden("pictures")
    let expected = try Self.golden(file.split(separator: ".").first.map(String.init) ?? "")
    #expect(model.inputShape == [12, 10, 3])
    let outputs = expected.shape[1]
    #expect(try model.outputShapes().last == [outputs])
    let size = pictures.values.count / pictures.shape[0]
    let forward = ReferenceForward(model: model)
    for index in 0..<pictures.shape[0] {
      let found = forward(Array(pictures.values[index * size..<(index + 1) * size]))
      for (value, reference) in zip(found, expected.values[(index * outputs)...].prefix(outputs)) {
        // Keras computes in Float: some 10 layers of at most 400 terms each, summed in any order.
        #expect(abs(value - Double(reference)) < 1e-5, "picture \(index)")
      }
    }
  }

  @Test("The networks made of them predict the same too", arguments: files)
  func networks(file: String) throws {
    let network = try KerasModel(path: Fixture.path("models/\(file)")).network(file: file)
    let pictures = try Self.golden("pictures")
    let expected = try Self.golden(file.split(separator: ".").first.map(String.init) ?? "")
    let found = try network(
      Tensor(shape: pictures.shape, values: pictures.values), pool: ThreadPool(threads: 2))
    #expect(found.shape == expected.shape)
    #expect(zip(found.values, expected.values).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test("Every kind of layer is read with all that it says", arguments: ["keras2", "keras3"])
  func configuration(version: String) throws {
    let model = try KerasModel(path: Fixture.path("models/\(version)_wide.h5"))
    #expect(model.name == "wide")
    #expect(
      model.layers.map(\.kind) == [
        .rescaling(scale: [1 / 127.5], offset: [-1, -0.5, 0.25]),
        .zeroPadding2D(top: 1, bottom: 2, left: 0, right: 3),
        .conv2D(
          filters: 5, kernelSize: KerasLayer.Size(height: 3, width: 2), padding: .same,
          activation: .relu),
        .batchNormalization(epsilon: 0.01),
        .maxPooling2D(strides: KerasLayer.Size(1)),
        .conv2D(
          filters: 6, kernelSize: KerasLayer.Size(3), strides: KerasLayer.Size(2), useBias: false),
        .activation(.tanh), .averagePooling2D(padding: .same), .activation(.relu),
        .conv2D(filters: 4, kernelSize: KerasLayer.Size(1), activation: .sigmoid), .flatten,
        .layerNormalization(), .dropout(rate: 0.5), .dense(units: 12, activation: .relu),
        .reshape([2, 2, 3]), .globalAveragePooling2D, .unitNormalization, .dense(units: 3),
        .softmax,
      ])
    #expect(model.metadata == nil)
  }

  @Test("Nested models become part of the chain, names made unique, frozen layers known")
  func nested() throws {
    for file in [
      "keras2_nested.h5", "keras3_nested.h5", "keras2_nested.keras", "keras3_nested.keras",
    ] {
      let model = try KerasModel(path: Fixture.path("models/\(file)"))
      #expect(model.layers.map(\.name).first == "dense")
      #expect(model.layers.map(\.name).last == "dense_1")
      #expect(model.layers.map(\.trainable) == [false, true, true, true, true])
      #expect(model.parameterCount == 112 + 16 + 148 + 10)
      #expect(model.layers.reduce(0) { $0 + $1.trainableParameterCount } == 8 + 148 + 10)
    }
  }

  @Test(
    "applications.VGG16 as a nested first layer",
    arguments: ["keras2_nested.h5", "keras3_nested.h5", "keras3_nested.keras"])
  func nestedVGG(file: String) throws {
    let model = try KerasModel(path: Fixture.path("vgg/\(file)"))
    #expect(model.layers.count == 18 + 2)
    #expect(model.layers[0].name == "block1_conv1")
    #expect(model.layers[17].name == "block5_pool")
    #expect(
      try model.outputShapes().map { $0.compactMap { $0 } }.suffix(3) == [
        [2, 2, 512], [2048], [2],
      ])
    let weights = try VGGWeights.load(Fixture.path("vgg/\(file)"))
    let convolutions = model.layers.filter { $0.weight("kernel")?.shape.count == 4 }
    for (layer, expected) in zip(convolutions, weights.convolutions) {
      #expect(layer.name == expected.name)
      #expect(layer.trainable == layer.name.hasPrefix("block5"))
      let isEqual =
        layer.weight("kernel")?.values == expected.kernel
        && layer.weight("bias")?.values == expected.bias
      #expect(isEqual, "\(layer.name)")
    }
    #expect(convolutions.count == 13)
    #expect(model.layers.last?.weight("bias")?.values == [1, 2])
  }

  @Test(
    "A head on applications.VGG16 by the functional API, the base flat or as one layer",
    arguments: ["keras3_flat.keras", "keras3_inner.keras", "keras2_inner.h5"])
  func functionalVGG(file: String) throws {
    let model = try KerasModel(path: Fixture.path("vgg/\(file)"))
    #expect(model.inputShape == [64, 64, 3])
    #expect(model.layers.prefix(18).map(\.trainable) == [Bool](repeating: false, count: 18))
    #expect(model.layers.suffix(3).map(\.name) == ["average", "drop", "head"])
    let weights = try VGGWeights.load(Fixture.path("vgg/\(file)"))
    let convolutions = model.layers.filter { $0.weight("kernel")?.shape.count == 4 }
    #expect(convolutions.map { $0.weight("kernel")?.values } == weights.convolutions.map(\.kernel))
    let head = try #require(model.layers.last?.weight("kernel"))
    #expect(head.values.first == -1 && head.values.last == 1 && head.shape == [512, 1])
    let network = try model.network(file: file)
    #expect(try network.outputShape() == [1])
    #expect(network.layers.filter(\.isTrainable).map(\.name) == ["head"])
  }

  @Test("What is not supported is named")
  func unsupported() throws {
    let branches = try failure { try KerasModel(path: Fixture.path("models/branches.keras")) }
    #expect(branches.kind == .unsupported)
    #expect(branches.description.contains("chain"))
    let recurrent = try failure { try KerasModel(path: Fixture.path("models/recurrent.h5")) }
    #expect(recurrent.kind == .unsupported)
    #expect(recurrent.object == "layer recurrent (GRU)")
    let activation = try failure { try KerasModel(path: Fixture.path("models/activation.h5")) }
    #expect(activation.object == "layer bent (Dense)")
    #expect(activation.found == "activation gelu")
    let weights = try failure {
      try KerasModel(path: Fixture.path("vgg/official_tf_vgg16_notop.h5"))
    }
    #expect(weights.kind == .unexpected)
    #expect(weights.found == "Keras 1 weights alone")
  }
}

@Suite("Model configurations that make no sense") struct KerasConfigurationTests {
  private func failureToRead(configuration: String) throws -> KerasFormatError {
    try Fixture.withFolder { folder in
      let path = folder + "/model.h5"
      let file = try HDF5File(creating: path)
      try file.root.createGroup("model_weights").set("layer_names", [String]())
      try file.root.set("model_config", configuration)
      try file.close()
      return try failure { try KerasModel(path: path) }
    }
  }

  @Test(
    "Each gives an error of its kind",
    arguments: [
      ("", .damaged), ("{", .damaged), ("[]", .damaged), ("null", .damaged),
      (#"{"class_name": "Sequential"}"#, .damaged),
      (#"{"class_name": "Sequential", "config": {"layers": [7]}}"#, .damaged),
      (#"{"class_name": "Sequential", "config": {"layers": []}}"#, .unsupported),
      (#"{"class_name": "Odd", "config": {"layers": []}}"#, .unsupported),
      (
        #"{"class_name": "Functional", "config": {"layers": [], "input_layers": [["a", 0, 0]], "#
          + #""output_layers": [["a", 0, 0]]}}"#, .damaged
      ),
      (
        #"{"class_name": "Functional", "config": {"layers": ["#
          + #"{"class_name": "Flatten", "name": "a", "config": {}, "inbound_nodes": [[["a", 0, 0]]]}"#
          + #"], "input_layers": [["a", 0, 0]], "output_layers": [["a", 0, 0]]}}"#, .damaged
      ),
      (
        #"{"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense", "config": "#
          + #"{"name": "d", "units": 1e30, "batch_input_shape": [null, 3]}}]}}"#, .unsupported
      ),
      (
        #"{"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense", "config": "#
          + #"{"name": "d", "units": 2, "batch_input_shape": [null, 3]}}]}}"#, .unexpected
      ),
    ] as [(String, KerasFormatError.Kind)])
  func senseless(configuration: String, kind: KerasFormatError.Kind) throws {
    #expect(try failureToRead(configuration: configuration).kind == kind)
  }

  @Test("Nesting beyond all bounds is refused", arguments: [40, 300, 100_000])
  func nesting(depth: Int) throws {
    let open = #"{"class_name": "Sequential", "config": {"name": "m", "layers": ["#
    let deep =
      String(repeating: open, count: depth) + String(repeating: "]}}", count: depth)
    let kind = try failureToRead(configuration: deep).kind
    #expect(kind == .tooLarge || kind == .damaged)
    let brackets = String(repeating: "[", count: depth)
    #expect(try failureToRead(configuration: brackets).kind == .damaged)
  }
}

@Suite("Models written here") struct KerasModelWriteTests {
  @Test("Every fixture, written and read back, is the same", arguments: KerasModelReadTests.files)
  func roundTrip(file: String) throws {
    var model = try KerasModel(path: Fixture.path("models/\(file)"))
    model.metadata = #"{"classes": ["chat", "été", "犬"]}"#
    model.trainingConfiguration = nil
    try Fixture.withFolder { folder in
      try model.write(to: folder + "/model.h5")
      #expect(try KerasModel(path: folder + "/model.h5") == model)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["model.h5"])
    }
  }

  @Test(
    "Architecture and weights apart are those of the whole", arguments: KerasModelReadTests.files)
  func parts(file: String) throws {
    let model = try KerasModel(path: Fixture.path("models/\(file)"))
    try Fixture.withFolder { folder in
      try model.write(to: folder + "/model.h5")
      let whole = try HDF5File(opening: folder + "/model.h5").root.string("model_config")
      #expect(
        model.architecture
          == #"{"backend": "tensorflow", \#(whole.dropFirst().dropLast()), "#
          + #""keras_version": "2.15.0", "module": "keras", "registered_name": null}"#)
      try model.writeWeights(to: folder + "/weights.h5")
      let weights = try WeightFile(path: folder + "/weights.h5")
      #expect(weights.layout == .keras2 && weights.layers.map(\.name) == model.layers.map(\.name))
      for (found, expected) in zip(weights.layers, model.layers) {
        #expect(try weights.tensors(of: found).map(\.values) == expected.weights.map(\.values))
      }
    }
  }

  @Test("Lists of names beyond 64 KB and long metadata")
  func manyLayers() throws {
    let layers = (0..<1500).map {
      KerasLayer(
        name: "activation_with_a_rather_long_name_to_fill_the_list_\($0)", kind: .activation(.relu))
    }
    let model = KerasModel(
      inputShape: [nil, nil, 3], layers: layers, metadata: String(repeating: "x", count: 200_000))
    try Fixture.withFolder { folder in
      let path = folder + "/model.h5"
      try model.write(to: path)
      let group = try HDF5File(opening: path).root.group("model_weights")
      #expect(try group.hasAttribute("layer_names1"))
      #expect(try !group.hasAttribute("layer_names"))
      #expect(try KerasModel(path: path) == model)
    }
  }

  @Test("What does not fit is refused, and nothing is written")
  func invalid() throws {
    func dense(_ name: String, _ shape: [Int], units: Int = 2, value: Float = 1) -> KerasLayer {
      let kernel = NamedTensor(
        name: "kernel", shape: shape,
        values: [Float](repeating: value, count: shape.reduce(1, *)))
      let bias = NamedTensor(name: "bias", shape: [units], values: [0, 1])
      return KerasLayer(name: name, kind: .dense(units: units), weights: [kernel, bias])
    }
    let cases: [(KerasModel, KerasFormatError.Kind, String)] = [
      (KerasModel(inputShape: [3], layers: []), .invalidArgument, "at least one layer"),
      (
        KerasModel(inputShape: [3], layers: [dense("a", [3, 2]), dense("a", [2, 2])]),
        .invalidArgument, "names that differ"
      ),
      (KerasModel(inputShape: [3], layers: [dense("a/b", [3, 2])]), .invalidArgument, "slashes"),
      (
        KerasModel(inputShape: [3], layers: [dense("a", [4, 2])]), .invalidArgument, "kernel [3, 2]"
      ),
      (
        KerasModel(inputShape: [3], layers: [dense("a", [3, 2], value: .nan)]), .notFinite,
        "finite"
      ),
      (
        KerasModel(
          inputShape: [2, 2, 3],
          layers: [
            KerasLayer(name: "pool", kind: .maxPooling2D(poolSize: KerasLayer.Size(3)))
          ]), .invalidArgument, "at least 3"
      ),
    ]
    try Fixture.withFolder { folder in
      for (model, kind, expected) in cases {
        let error = try failure { try model.write(to: folder + "/model.h5") }
        #expect(error.kind == kind)
        #expect(error.expected.contains(expected))
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }
}
