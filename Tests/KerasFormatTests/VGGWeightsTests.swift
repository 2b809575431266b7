import Foundation
import KerasFormat
import Testing

@Suite("VGG weights, from every layout") struct VGGWeightsTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var file: String
    var layout: WeightFile.Layout
    var architecture = VGGWeights.Architecture.vgg16
    var order = KernelOrder.tensorFlow
    var top = false

    var testDescription: String { file }
  }

  static let cases = [
    Case(file: "keras0_vgg16.h5", layout: .keras0, order: .theano, top: true),
    Case(file: "keras1_vgg16.h5", layout: .keras1, order: .theano),
    Case(file: "official_tf_vgg16_notop.h5", layout: .keras1),
    Case(file: "official_tf_vgg16.h5", layout: .keras1, top: true),
    Case(
      file: "official_th_vgg19.h5", layout: .keras1, architecture: .vgg19, order: .theano,
      top: true),
    Case(file: "keras2_theano.h5", layout: .keras2, order: .tensorFlowTurned),
    Case(file: "keras2_vgg16_weights.h5", layout: .keras2),
    Case(file: "keras2_nested.h5", layout: .model),
    Case(file: "keras3_nested.h5", layout: .model),
    Case(file: "keras3_vgg19.weights.h5", layout: .keras3, architecture: .vgg19),
    Case(file: "keras3_vgg16.keras", layout: .archive),
    Case(file: "keras3_nested.keras", layout: .archive),
    Case(file: "vgg16_bn.h5", layout: .keras1, order: .theano),
  ]

  @Test("Layout, network, every number", arguments: cases)
  func load(_ expected: Case) throws {
    let file = try WeightFile(path: Fixture.path("vgg/\(expected.file)"))
    #expect(file.layout == expected.layout)
    #expect(file.kernelOrder == expected.order)
    try MarkedVGG(architecture: expected.architecture).expect(
      try VGGWeights.load(file), top: expected.top)
  }

  @Test("What is saved in the official layout is loaded again, with its names")
  func save() throws {
    let weights = try VGGWeights.load(Fixture.path("vgg/official_tf_vgg16.h5"))
    try Fixture.withFolder { folder in
      let path = folder + "/vgg16.h5"
      try weights.save(path)
      #expect(try VGGWeights.load(path) == weights)
      let file = try WeightFile(path: path)
      #expect(file.layout == .keras1)
      #expect(
        file.layers.map(\.name).prefix(4) == [
          "block1_conv1", "block1_conv2", "block1_pool", "block2_conv1",
        ])
      #expect(file.layers[0].tensors.map(\.name) == ["block1_conv1_W_1:0", "block1_conv1_b_1:0"])
      #expect(file.layers.last?.tensors[0].shape == [4096, 10])
    }
  }

  @Test("Tensors come in canonical order, whatever the file")
  func canonicalOrder() throws {
    var names: [String] = []
    var count = 0
    try VGGWeights.load(Fixture.path("vgg/keras1_vgg16.h5")).forEachTensor { name, shape, values in
      names.append(name)
      #expect(values.count == shape.reduce(1, *))
      count += values.count
    }
    #expect(names.prefix(3) == ["block1_conv1/kernel", "block1_conv1/bias", "block1_conv2/kernel"])
    #expect(count == 14_714_688)
  }

  @Test("fast.ai's network with batch normalisation shows all its tensors")
  func batchNormalization() throws {
    let file = try WeightFile(path: Fixture.path("vgg/vgg16_bn.h5"))
    #expect(file.network == .vgg16BatchNormalization)
    #expect(file.layers.count == 40)
    let tensors = try file.tensors(of: "batchnormalization_2")
    #expect(tensors.map(\.name).last == "batchnormalization_2_running_std")
    #expect(tensors.map { $0.values[7] } == [1, 2, 3, 4])
  }

  @Test("Networks are recognised by their shapes")
  func networks() throws {
    func network(_ name: String) throws -> WeightFile.Network? {
      try WeightFile(path: Fixture.path("vgg/\(name)")).network
    }
    #expect(try network("official_tf_vgg16_notop.h5") == .vgg(.vgg16, hasTop: false))
    #expect(try network("official_th_vgg19.h5") == .vgg(.vgg19, hasTop: true))
    #expect(try network("keras3_nested.h5") == .vgg(.vgg16, hasTop: false))
  }

  @Test("Weights that do not fit together are refused")
  func invalid() throws {
    let weights = try VGGWeights.load(Fixture.path("vgg/official_tf_vgg16_notop.h5"))
    #expect(
      try failure { try VGGWeights(architecture: .vgg19, convolutions: weights.convolutions) }.kind
        == .invalidArgument)
    let short = VGGWeights.Dense(name: "fc1", inputs: 512, outputs: 4, kernel: [], bias: [])
    #expect(
      try failure {
        try VGGWeights(
          architecture: .vgg16, convolutions: weights.convolutions, dense: [short])
      }.kind == .invalidArgument)
  }
}

@Suite("Weight files that cannot be used") struct WrongWeightFileTests {
  private func write(_ folder: String, _ body: (HDF5Group) throws -> Void) throws -> String {
    let path = folder + "/weights.h5"
    let file = try HDF5File(creating: path)
    try body(file.root)
    try file.close()
    return path
  }

