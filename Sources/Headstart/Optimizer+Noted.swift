import NeuralNetwork

extension Optimizer {
  /// What a classifier's file can say of the optimizer that trained it, for Keras to go on with.
  ///
  /// Its state is kept if the classifier has the very weights of the last step. Keras' optimizers
  /// have one rate for all layers, and let all weights decay or none: of factors by layer the least
  /// goes for all, so that Keras trains no layer faster than it was trained here, and another decay
  /// is left out.
  ///
  /// - Parameter isLastEpoch: whether the weights are those after the last epoch.
  func noted(in classifier: Classifier, isLastEpoch: Bool) -> Optimizer {
    let factor = rateMultipliers.values.filter { $0 > 0 }.min() ?? 1
    let isKerasDecay = weightDecay.map { $0.kind == .decoupled && !$0.kernelsOnly } ?? true
    // A state with infinities would not be written, and the model with it.
    let isFinite = slots.joined().joined().allSatisfy(\.isFinite)
    let keepsState = isLastEpoch && classifier.calibration?.isApplied != true && isFinite
    return Optimizer(
      rule, learningRate: learningRate * min(factor, 1),
      weightDecay: isKerasDecay ? weightDecay : WeightDecay(0), clipping: clipping,
      iterations: keepsState ? iterations : 0, slots: keepsState ? slots : [])
  }

  /// What Keras goes on with from a classifier that no optimizer trained: RMSprop at its default
  /// rate, which is what `compile` takes when nothing is said, for a head; where convolutions train
  /// too, the optimizer of the fine-tune stage.
  static func standard(for classifier: Classifier) -> Optimizer {
    let trainsConvolutions = (classifier.backbone as? VGGBackbone)?.trainableFrom != nil
    let tuning = FineTuneSettings()
    return trainsConvolutions
      ? Optimizer(tuning.rule, learningRate: tuning.learningRate) : Optimizer(.rmsprop())
  }
}

extension TrainedModel {
  /// The optimizer to note in the file of the classifier that has this model.
  func optimizer(notedIn classifier: Classifier) -> Optimizer {
    optimizer.noted(in: classifier, isLastEpoch: bestEpoch == history.count)
  }
}
