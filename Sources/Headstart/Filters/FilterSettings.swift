/// Which filters are maximised, and how.
public struct FilterSettings: Codable, Sendable, Equatable {
  /// A convolution by its Keras name, `block1_conv1` … `block5_conv3`; nil for the last.
  public var layer: String?
  /// How many filters, those that rise highest (see ``FilterMaximization``); more than there are
  /// means all.
  public var count = 16
  /// These filters, by their numbers from 0, in place of ``count``.
  public var indices: [Int]?
  /// Width and height of the pictures, in pixels.
  public var size = 128
  /// Steps of gradient ascent.
  public var steps = 30
  /// Root mean square of the change in one step, in levels of 0…255.
  public var stepSize: Float = 1
  /// Of the noise that the ascent begins with.
  public var seed: UInt64 = 0

  public init() {}

  /// Refuses settings that no layer could fulfil.
  ///
  /// - Throws: ``FilterError/setting(name:expected:found:)``.
  public func check() throws {
    func check(_ name: String, _ isRight: Bool, _ expected: String, _ found: some Any) throws {
      guard isRight else {
        throw FilterError.setting(name: name, expected: expected, found: "\(found)")
      }
    }
    try check("count", (1...4096).contains(count), "1 to 4096", count)
    try check("size", (8...1024).contains(size), "8 to 1024 pixels", size)
    try check("steps", (1...10_000).contains(steps), "1 to 10000", steps)
    try check("stepSize", stepSize > 0 && stepSize <= 255, "above 0, at most 255", stepSize)
    if let indices {
      try check("indices", (1...4096).contains(indices.count), "1 to 4096 numbers", indices.count)
    }
    // No layer of VGG has more filters than 512.
    let pixels = (indices?.count ?? min(count, 512)) * size * size
    try check("count × size²", pixels <= 100_000_000, "at most 100 megapixels", pixels)
  }

  /// Checks the settings against the convolutions that there are, and finds the way to the layer.
  ///
  /// - Parameter source: what messages call the network.
  /// - Throws: ``FilterError``.
  func plan(
    convolutions: some Collection<(name: String, filters: Int)>, source: String
  ) throws -> VGGPlan {
    try check()
    let names = convolutions.map(\.name)
    guard let layer = layer ?? names.last else {
      throw FilterError.noConvolutions(source: source)
    }
    guard let filters = convolutions.first(where: { $0.name == layer })?.filters else {
      throw FilterError.unknownLayer(layer, known: names, source: source)
    }
    for index in indices ?? [] where !(0..<filters).contains(index) {
      throw FilterError.noSuchFilter(index, layer: layer, filters: filters)
    }
    let plan = try VGGPlan(layer: layer, convolutions: names, dense: [], source: source)
    let least = 1 << plan.pools.count { $0 }
    guard size >= least else {
      throw FilterError.tooSmall(size: size, least: least, layer: layer)
    }
    return plan
  }
}