  @Test("Another network: the message says which was looked for, and what was found")
  func anotherNetwork() throws {
    try Fixture.withFolder { folder in
      let path = try write(folder) { root in
        try root.set("layer_names", ["conv", "dense"])
        try root.createGroup("conv").set("weight_names", ["kernel:0", "bias:0"])
        try root.write("conv/kernel:0", [Float](repeating: 0, count: 600), shape: [5, 5, 3, 8])
        try root.write("conv/bias:0", [Float](repeating: 0, count: 8), shape: [8])
        try root.createGroup("dense").set("weight_names", [String]())
      }
      let file = try WeightFile(path: path)
      #expect(file.layers.map(\.name) == ["conv", "dense"])
      #expect(file.parameterCount == 608)
      #expect(file.network == nil)
      let error = try failure { try VGGWeights.load(path) }
      #expect(error.kind == .unexpected)
      #expect(error.expected.contains("VGG16 or VGG19"))
      #expect(error.found.contains("1 convolutions (conv [5, 5, 3, 8])"))
      #expect(error.description.contains(path))
    }
  }

  @Test("HDF5, but nothing of Keras")
  func notKeras() throws {
    let error = try failure { try WeightFile(path: Fixture.path("hdf5/datasets.h5")) }
    #expect(error.kind == .unexpected)
    #expect(error.expected.contains("layer_names"))
    #expect(error.found.contains("big_endian"))
  }

  @Test("NaN and infinity: layer, tensor and place are named", arguments: [Float.nan, -.infinity])
  func notFinite(value: Float) throws {
    try Fixture.withFolder { folder in
      let path = try write(folder) { root in
        try root.set("nb_layers", 1)
        let group = try root.createGroup("layer_0")
        try group.set("nb_params", 1)
        try group.write("param_0", [1, value, 2], shape: [3])
      }
      let error = try failure { try WeightFile(path: path).tensors(of: "layer_0") }
      #expect(error.kind == .notFinite)
      #expect(error.object == "layer layer_0, tensor param_0")
      #expect(error.found.contains("position 1"))
    }
  }

  @Test("Lists that name what is not there, and absurd counts")
  func inconsistent() throws {
    try Fixture.withFolder { folder in
      var path = try write(folder) { try $0.set("layer_names", ["gone"]) }
      #expect(try failure { try WeightFile(path: path) }.kind == .missing)
      path = try write(folder) { root in
        try root.set("layer_names", ["a"])
        try root.createGroup("a").set("weight_names", ["gone"])
      }
      #expect(try failure { try WeightFile(path: path) }.object == "/a/gone")
      path = try write(folder) { try $0.set("nb_layers", 1 << 40) }
      #expect(try failure { try WeightFile(path: path) }.kind == .tooLarge)
      path = try write(folder) { try $0.set("nb_layers", -1) }
      #expect(try failure { try WeightFile(path: path) }.kind == .tooLarge)
    }
  }

  @Test("Shapes beyond all bounds are listed, and refused when read")
  func absurdShapes() throws {
    try Fixture.withFolder { folder in
      let path = try write(folder) { root in
        try root.set("layer_names", ["a", "b"])
        for name in ["a", "b"] {
          let names = (0..<20).map { "w\($0)" }
          let group = try root.createGroup(name)
          try group.set("weight_names", names)
          for tensor in names {
            try group.createDataset(
              tensor, shape: [1 << 29, 1 << 29], of: Float.self, options: .chunked([1, 1]))
          }
        }
      }
      let file = try WeightFile(path: path)
      #expect(file.parameterCount == Int.max)
      #expect(try failure { try file.tensors(of: "a") }.kind == .tooLarge)
    }
  }

  @Test("A file cut short")
  func truncated() throws {
    let whole = try Data(
      contentsOf: URL(fileURLWithPath: Fixture.path("vgg/official_tf_vgg16_notop.h5")))
    try Fixture.withFolder { folder in
      let path = folder + "/vgg16.h5"
      try whole.dropLast(1000).write(to: URL(fileURLWithPath: path))
      let error = try failure { try VGGWeights.load(path) }
      #expect(error.kind == .damaged)
      #expect(error.description.contains("truncated"))
    }
  }

  @Test("A .keras archive cut short, changed, or with members missing")
  func archives() throws {
    let whole = try Data(
      contentsOf: URL(fileURLWithPath: Fixture.path("vgg/keras3_vgg16.keras")))
    try Fixture.withFolder { folder in
      let path = folder + "/model.keras"
      func load(_ data: Data) throws -> KerasFormatError {
        try data.write(to: URL(fileURLWithPath: path))
        return try failure { try VGGWeights.load(path) }
      }
      for length in [5, 100, whole.count / 2, whole.count - 1, whole.count - 30] {
        #expect(try load(whole.prefix(length)).kind == .damaged)
      }
      var changed = whole
      changed[changed.count / 2] ^= 1
      #expect(try load(changed).expected.contains("checksum"))
      // A plain zip of something else.
      let other = try #require(whole.range(of: Data("model.weights.h5".utf8)))
      var renamed = whole
      renamed.replaceSubrange(other, with: Data("model.weights.hh".utf8))
      let last = try #require(renamed.range(of: Data("model.weights.h5".utf8)))
      renamed.replaceSubrange(last, with: Data("model.weights.hh".utf8))
      let error = try load(renamed)
      #expect(error.kind == .missing)
      #expect(error.found.contains("config.json"))
    }
  }
}
