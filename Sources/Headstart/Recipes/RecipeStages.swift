import KerasFormat
import Kernels
import NeuralNetwork
import Pictures

/// Where a recipe finds what it needs, and how it works.
public struct RecipeEnvironment: Sendable {
  /// The folder of all feature stores.
  public var featuresFolder: String
  /// The weight file of every backbone; nil for the folder of the weights.
  public var weightsFile: String?
  /// Whether the first picture that cannot be read ends everything.
  public var strict: Bool
  /// How the features for fine-tuning are kept.
  public var storage: FeatureStorage
  /// Added to the seeds of all models.
  public var seed: UInt64
  /// What computes.
  public var pool: ThreadPool

  public init(
    featuresFolder: String, weightsFile: String? = nil, strict: Bool = false,
    storage: FeatureStorage = .plain, seed: UInt64 = 0, pool: ThreadPool
  ) {
    self.featuresFolder = featuresFolder
    self.weightsFile = weightsFile
    self.strict = strict
    self.storage = storage
    self.seed = seed
    self.pool = pool
  }

  func backbone(
    _ settings: FeatureSettings, weightFile: String?
  ) throws -> any FeatureExtractor {
    guard let weightFile else { return try PixelBackbone(settings: settings) }
    return try VGGBackbone(weightFile: weightFile, settings: settings, pool: pool)
  }
}

/// A model of a recipe, trained on one data set.
struct TrainedRecipeModel {
  var classifier: Classifier
  var history: [EpochRecord] = []
  /// How the solver `newton` came to its strength; nil of training by epochs.
  var regression: RegressionReport?
  /// Every training picture judged by a head that has not seen it; nil where there are no such.
  var outOfFold: EvaluationReport?
  /// The epoch whose weights the classifier has; 0 where there are no epochs.
  var bestEpoch = 0
  /// Of a head: what its training chose, or was given.
  var pooling: HeadPooling?
  var strength: Double?
  /// Of the data set's validation pictures, as they are.
  var validation: JudgedPredictions?
  var problems: [(sample: Sample, reason: String)] = []
  var seconds = 0.0
  /// What is to be said of it.
  var remark: String?
  /// The optimizer as training left it, for training to go on from.
  var optimizer: Optimizer?
}

extension Recipe {
  /// The files of pretrained weights that the models begin with, each once.
  ///
  /// - Throws: ``StageError/noWeights(backbone:searched:)``, ``RecipeError``.
  public func weightFiles(_ environment: RecipeEnvironment) throws -> [String] {
    Array(Set(try models.compactMap { try $0.weightFile(environment) })).sorted()
  }

  /// Refuses, before any work is done, what could not be carried out with these pictures.
  func checkReady(_ environment: RecipeEnvironment, _ data: DataSet) throws {
    for model in models { try model.checkReady(environment, data) }
    if fitsWeights, data.validation.isEmpty,
      !result.models.allSatisfy({ model($0)?.folds ?? 0 > 0 })
    {
      throw RecipeError(
        "\(name): result.weights",
        expected: "validation pictures, or folds of all of the result's models, to fit them by",
        found: "neither")
    }
  }
}

extension RecipeModel {
  /// The file of the pretrained weights; nil where there are none of its own.
  func weightFile(_ environment: RecipeEnvironment) throws -> String? {
    guard startsFrom == nil, features.backbone != .none else { return nil }
    // The block's file has the convolutions that belong to it.
    if let file = environment.weightsFile { return file }
    if let denseBlock { return try PretrainedDenseBlock.weightFile(denseBlock) }
    do {
      return try WeightsLocation.find(features.backbone, layer: features.layer)
    } catch {
      // A stand-in serves where it was made on purpose; the model's remark tells.
      guard let standIn = UntrainedWeights.standIn(for: features.backbone) else { throw error }
      return standIn
    }
  }

  /// Trains the model.
  ///
  /// - Parameters:
  ///   - start: what a fine-tuning begins with.
  ///   - checkpoint: where the state after each epoch is kept; training goes on from there.
  func train(
    on data: DataSet, from start: Classifier?, checkpoint: String,
    environment: RecipeEnvironment, cancellation: Cancellation,
    event: (RecipeRun.Event) -> Void
  ) throws -> TrainedRecipeModel {
    var trained: TrainedRecipeModel
    if let head {
      trained = try train(head, data, environment, cancellation) {
        // What it has to say of the pictures was said of all of them.
        if case .remark = $0 { return }
        event(.head($0))
      }
    } else if let network, let training {
      trained = try train(network, training, data, checkpoint, environment, cancellation) {
        event(.network($0))
      }
    } else if let fineTuning, let start {
      trained = try train(fineTuning, start, data, checkpoint, environment, cancellation) {
        event(.fineTuning($0))
      }
    } else {
      throw RecipeError(name, expected: "a model to start from", found: "none")
    }
    // What explains figures that the training's own do not.
    let calibration = trained.classifier.calibration.flatMap { $0.isApplied ? $0 : nil }
    let remarks = [
      UntrainedWeights.remark(try weightFile(environment)), trained.remark,
      calibration.map {
        String(
          format: "logits divided by %.2f: log loss %.4f → %.4f", $0.temperature, $0.logLossBefore,
          $0.logLossAfter)
      },
    ].compactMap { $0 }
    trained.remark = remarks.isEmpty ? nil : remarks.joined(separator: "; ")
    return trained
  }

