import Kernels

/// Batch normalisation per channel (the last axis): γ·(x − mean)/√(variance + ε) + β.
///
/// A layer without scale has no γ, one without centre no β: they count as 1 and 0.
///
/// In inference, mean and variance are the moving ones. In training they are the batch's own where
/// ``usesBatchStatistics`` is set, and the moving ones follow them:
///
///     moving ← moving · momentum + batch's · (1 − momentum)
///
/// with the variance divided by the number of values, as in Keras 3. Where it is not set, training
/// uses the moving statistics and never changes them, as a frozen layer does in Keras 2 and 3.
public struct BatchNormalization: Layer {
  public var name: String
  public let className = "BatchNormalization"
  /// Nil in a layer without scale.
  public var gamma: Parameter?
  /// Nil in a layer without centre.
  public var beta: Parameter?
  public var movingMean: Parameter
  public var movingVariance: Parameter
  public let momentum: Double
  /// Added to the variance.
  public let epsilon: Float

  /// Whether training normalises by the statistics of the batch, and moves the moving ones.
  public var usesBatchStatistics = false

  /// What the backward pass needs; mean and deviations of the batch, if it was normalised by them.
  struct Kept {
    var input: Tensor
    var batch: (mean: [Float], inverse: [Float])?
  }
  var kept: Kept?

  /// A layer with given statistics, all of it frozen.
  ///
  /// - Parameters:
  ///   - gamma: nil for a layer without scale.
  ///   - beta: nil for a layer without centre.
  ///   - momentum: Keras' default is 0.99.
  ///   - epsilon: Keras' default is 10⁻³.
  /// - Throws: ``NeuralNetworkError/count(what:expected:found:)``.
  public init(
    gamma: [Float]?, beta: [Float]?, movingMean: [Float], movingVariance: [Float],
    momentum: Double = 0.99, epsilon: Float = 1e-3, name: String = ""
  ) throws {
    let channels = movingMean.count
    for (what, values) in [
      ("values of gamma", gamma), ("values of beta", beta), ("moving variances", movingVariance),
    ] {
      guard let values, values.count != channels else { continue }
      throw NeuralNetworkError.count(what: what, expected: channels, found: values.count)
    }
    self.init(
      name: name, gamma: gamma, beta: beta, movingMean: movingMean,
      movingVariance: movingVariance, momentum: momentum, epsilon: epsilon)
  }

  /// A new layer as Keras makes it: γ 1, β 0, moving mean 0 and variance 1, all of it training.
  public init(
    channels: Int, momentum: Double = 0.99, epsilon: Float = 1e-3, center: Bool = true,
    scale: Bool = true, name: String = ""
  ) {
    let (zeros, ones) = (
      [Float](repeating: 0, count: channels), [Float](repeating: 1, count: channels)
    )
    self.init(
      name: name, gamma: scale ? ones : nil, beta: center ? zeros : nil, movingMean: zeros,
      movingVariance: ones, momentum: momentum, epsilon: epsilon)
    setTrainable(true)
  }

  /// A frozen layer of arrays of one count.
  private init(
    name: String, gamma: [Float]?, beta: [Float]?, movingMean: [Float], movingVariance: [Float],
    momentum: Double, epsilon: Float
  ) {
    func parameter(_ name: String, _ values: [Float]) -> Parameter {
      Parameter(
        name: name, value: Tensor(shape: [values.count], values: values), isTrainable: false)
    }
    self.gamma = gamma.map { parameter("gamma", $0) }
    self.beta = beta.map { parameter("beta", $0) }
    self.movingMean = parameter("moving_mean", movingMean)
    self.movingVariance = parameter("moving_variance", movingVariance)
    self.momentum = momentum
    self.epsilon = epsilon
    self.name = name
  }

  var channels: Int { movingMean.value.values.count }
  public var parameters: [Parameter] {
    [gamma, beta].compactMap { $0 } + [movingMean, movingVariance]
  }

  public mutating func updateParameters(_ body: (inout Parameter) throws -> Void) rethrows {
    if gamma != nil { try body(&gamma!) }
    if beta != nil { try body(&beta!) }
    try body(&movingMean)
    try body(&movingVariance)
  }

  /// Lets γ and β train and sets ``usesBatchStatistics``, or freezes all of it, as Keras does.
  ///
  /// To train γ and β by frozen statistics, unset ``usesBatchStatistics`` afterwards.
  public mutating func setTrainable(_ isTrainable: Bool) {
    gamma?.isTrainable = isTrainable
    beta?.isTrainable = isTrainable
    usesBatchStatistics = isTrainable
  }

  public func outputShape(_ inputShape: [Int]) throws -> [Int] {
    guard let last = inputShape.last, last == channels, last > 0 else {
      throw NeuralNetworkError.shape(
        layer: label, expected: "\(channels) channels", found: inputShape)
    }
    return inputShape
  }

  public func callAsFunction(_ input: consuming Tensor, pool: ThreadPool) throws -> Tensor {
    _ = try checkedOutputShape(input)
    normalize(
      &input.values, mean: movingMean.value.values,
      inverse: inverseDeviations(movingVariance.value.values), pool)
    return input
  }

  public mutating func forward(_ input: Tensor, pool: ThreadPool) throws -> Tensor {
    guard usesBatchStatistics else {
      kept = Kept(input: input)
      return try self(input, pool: pool)
    }
    _ = try checkedOutputShape(input)
    let statistics = statistics(of: input.values, pool)
    move(&movingMean, towards: statistics.mean)
    move(&movingVariance, towards: statistics.variance)
    let inverse = inverseDeviations(statistics.variance)
    kept = Kept(input: input, batch: (statistics.mean, inverse))
    var output = input
    normalize(&output.values, mean: statistics.mean, inverse: inverse, pool)
    return output
  }

  public mutating func backward(
    _ gradient: consuming Tensor, needsInputGradient: Bool, pool: ThreadPool
  ) throws -> Tensor? {
    let kept = try kept(kept)
    let (mean, inverse) =
      kept.batch
      ?? (movingMean.value.values, inverseDeviations(movingVariance.value.values))
    let (trainsGamma, trainsBeta) = (gamma?.isTrainable == true, beta?.isTrainable == true)
    if trainsGamma || trainsBeta || kept.batch != nil {
      let sums = gradientSums(
        kept.input.values, gradient.values, mean: mean, inverse: inverse, pool)
      if trainsGamma { gamma?.gradient = sums.gamma }
      if trainsBeta { beta?.gradient = sums.beta }
      guard needsInputGradient else { return nil }
      if kept.batch != nil {
        subtractMeans(
          &gradient.values, kept.input.values, mean: mean, inverse: inverse, sums, pool)
      }
    }
    guard needsInputGradient else { return nil }
    gradient.values.scaleChannels(
      by: scales(inverse), adding: [0], pool: pool)
    return gradient
  }

  public mutating func forget() { kept = nil }
}
