import Foundation

/// A file of weights written by any version of Keras, its layout told by its content.
///
/// Opening reads names and shapes only; values are read when asked for, as they are stored.
///
///     let file = try WeightFile(path: "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5")
///     for layer in file.layers { print(layer.name, layer.tensors.map(\.shape)) }
public struct WeightFile: Sendable {
  /// The layouts that Keras has written.
  public enum Layout: String, Sendable, CaseIterable {
    /// Keras 0.x: attribute `nb_layers`, groups `layer_k` with `param_0`, `param_1`.
    case keras0 = "Keras 0 weights"
    /// Keras 1.x, and the official files of keras-applications: attribute `layer_names`.
    case keras1 = "Keras 1 weights"
    /// Keras 2 `save_weights` to HDF5: as Keras 1, with `keras_version` and `backend`.
    case keras2 = "Keras 2 weights"
    /// `model.save` to HDF5 by any version: weights in the group `model_weights`.
    case model = "Keras model (HDF5)"
    /// Keras 3 `.weights.h5`: groups `layers/…/vars`.
    case keras3 = "Keras 3 weights"
    /// The `.keras` archive: a zip of configuration and Keras 3 weights.
    case archive = "Keras 3 model (.keras archive)"
  }

  /// A tensor's name and shape.
  public struct Tensor: Sendable, Equatable {
    /// As stored, for example `block1_conv1/kernel:0`, or the index under `vars`.
    public let name: String
    /// As it is in the file.
    public let shape: [Int]
    /// The dataset's path from the root of the HDF5 file.
    let path: String

    public var parameterCount: Int { shape.reduce(1, *) }
  }

  /// A layer, or a nested model, with its tensors in the file's order.
  public struct Layer: Sendable, Equatable {
    public let name: String
    /// In the file's order.
    public let tensors: [Tensor]
    /// Where the layer stands in a Keras 3 file (`layers/conv2d_1`); the name in other files.
    let path: String

    public var parameterCount: Int { Shape.sum(tensors.map(\.parameterCount)) }
  }

  public let path: String
  /// What tells who wrote it.
  public let layout: Layout
  /// How kernels are stored, told by their shapes and the backend.
  public let kernelOrder: KernelOrder
  /// What the file says about who wrote it.
  public let backend: String?
  /// Nil where the file does not tell.
  public let kerasVersion: String?
  /// The model's configuration as JSON, where the file has one.
  public let modelConfiguration: String?
  /// All layers in the file's order, those without tensors included.
  public let layers: [Layer]
  /// The number of all parameters.
  public var parameterCount: Int { Shape.sum(layers.map(\.parameterCount)) }

  let file: HDF5File

  /// Opens a file and finds its layout, layers and shapes.
  ///
  /// - Throws: `KerasFormatError` if the file is not there, is damaged, or fits no layout.
  public init(path: String) throws {
    let isArchive = try RegularFile.firstBytes(path, count: 4) == ZipArchive.signature
    let contents =
      isArchive
      ? try WeightFileContents(archive: try ZipArchive(path: path))
      : try WeightFileContents(file: try HDF5File(opening: path))
    self.path = path
    file = contents.file
    layout = contents.layout
    backend = contents.backend
    kerasVersion = contents.kerasVersion
    modelConfiguration = contents.modelConfiguration
    layers = contents.layers
    kernelOrder = Self.kernelOrder(of: contents.layers, layout: layout, backend: backend)
  }

  /// The tensors of a layer, as stored, checked for NaN and infinite values.
  public func tensors(of layer: Layer) throws -> [NamedTensor] {
    try layer.tensors.map { try read($0, layer: layer.name) }
  }

  /// The tensors of the layer of that name.
  public func tensors(of name: String) throws -> [NamedTensor] {
    guard let layer = layers.first(where: { $0.name == name }) else {
      throw KerasFormatError(
        .missing, file: path, object: name, expected: "a layer of that name",
        found: Self.list(layers.map(\.name)))
    }
    return try tensors(of: layer)
  }

  func read(_ tensor: Tensor, layer: String) throws -> NamedTensor {
    let values = try file.root.dataset(tensor.path).read(Float.self)
    // A product of zeros stays zero; one NaN or infinity makes the sum NaN. One pass, no branches.
    guard values.reduce(0, { $0 + $1 * 0 }) == 0 else {
      let index = values.firstIndex { !$0.isFinite } ?? 0
      throw KerasFormatError(
        .notFinite, file: path, object: "layer \(layer), tensor \(tensor.name)",
        expected: "finite numbers", found: "\(values[index]) at position \(index)")
    }
    return NamedTensor(name: tensor.name, shape: tensor.shape, values: values)
  }

  /// Decides by majority over all kernels of four axes that have a bias beside them.
  private static func kernelOrder(
    of layers: [Layer], layout: Layout, backend: String?
  ) -> KernelOrder {
    var votes = (tensorFlow: 0, theano: 0)
    for layer in layers {
      for (kernel, bias) in zip(layer.tensors, layer.tensors.dropFirst())
      where kernel.shape.count == 4 && bias.shape.count == 1 {
        let isTensorFlow = kernel.shape[3] == bias.shape[0]
        let isTheano = kernel.shape[0] == bias.shape[0]
        if isTensorFlow && !isTheano { votes.tensorFlow += 1 }
        if isTheano && !isTensorFlow { votes.theano += 1 }
      }
    }
    if votes.theano > votes.tensorFlow { return .theano }
    if votes.theano == votes.tensorFlow, layout == .keras0 { return .theano }
    return backend == "theano" ? .tensorFlowTurned : .tensorFlow
  }

  static func list(_ names: [String]) -> String {
    if names.isEmpty { return "none" }
    let shown = names.prefix(8).joined(separator: ", ")
    return names.count > 8 ? "\(shown) and \(names.count - 8) more" : shown
  }
}
