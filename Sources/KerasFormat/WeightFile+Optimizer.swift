import Files

extension WeightFile {
  /// Where our files keep the optimizer's state.
  ///
  /// Not in Keras' own `optimizer_weights`: Keras 3 builds the optimizer of an HDF5 file that has
  /// them for no variables at all, and cannot train the model any further.
  static let optimizerGroup = "headstart_optimizer"

  /// The tensors of the optimizer, in the file's order; empty if there are none.
  ///
  /// An integer, the number of steps, becomes the nearest `Float`.
  func optimizerWeights() throws -> [NamedTensor] {
    let root = file.root
    if layout == .archive {
      guard try root.kind(of: "optimizer/vars") == .group else { return [] }
      let group = try root.group("optimizer/vars")
      return try group.names.sorted(by: NaturalOrder.precedes).map {
        try Self.read($0, in: group, path)
      }
    }
    for name in [Self.optimizerGroup, "optimizer_weights"]
    where try root.kind(of: name) == .group {
      return try readNamed(try root.group(name))
    }
    return []
  }

  private func readNamed(_ group: HDF5Group) throws -> [NamedTensor] {
    try WeightFileContents.names("weight_names", group).map {
      try Self.read($0, in: group, path)
    }
  }

  private static func read(
    _ name: String, in group: HDF5Group, _ path: String
  ) throws -> NamedTensor {
    let dataset = try group.dataset(name)
    let values: [Float] =
      if case .integer = dataset.elementType {
        try dataset.read(Int64.self).map { Float($0) }
      } else {
        try dataset.read(Float.self)
      }
    guard values.allSatisfy(\.isFinite) else {
      throw KerasFormatError(
        .notFinite, file: path, object: "optimizer tensor \(name)", expected: "finite numbers",
        found: "NaN or infinite ones")
    }
    return NamedTensor(name: name, shape: dataset.shape, values: values)
  }
}

extension NamedTensor {
  /// Whether it is an optimizer's number of steps, which Keras keeps as an integer.
  var isStepCount: Bool {
    let last = name.split(separator: "/").last ?? ""
    return shape.isEmpty && ["iteration", "iteration:0", "iter:0", "iterations:0"].contains(last)
  }

  /// A number of steps as the integer that Keras keeps.
  var stepCounts: [Int64] { values.map { Int64(min(max($0, 0), 0x1p62)) } }
}