  /// Refuses, before any work is done, what could not be carried out: weights that are not there,
  /// pictures too small for the backbone, a last layer that does not fit the classes, a patience
  /// that has no pictures to watch.
  func checkReady(_ environment: RecipeEnvironment, _ data: DataSet) throws {
    _ = try weightFile(environment)
    let hasValidation = folds > 0 || !data.validation.isEmpty
    let patience = head?.patience ?? training?.patience ?? fineTuning?.patience
    guard patience == nil || hasValidation else {
      throw RecipeError(
        "\(name): patience",
        expected: "validation pictures, whose loss it watches: keep some by --validation-share,"
          + " or set it to null", found: "none")
    }
    guard fineTuning == nil || hasValidation else {
      throw RecipeError(
        name,
        expected: "validation pictures, or folds, to tell whether fine-tuning helps: keep some by"
          + " --validation-share", found: "none")
    }
    if let network, let shape = networkInput {
      _ = try network.network(inputShape: shape, classes: data.classes.count, seed: 0)
    }
    guard features.backbone == .none || min(features.height, features.width) >= 32 else {
      throw RecipeError(
        name, expected: "pictures of at least 32 pixels a side, for five poolings",
        found: "\(features.height) × \(features.width)")
    }
  }

  private func train(
    _ head: HeadSettings, _ data: DataSet, _ environment: RecipeEnvironment,
    _ cancellation: Cancellation, event: (HeadStage.Event) -> Void
  ) throws -> TrainedRecipeModel {
    let stage = HeadStage(
      settings: features, head: head, featuresFolder: environment.featuresFolder,
      strict: environment.strict, pool: environment.pool)
    let result = try stage.run(
      data,
      backbone: try environment.backbone(features, weightFile: try weightFile(environment)),
      cancellation: cancellation, event: event)
    return TrainedRecipeModel(
      classifier: result.classifier, history: result.trained.history,
      regression: result.trained.regression, outOfFold: result.outOfFold,
      bestEpoch: result.trained.bestEpoch ?? 0, pooling: result.trained.pooling,
      strength: result.trained.regression?.chosen, validation: result.judgedValidation,
      problems: result.extraction.problems, seconds: result.seconds,
      optimizer: result.savedOptimizer)
  }

  private func train(
    _ network: NetworkArchitecture, _ training: NetworkSettings, _ data: DataSet,
    _ checkpoint: String, _ environment: RecipeEnvironment, _ cancellation: Cancellation,
    event: (NetworkStage.Event) -> Void
  ) throws -> TrainedRecipeModel {
    let file = try weightFile(environment)
    let backbone = try environment.backbone(features, weightFile: file)
    let block = try denseBlock.flatMap { block in file.map { (block, $0) } }.map { block, file in
      try PretrainedDenseBlock(
        try VGG16BNBlock.load(file), epsilon: block.epsilon, inputShape: backbone.outputShape,
        seed: training.seed)
    }
    var stage = NetworkStage(
      features: features, architecture: network, settings: training,
      featuresFolder: environment.featuresFolder, strict: environment.strict,
      pool: environment.pool)
    stage.initial = try block?.network(
      with: network, classes: data.classes.count, seed: training.seed)
    let result = try stage.run(
      data, backbone: backbone, checkpoint: checkpoint, resumes: true,
      cancellation: cancellation, event: event)
    return TrainedRecipeModel(
      classifier: result.classifier, history: result.trained.history,
      bestEpoch: result.trained.bestEpoch, validation: result.judgedValidation,
      problems: result.extraction.problems, seconds: result.seconds,
      optimizer: result.savedOptimizer)
  }

  private func train(
    _ fineTuning: FineTuneSettings, _ start: Classifier, _ data: DataSet, _ checkpoint: String,
    _ environment: RecipeEnvironment, _ cancellation: Cancellation,
    event: (FineTuneStage.Event) -> Void
  ) throws -> TrainedRecipeModel {
    let stage = FineTuneStage(
      settings: fineTuning, featuresFolder: environment.featuresFolder, strict: environment.strict,
      storage: environment.storage, pool: environment.pool)
    let result = try stage.run(
      data, classifier: start, checkpoint: checkpoint, resumes: true, cancellation: cancellation,
      event: event)
    // Without pictures to compare by, ``checkReady(_:_:)`` has refused.
    let isBetter = result.comparison?.isBetter ?? false
    return TrainedRecipeModel(
      classifier: isBetter ? result.classifier : result.original, history: result.trained.history,
      bestEpoch: result.trained.bestEpoch,
      validation: isBetter ? result.judgedAfter : result.judgedBefore,
      problems: result.extraction.problems + result.validationExtraction.problems,
      seconds: result.seconds,
      remark: isBetter
        ? nil
        : "not better on the validation pictures than \(startsFrom ?? ""), which is kept",
      optimizer: isBetter ? result.savedOptimizer : nil)
  }
}
