import Files

/// What opening a weight file finds in it; the part of `WeightFile` that differs by layout.
struct WeightFileContents {
  var file: HDF5File
  var layout: WeightFile.Layout
  var backend: String?
  var kerasVersion: String?
  var modelConfiguration: String?
  var layers: [WeightFile.Layer] = []

  /// Far above any model, far below exhaustion.
  private static let layerLimit = 100_000
  private static let tensorLimit = 100_000
  /// Nested models may be nested this deep.
  private static let depthLimit = 32

  /// Where the groups and datasets lie that were read. Keras names none of them twice, and links
  /// that do would make an endless model of a small file.
  private var seen: Set<UInt64> = []
  private var tensorCount = 0

  /// Reads a `.keras` archive.
  init(archive: ZipArchive) throws {
    file = try archive.openHDF5("model.weights.h5")
    layout = .archive
    modelConfiguration = try archive.text("config.json")
    if archive.contains("metadata.json") {
      kerasVersion = try JSONValue(
        parsing: try archive.text("metadata.json"), file: archive.path, object: "metadata.json")[
          "keras_version"]?.string
    }
    try readKeras3()
  }

  /// Tells apart the layouts that are plain HDF5.
  init(file: HDF5File) throws {
    self.file = file
    layout = .keras1
    let root = file.root
    backend = try Self.optionalString("backend", of: root)
    kerasVersion = try Self.optionalString("keras_version", of: root)
    modelConfiguration = try Self.optionalString("model_config", of: root)
    if try root.hasAttribute("nb_layers") {
      layout = .keras0
      try readKeras0(root)
    } else if try root.kind(of: "model_weights") == .group {
      layout = .model
      try readNamedLayers(try root.group("model_weights"))
    } else if try Self.hasNames("layer_names", root) {
      layout = backend == nil && kerasVersion == nil ? .keras1 : .keras2
      try readNamedLayers(root)
    } else if try root.kind(of: "layers") == .group
      || root.kind(of: "_layer_checkpoint_dependencies")
        == .group
    {
      layout = .keras3
      try readKeras3()
    } else {
      let attributes = try root.attributeNames
      let members = try root.names
      throw KerasFormatError(
        .unexpected, file: file.path,
        expected: "weights by Keras: an attribute layer_names or nb_layers, or a group "
          + "model_weights or layers",
        found: "attributes: \(WeightFile.list(attributes)); members: \(WeightFile.list(members))")
    }
  }

  private static func optionalString(_ name: String, of group: HDF5Group) throws -> String? {
    try group.hasAttribute(name) ? try group.string(name) : nil
  }

  private mutating func append(_ layer: WeightFile.Layer) throws {
    guard layers.count < Self.layerLimit else {
      throw KerasFormatError(
        .tooLarge, file: file.path, expected: "at most \(Self.layerLimit) layers", found: "more")
    }
    layers.append(layer)
  }

  /// Refuses an object that was read before.
  private mutating func visit(_ object: some HDF5Object) throws {
    guard seen.insert(object.address).inserted else {
      throw object.identifier.place.error(
        .unexpected, expected: "an object of one name", found: "one that has been read by another")
    }
  }

  private mutating func tensor(_ name: String, in group: HDF5Group) throws -> WeightFile.Tensor {
    let dataset = try group.dataset(name)
    try visit(dataset)
    tensorCount += 1
    guard tensorCount <= Self.tensorLimit else {
      throw dataset.place.error(
        .tooLarge, expected: "at most \(Self.tensorLimit) tensors", found: "more")
    }
    return WeightFile.Tensor(name: name, shape: dataset.shape, path: dataset.path)
  }

  // MARK: Keras 0

  private mutating func readKeras0(_ root: HDF5Group) throws {
    let count = try root.integer("nb_layers")
    guard (0...Self.layerLimit).contains(count) else {
      throw KerasFormatError(
        .tooLarge, file: file.path, object: "/ attribute nb_layers",
        expected: "0 to \(Self.layerLimit)", found: "\(count)")
    }
    for index in 0..<count {
      let name = "layer_\(index)"
      let group = try root.group(name)
      try visit(group)
      let parameters = try group.integer("nb_params")
      guard (0...64).contains(parameters) else {
        throw KerasFormatError(
          .tooLarge, file: file.path, object: "/\(name) attribute nb_params",
          expected: "0 to 64", found: "\(parameters)")
      }
      let tensors = try (0..<parameters).map { try tensor("param_\($0)", in: group) }
      try append(WeightFile.Layer(name: name, tensors: tensors, path: name))
    }
  }

  // MARK: Keras 1 and 2

  private mutating func readNamedLayers(_ root: HDF5Group) throws {
    if kerasVersion == nil { kerasVersion = try Self.optionalString("keras_version", of: root) }
    if backend == nil { backend = try Self.optionalString("backend", of: root) }
    for name in try Self.names("layer_names", root) {
      let group = try root.group(name)
      try visit(group)
      // A weight's own prefix may differ from the group's name; only `weight_names` is to be
      // trusted.
      let tensors = try Self.names("weight_names", group).map { try tensor($0, in: group) }
      try append(WeightFile.Layer(name: name, tensors: tensors, path: name))
    }
  }

  /// Whether there is a list of names, whole or in parts.
  private static func hasNames(_ attribute: String, _ group: HDF5Group) throws -> Bool {
    try group.hasAttribute(attribute) || group.hasAttribute(attribute + "0")
  }

  /// A list of names; those over 64,512 bytes are split into `name0`, `name1`, ….
  static func names(_ attribute: String, _ group: HDF5Group) throws -> [String] {
    if try group.hasAttribute(attribute) { return try group.strings(attribute) }
    guard try group.hasAttribute(attribute + "0") else { return try group.strings(attribute) }
    var names: [String] = []
    var part = 0
    while try group.hasAttribute("\(attribute)\(part)") {
      names += try group.strings("\(attribute)\(part)")
      part += 1
    }
    return names
  }

  // MARK: Keras 3

  private mutating func readKeras3() throws {
    for container in ["layers", "_layer_checkpoint_dependencies"]
    where try file.root.kind(of: container) == .group {
      try readKeras3(try file.root.group(container), path: container, depth: 0)
    }
  }

  /// Reads the layers of a container in natural order (`conv2d_2` before `conv2d_10`), which is
  /// that of the model among layers of one class.
  private mutating func readKeras3(_ container: HDF5Group, path: String, depth: Int) throws {
    guard depth < Self.depthLimit else {
      throw KerasFormatError(
        .tooLarge, file: file.path, object: path,
        expected: "at most \(Self.depthLimit) nested models", found: "more")
    }
    for name in try container.names.sorted(by: NaturalOrder.precedes)
    where try container.kind(of: name) == .group {
      let group = try container.group(name)
      try visit(group)
      let layerPath = "\(path)/\(name)"
      if try group.kind(of: "layers") == .group {
        try readKeras3(try group.group("layers"), path: "\(layerPath)/layers", depth: depth + 1)
      }
      guard try group.kind(of: "vars") == .group else { continue }
      let variables = try group.group("vars")
      let indices = try variables.names.sorted(by: NaturalOrder.precedes)
      let isModel = try group.kind(of: "layers") == .group
      if isModel && indices.isEmpty { continue }
      try append(
        WeightFile.Layer(
          name: try Self.optionalString("name", of: variables) ?? layerPath,
          tensors: try indices.map { try tensor($0, in: variables) }, path: layerPath))
    }
  }
}
