/// The dense block of fast.ai's VGG16BN (`vgg16_bn.h5`): twice a dense layer with ReLU, batch
/// normalisation and dropout, then the classes.
///
/// Source: fast.ai's `vgg16bn.py` of 2017; the file is in Keras 1's layout and Theano's order.
public struct VGG16BNBlock: Sendable {
  /// A dense layer and the normalisation of what it gives.
  public struct Part: Sendable {
    /// (in, out); the rows of the first in (height, width, channel) order.
    public let kernel: NamedTensor
    public let bias: [Float]
    public let gamma, beta, movingMean, movingVariance: [Float]

    public init(
      kernel: NamedTensor, bias: [Float], gamma: [Float], beta: [Float], movingMean: [Float],
      movingVariance: [Float]
    ) {
      self.kernel = kernel
      self.bias = bias
      self.gamma = gamma
      self.beta = beta
      self.movingMean = movingMean
      self.movingVariance = movingVariance
    }
  }

  public let parts: [Part]

  public init(parts: [Part]) { self.parts = parts }

  /// The side of the last pooling's map at 224 × 224, its channels, and the units of each layer.
  private static let (side, channels, units) = (7, 512, 4096)

  /// Reads the block from a file that has the convolutions as well.
  ///
  /// The fourth vector of a normalisation, called `running_std` there, is the variance: Keras has
  /// written it so since 1.0.8.
  ///
  /// - Throws: `KerasFormatError` if the file holds another network or cannot be read.
  public static func load(_ path: String) throws -> VGG16BNBlock {
    try load(path, side: side, channels: channels, units: units)
  }

  /// As ``load(_:)``, of a block of other sizes.
  package static func load(
    _ path: String, side: Int, channels: Int, units: Int
  ) throws -> VGG16BNBlock {
    let file = try WeightFile(path: path)
    let layers = file.layers.filter { !$0.tensors.isEmpty && $0.tensors[0].shape.count != 4 }
    let inputs = side * side * channels
    let vectors = Array(repeating: [units], count: 4)
    let expected = [[[inputs, units], [units]], vectors, [[units, units], [units]], vectors]
    guard layers.prefix(4).map({ $0.tensors.map(\.shape) }) == expected else {
      throw KerasFormatError(
        .unexpected, file: path, object: "dense block",
        expected: "dense \(inputs)→\(units), normalisation, dense \(units)→\(units), normalisation",
        found: WeightFile.list(layers.map { "\($0.name) \($0.tensors.map(\.shape))" }))
    }
    let isChannelsFirst = try file.hasChannelsFirst
    return VGG16BNBlock(
      parts: try [0, 2].map { index in
        let dense = try file.tensors(of: layers[index])
        let norm = try file.tensors(of: layers[index + 1])
        guard norm[3].values.allSatisfy({ $0 >= 0 }) else {
          throw KerasFormatError(
            .unexpected, file: path, object: "layer \(layers[index + 1].name)",
            expected: "variances", found: "a negative one")
        }
        return Part(
          kernel: index == 0 && isChannelsFirst
            ? KernelOrder.channelsLastRows(
              dense[0], height: side, width: side, channels: channels) : dense[0],
          bias: dense[1].values, gamma: norm[0].values, beta: norm[1].values,
          movingMean: norm[2].values, movingVariance: norm[3].values)
      })
  }

  /// Writes the block and VGG16's convolutions in the layout of fast.ai's file: 40 layers, Theano's
  /// order, without a last layer of classes.
  ///
  /// - Precondition: the block's inputs are a square map of what the last convolution gives.
  /// - Throws: `KerasFormatError` if the file cannot be written.
  public func save(_ path: String, convolutions: [VGGWeights.Convolution]) throws {
    let channels = convolutions.last?.outputChannels ?? 1
    let side = Int(Double((parts.first?.kernel.shape[0] ?? 0) / channels).squareRoot())
    try AtomicFile.write(to: path) { temporary in
      let file = try HDF5File(creating: temporary)
      var names: [String] = []
      func write(_ name: String, _ tensors: [NamedTensor]) throws {
        let group = try file.root.createGroup(name)
        for tensor in tensors {
          try group.write(tensor.name, tensor.values, shape: tensor.shape)
        }
        try group.set("weight_names", tensors.map(\.name))
        names.append(name)
      }
      try write("lambda_1", [])
      var paddings = 0
      for (index, layer) in convolutions.enumerated() {
        paddings += 1
        try write("zeropadding2d_\(paddings)", [])
        let name = "convolution2d_\(index + 1)"
        try write(
          name,
          [
            layer.theanoKernel.renamed("\(name)_W"),
            NamedTensor(name: "\(name)_b", shape: [layer.outputChannels], values: layer.bias),
          ])
        let isLast =
          index + 1 == convolutions.count
          || convolutions[index + 1].name.prefix(6) != layer.name.prefix(6)
        if isLast { try write("maxpooling2d_\(layer.name.prefix(6).suffix(1))", []) }
      }
      try write("flatten_1", [])
      for (index, part) in parts.enumerated() {
        let (dense, norm) = ("dense_\(index + 1)", "batchnormalization_\(index + 1)")
        let kernel =
          index == 0
          ? KernelOrder.channelsFirstRows(
            part.kernel, height: side, width: side, channels: channels)
          : part.kernel
        try write(
          dense,
          [
            kernel.renamed("\(dense)_W"),
            NamedTensor(name: "\(dense)_b", shape: [part.bias.count], values: part.bias),
          ])
        let vectors = [
          ("gamma", part.gamma), ("beta", part.beta), ("running_mean", part.movingMean),
          ("running_std", part.movingVariance),
        ]
        try write(
          norm,
          vectors.map {
            NamedTensor(name: "\(norm)_\($0)", shape: [$1.count], values: $1)
          })
        try write("dropout_\(index + 1)", [])
      }
      try file.root.set("layer_names", names)
      try file.close()
    }
  }
}

extension NamedTensor {
  fileprivate func renamed(_ name: String) -> NamedTensor {
    NamedTensor(name: name, shape: shape, values: values)
  }
}

extension VGGWeights.Convolution {
  /// The kernel as (out, in, height, width), turned by 180°.
  fileprivate var theanoKernel: NamedTensor {
    var values: [Float] = []
    values.reserveCapacity(kernel.count)
    for output in 0..<outputChannels {
      for input in 0..<inputChannels {
        for position in (0..<9).reversed() {
          values.append(kernel[(position * inputChannels + input) * outputChannels + output])
        }
      }
    }
    return NamedTensor(name: name, shape: [outputChannels, inputChannels, 3, 3], values: values)
  }
}

extension KernelOrder {
  /// The inverse of ``channelsLastRows(_:height:width:channels:)``.
  static func channelsFirstRows(
    _ kernel: NamedTensor, height: Int, width: Int, channels: Int
  ) -> NamedTensor {
    precondition(kernel.shape.first == height * width * channels)
    let units = kernel.shape[1]
    var values: [Float] = []
    values.reserveCapacity(kernel.values.count)
    for channel in 0..<channels {
      for position in 0..<height * width {
        let row = position * channels + channel
        values.append(contentsOf: kernel.values[row * units..<(row + 1) * units])
      }
    }
    return NamedTensor(name: kernel.name, shape: kernel.shape, values: values)
  }
}
