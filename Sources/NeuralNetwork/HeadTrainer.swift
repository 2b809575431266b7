import Kernels

/// Trains a classifier's head on features: fixed layers and pooling, then one or two dense layers.
///
/// Two classes get one sigmoid unit, P(class 1), and binary cross-entropy; more get softmax and
/// categorical cross-entropy. The result has the same bits for any number of threads.
public struct HeadTrainer: Sendable {
  /// What is trained, and how.
  public let configuration: HeadConfiguration
  /// At least two.
  public let classes: Int
  private let pool: ThreadPool

  /// - Throws: ``NeuralNetworkError/setting(name:expected:found:)`` for settings without meaning.
  public init(_ configuration: HeadConfiguration, classes: Int, pool: ThreadPool) throws {
    try configuration.validate(classes: classes)
    self.configuration = configuration
    self.classes = classes
    self.pool = pool
  }

  /// Trains a head.
  ///
  /// - Parameters:
  ///   - source: The training rows.
  ///   - validation: Rows to measure each epoch on; early stopping needs them. The newton solver
  ///     does not look at them.
  ///   - groups: A number for each training row; rows of one group share a fold of the newton
  ///     solver's cross-validation.
  ///   - progress: Told how far the work is; if it throws, training stops.
  /// - Throws: ``NeuralNetworkError``, and what `source` and `progress` throw.
  public func train(
    on source: any FeatureSource, validation: (any FeatureSource)? = nil, groups: [Int]? = nil,
    progress: (HeadProgress) throws -> Void = { _ in }
  ) throws -> TrainedHead {
    let pipeline = try pipeline(inputShape: source.shape)
    let newton = configuration.solver == .newton
    if newton {
      _ = try logisticRegression.memory(
        rows: source.count, columns: try pipeline.outputShape().product, classes: classes
      ).workers(threads: pool.threads)
    }
    var rows = try HeadRows(
      source, pipeline: pipeline, classes: classes,
      memoryBudget: newton ? .max : configuration.memoryBudget, pool: pool, progress: progress)
    try checkClasses(rows.labels)
    if newton { return try regression(rows, groups: groups, progress: progress) }

    var validationRows = try validation.map {
      try HeadRows(
        $0, pipeline: pipeline, classes: classes,
        memoryBudget: max(0, configuration.memoryBudget - rows.bytes), pool: pool,
        progress: { _ in })
    }
    if let validationRows, validationRows.count == 0 {
      throw NeuralNetworkError.count(what: "validation rows (or more)", expected: 1, found: 0)
    }
    var standardization: Standardization?
    if configuration.standardize {
      guard let map = rows.standardizing else {
        throw NeuralNetworkError.setting(
          name: "standardize", expected: "off for features larger than the memory budget",
          found: "on")
      }
      rows.standardize(map)
      validationRows?.standardize(map)
      standardization = map
    }
    guard let training = configuration.training else {
      throw NeuralNetworkError.setting(
        name: "solver", expected: "rmsprop, adam or sgd", found: configuration.solver.rawValue)
    }
    var loop = TrainingLoop(training, model: try freshHead(width: rows.width), pool: pool)
    try loop.run(rows, validation: validationRows) { try progress(HeadProgress($0)) }
    var head = loop.model
    head.outputActivation = outputActivation
    if let standardization { fold(standardization, into: &head) }
    // Named anew, for a fixed layer may have the name that one of the head has on its own.
    for index in head.layers.indices { head.layers[index].name = "" }
    return TrainedHead(
      model: try Sequential(inputShape: source.shape, layers: pipeline.layers + head.layers),
      pooling: source.shape.count == 3 ? configuration.pooling : nil, history: loop.history,
      bestEpoch: loop.bestEpoch,
      optimizer: standardization == nil ? loop.optimizer : loop.optimizer.fresh, regression: nil)
  }

  /// Folds a standardisation of the features into the first dense layer.
  private func fold(_ map: Standardization, into head: inout Sequential) {
    guard let index = head.layers.firstIndex(where: { $0 is Dense }),
      var dense = head.layers[index] as? Dense
    else { return }
    let folded = map.fold(
      kernel: dense.kernel.value.values.map { Double($0) },
      bias: dense.bias?.value.values.map { Double($0) }
        ?? [Double](repeating: 0, count: dense.units))
    dense.kernel.value.values = folded.kernel.map { Float($0) }
    let bias = Tensor(shape: [dense.units], values: folded.bias.map { Float($0) })
    dense.bias = Parameter(
      name: "bias", value: bias, isTrainable: dense.bias?.isTrainable ?? true)
    head.layers[index] = dense
  }

  private var outputs: Int { classes == 2 ? 1 : classes }
  private var outputActivation: Activation { classes == 2 ? .sigmoid : .softmax }

  /// The fixed layers: before pooling, pooling, after pooling. Features that are vectors already
  /// are not pooled.
  private func pipeline(inputShape: [Int]) throws -> Sequential {
    var layers = configuration.beforePooling
    if inputShape.count > 1 {
      switch configuration.pooling {
      case .flatten: layers.append(Flatten())
      case .average: layers.append(GlobalAveragePooling2D())
      case .max: layers.append(GlobalMaxPooling2D())
      }
    }
    return try Sequential(inputShape: inputShape, layers: layers + configuration.afterPooling)
  }

  /// The layers to be trained, as Keras would initialise them; the last one gives logits.
  private func freshHead(width: Int) throws -> Sequential {
    var generator = Generator.derived(seed: configuration.seed, purpose: 1)
    var dropoutGenerator = Generator.derived(seed: configuration.seed, purpose: 2)
    var layers: [any Layer] = []
    var inputs = width
    if configuration.hidden > 0 {
      layers.append(
        Dense(
          inputs: inputs, units: configuration.hidden,
          activation: .relu, generator: &generator))
      inputs = configuration.hidden
    }
    if configuration.dropout > 0 {
      layers.append(try Dropout(configuration.dropout, seed: dropoutGenerator.next()))
    }
    layers.append(Dense(inputs: inputs, units: outputs, generator: &generator))
    return try Sequential(inputShape: [width], layers: layers)
  }

  private var logisticRegression: LogisticRegression {
    var regression = LogisticRegression()
    regression.strengths = configuration.strengths
    regression.folds = configuration.folds
    regression.standardize = configuration.standardize
    regression.classWeights = configuration.classWeights
    regression.labelSmoothing = configuration.labelSmoothing
    regression.seed = configuration.seed
    return regression
  }

  private func regression(
    _ rows: HeadRows, groups: [Int]?, progress: (HeadProgress) throws -> Void
  ) throws -> TrainedHead {
    let fit = try logisticRegression.fit(
      rows.memory ?? [], columns: rows.width, labels: rows.labels, classes: classes,
      groups: groups, pool: pool
    ) { try progress(.fold(done: $0, total: $1)) }
    let dense = try Dense(kernel: fit.kernel, bias: fit.bias, activation: outputActivation)
    return TrainedHead(
      model: try Sequential(
        inputShape: rows.source.shape, layers: rows.pipeline.layers + [dense]),
      pooling: rows.source.shape.count == 3 ? configuration.pooling : nil, history: [],
      bestEpoch: nil, optimizer: nil, regression: fit.report)
  }

  /// Every class must have a row: a class without one would silently never be predicted.
  private func checkClasses(_ labels: [Int]) throws {
    var counts = [Int](repeating: 0, count: classes)
    for label in labels { counts[label] += 1 }
    if let missing = counts.firstIndex(of: 0) {
      throw NeuralNetworkError.tooFewRows(class: missing, expected: 1, found: 0)
    }
  }
}
