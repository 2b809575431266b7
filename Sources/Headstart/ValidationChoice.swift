/// What validation pictures decide while a model is made.
///
/// Figures on the pictures that decided are a little better than those of other pictures will be:
/// the best of several was taken, by their chance as well as by its merit.
public enum ValidationChoice: String, Codable, Sendable, CaseIterable {
  /// Which epoch's weights are taken, or when training stops.
  case epoch
  /// What the logits are divided by; see ``Calibration``.
  case temperature
  /// Whether the fine-tuned model is kept.
  case fineTuning
  /// What each model counts in a mean.
  case weights

  /// `the epoch`
  public var text: String {
    switch self {
    case .epoch: "the epoch"
    case .temperature: "the temperature"
    case .fineTuning: "whether fine-tuning is kept"
    case .weights: "the models' weights"
    }
  }

  /// What is to be known of figures on pictures that decided on these; nil if on nothing.
  public static func remark(on choices: [ValidationChoice]) -> String? {
    guard let last = choices.last else { return nil }
    let others = choices.dropLast().map(\.text).joined(separator: ", ")
    let what = others.isEmpty ? last.text : "\(others) and \(last.text)"
    return "The validation pictures also decided on \(what): expect others to do a little worse."
  }
}

extension HeadSettings {
  /// What the validation pictures decide; nothing with the solver `newton`, which has folds for it.
  public var validationChoices: [ValidationChoice] {
    guard solver != .newton else { return [] }
    return (patience == nil ? [] : [.epoch]) + (calibrates ? [.temperature] : [])
  }
}

extension NetworkSettings {
  /// What the validation pictures decide.
  public var validationChoices: [ValidationChoice] {
    (restoresBest || patience != nil ? [.epoch] : []) + (calibrates ? [.temperature] : [])
  }
}

extension FineTuneSettings {
  /// What the validation pictures decide.
  public var validationChoices: [ValidationChoice] {
    [.epoch, .fineTuning] + (calibrates ? [.temperature] : [])
  }
}

extension Recipe {
  /// What the validation pictures decide of the result and of what it starts from.
  ///
  /// Models of folds leave them alone: there, each fold's own pictures decide.
  public var validationChoices: [ValidationChoice] {
    var found: Set<ValidationChoice> = []
    var names = result.models
    while let name = names.popLast() {
      guard let model = model(name) else { continue }
      names += model.startsFrom.map { [$0] } ?? []
      guard model.folds == 0 else { continue }
      found.formUnion(model.head?.validationChoices ?? [])
      found.formUnion(model.training?.validationChoices ?? [])
      found.formUnion(model.fineTuning?.validationChoices ?? [])
    }
    let haveFolds = result.models.allSatisfy { model($0)?.folds ?? 0 > 0 }
    if fitsWeights, !haveFolds { found.insert(.weights) }
    return ValidationChoice.allCases.filter(found.contains)
  }
}
