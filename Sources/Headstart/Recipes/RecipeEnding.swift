import Foundation
import Pictures

// What a recipe ends with: one model or the mean of several, judged by pictures that none of them
// was trained on, and the submission.

extension RecipeWork {
  /// A model of the mean.
  private struct Member {
    let output: RecipeModelFolder
    let weight: Double
  }

  /// Says in the folder what is to be in it, and looks whether the run can end with a submission,
  /// before hours of work.
  ///
  /// - Throws: `SubmissionError` for a positive class that does not exist.
  mutating func prepare(event: (RecipeRun.Event) -> Void) throws {
    // Beside the results of an earlier run its own recipe stays.
    if !FileManager.default.fileExists(atPath: folder.path("results.json")) { try describe() }
    guard !data.test.isEmpty else { return }
    do {
      try submission(clip: 0).checkIdentifiers(data.test.map(\.path))
      writesSubmission = true
    } catch let error as StageError {
      event(.remark("there will be no submission. \(error)"))
    }
  }

  private func describe() throws {
    try folder.write(try recipe.yaml, to: "recipe.yaml")
    try folder.write(split: data.split)
  }

  /// Judges the result, then puts everything in its place, in the time that writing takes.
  func finish(event: (RecipeRun.Event) -> Void) throws -> RecipeResults {
    let views = try recipe.testTime.views(seed: environment.seed)
    let outOfFold = try outOfFold()
    let weights = try weights(outOfFold)
    for (name, weight) in zip(recipe.result.models, weights) where weight == 0 {
      event(.remark("\(name) adds nothing to the other models, and is left out of their mean"))
    }
    if recipe.fitsWeights {
      let pictures = outOfFold == nil ? "validation pictures" : "out-of-fold predictions"
      event(.remark("the weights were fitted to the \(pictures), which flatters their log loss"))
    }
    var members: [Member] = []
    for (name, weight) in zip(recipe.result.models, weights) where weight > 0 {
      let outputs = trained[name] ?? []
      members += outputs.map { Member(output: $0, weight: weight / Double(outputs.count)) }
    }
    var problems = problems
    let validation = try judge(members, views, &problems, event: event)
    let outOfFoldMean = try outOfFold.map { try mean($0, weights) }
    // Of the mean's own predictions where there are validation pictures; of folds, each picture is
    // judged by the models of its fold alone, as it is: of other views they say nothing.
    let calibration =
      calibration(validation, .validation)
      ?? (recipe.testTime.isPlain ? calibration(outOfFoldMean, .outOfFold) : nil)
    let comparison = try comparison()
    var results = RecipeResults(
      recipe: recipe.name, models: records,
      members: members.map { .init(model: $0.output.place + "/model.h5", weight: $0.weight) },
      views: views.count, validation: try validation?.report(),
      validationChoices: validation == nil ? [] : recipe.validationChoices,
      outOfFold: try outOfFoldMean?.report(), unreadable: [])
    var submitted: String?
    if !data.test.isEmpty {
      let outcomes = try predict(data.test.map(\.path), members, views, &problems, event: event)
      let predictions = outcomes.compactMap { outcome -> Prediction? in
        if case .predicted(let prediction) = outcome { prediction } else { nil }
      }
      if writesSubmission {
        let summary = try submission(of: predictions, calibration)
        submitted = try submission(clip: summary.clip).text(predictions)
        results.submission = summary
      }
      results.test = try testReport(outcomes)
    }
    results.unreadable = problems.sorted { $0.key < $1.key }.map {
      Manifest.Unreadable(path: $0.key, reason: $0.value)
    }

    try takePlaces()
    try describe()
    try write(members, calibration)
    if let validation {
      try validation.write(to: folder)
    } else {
      try JudgedPredictions.remove(from: folder)
    }
    try write(comparison, to: "comparison.svg")
    try write(submitted, to: "submission.csv")
    results.seconds = seconds
    try folder.write(json: results, to: "results.json")
    return results
  }

  /// Removes what says that the folder holds finished results, and puts the models in their places.
  private func takePlaces() throws {
    for name in ["identity", "results.json", "manifest.json"] { try folder.remove(name) }
    for output in trained.values.joined() { try output.takePlace(in: folder) }
    let next = folder.path(RecipeModelFolder.next)
    if FileManager.default.fileExists(atPath: next) {
      try FileManager.default.removeItem(atPath: next)
    }
  }

  /// - Parameter text: nil for no such file.
  private func write(_ text: String?, to name: String) throws {
    if let text { try folder.write(text, to: name) } else { try folder.remove(name) }
  }

  /// For each model of the result, what its folds say of the training pictures they have not seen;
  /// nil unless all of them have folds.
  private func outOfFold() throws -> [[RecipeResults.Judged]]? {
    let models = recipe.result.models.compactMap { recipe.model($0) }
    guard models.allSatisfy({ $0.folds > 0 }) else { return nil }
    return try models.map { model in
      try (trained[model.name] ?? []).flatMap { try $0.predictions() }
        .sorted { $0.path < $1.path }
    }
  }

  /// What each of the result's models counts.
  private func weights(_ outOfFold: [[RecipeResults.Judged]]?) throws -> [Double] {
    let count = recipe.result.models.count
    guard recipe.fitsWeights else { return Array(repeating: 1 / Double(count), count: count) }
    let heldOut =
      try outOfFold
      ?? recipe.result.models.map { name in
        guard let output = trained[name]?.first, recipe.model(name)?.folds == 0 else {
          throw RecipeError(
            "\(recipe.name): result",
            expected: "folds in all of its models, or in none, to fit weights by",
            found: "folds in some")
        }
        return try output.predictions().sorted { $0.path < $1.path }
      }
    guard let first = heldOut.first, !first.isEmpty,
      heldOut.allSatisfy({ $0.map(\.path) == first.map(\.path) })
    else {
      throw RecipeError(
        "\(recipe.name): result",
        expected: "predictions of the same held-out pictures by all models, to fit weights by",
        found: "none, or others")
    }
    return EnsembleWeights.fit(
      heldOut.map { $0.map(\.probabilities) }, labels: first.map(\.label))
  }

  /// The mean of what several models say of the same pictures.
  private func mean(
    _ models: [[RecipeResults.Judged]], _ weights: [Double]
  ) throws -> JudgedPredictions {
    let first = models.first ?? []
    guard models.allSatisfy({ $0.map(\.path) == first.map(\.path) }) else {
      throw RecipeError(
        recipe.name, expected: "predictions of the same pictures by all models",
        found: "others; pictures came or went while it ran")
    }
    let probabilities = Ensemble.mean(
      models.map { $0.map(\.probabilities) }, weights: weights)
    return JudgedPredictions(
      zip(first, probabilities).map { $0.prediction($1) }, labels: first.map(\.label),
      classes: data.classes)
  }

  /// The result's predictions of the validation pictures; nil if there are none.
  private func judge(
    _ members: [Member], _ views: [PictureView], _ problems: inout [String: String],
    event: (RecipeRun.Event) -> Void
  ) throws -> JudgedPredictions? {
    guard !data.validation.isEmpty else { return nil }
    // Models without folds have said all there is to say of plain pictures.
    let areFolds = recipe.result.models.contains { recipe.model($0)?.folds ?? 0 > 0 }
    let judged: JudgedPredictions
    if views == [.plain], !areFolds {
      judged = try mean(
        try members.map { try $0.output.predictions().sorted { $0.path < $1.path } },
        members.map(\.weight))
    } else {
      judged = JudgedPredictions(
        try predict(data.validation.map(\.path), members, views, &problems, event: event),
        labels: data.validation.map { $0.label ?? 0 }, classes: data.classes)
    }
    return judged.predictions.isEmpty ? nil : judged
  }

  /// - Parameter problems: the reason of each picture that cannot be read is added.
  private func predict(
    _ paths: [String], _ members: [Member], _ views: [PictureView],
    _ problems: inout [String: String], event: (RecipeRun.Event) -> Void
  ) throws -> [Predictor.Outcome] {
    // One at a time: a network's prepared weights take hundreds of megabytes.
    let outcomes = try members.map { member in
      let classifier = try member.output.classifier(environment.pool)
      let predictor = Predictor(
        classifier, featuresFolder: classifier.isFrozen ? environment.featuresFolder : nil,
        views: views, strict: environment.strict, pool: environment.pool)
      return try predictor.predict(paths, cancellation: cancellation) { event(.predicting($0)) }
    }
    let mean = EnsemblePredictor.mean(outcomes, weights: members.map(\.weight))
    for case .unreadable(let path, let reason) in mean { problems[path] = reason }
    return mean
  }

  private func calibration(
    _ judged: JudgedPredictions?, _ source: Calibration.Source
  ) -> Calibration? {
    judged.map {
      Calibration(
        probabilities: $0.predictions.map(\.probabilities), labels: $0.labels, source: source)
    }
  }

  /// Leaves what predicts in the run's own folder: the model, if it is one, and what is said of
  /// several models or of several views of a picture.
  private func write(_ members: [Member], _ calibration: Calibration?) throws {
    if members.count == 1 {
      try RecipeFiles.link(
        folder.path(members[0].output.place + "/model.h5"), to: folder.path("model.h5"))
    } else {
      try folder.remove("model.h5")
    }
    let choice = recipe.submissionChoice(data.classes)
    guard members.count > 1 || !recipe.testTime.isPlain || !choice.isEmpty else {
      return try folder.remove("ensemble.json")
    }
    try EnsembleFile(
      members: members.map { .init(model: $0.output.place + "/model.h5", weight: $0.weight) },
      calibration: calibration, testTime: recipe.testTime, seed: environment.seed,
      submission: choice.isEmpty ? nil : choice
    ).write(to: folder.path("ensemble.json"))
  }

  /// The models' trainings in one figure, in the recipe's order; nil unless there are several.
  private func comparison() throws -> String? {
    let runs = try recipe.models.map { model in
      ComparisonChart.Run(
        model.name, folds: try (trained[model.name] ?? []).compactMap { try $0.history() })
    }
    return runs.flatMap(\.histories).count > 1 ? ComparisonChart.svg(runs) : nil
  }

  private func submission(clip: Double) throws -> Submission {
    try Submission(
      classes: data.classes, positive: recipe.submissionChoice(data.classes).positive, clip: clip)
  }

  /// Of test pictures whose classes are known; nil unless all are.
  private func testReport(_ outcomes: [Predictor.Outcome]) throws -> EvaluationReport? {
    let labels = data.test.compactMap(\.label)
    guard labels.count == data.test.count else { return nil }
    let judged = JudgedPredictions(outcomes, labels: labels, classes: data.classes)
    return judged.predictions.isEmpty ? nil : try judged.report()
  }

  private func submission(
    of predictions: [Prediction], _ calibration: Calibration?
  ) throws -> RecipeResults.Submission {
    let clip = recipe.clip ?? calibration?.clipping.best ?? ClipTable.standardClip
    let expected =
      predictions.isEmpty
      ? nil
      : calibration?.clipping.expectedLogLoss(clip: clip, pictures: predictions.count)
    return RecipeResults.Submission(
      path: folder.path("submission.csv"), rows: predictions.count,
      label: try submission(clip: clip).meaning, clip: clip,
      expectedLogLoss: expected?.mean,
      expectedLogLossInterval: expected.map { [$0.interval.lowerBound, $0.interval.upperBound] })
  }
}

extension Recipe {
  /// What the recipe, or the competition that most recipes were made for, asks for beyond what
  /// `submit` does of itself: dogs are the positive class there, whatever the order of the classes.
  func submissionChoice(_ classes: [String]) -> SubmissionChoice {
    let dogs = classes.first { ["dogs", "dog"].contains($0) }
    let positive = positive ?? (classes.count == 2 ? dogs : nil)
    return SubmissionChoice(
      positive: positive == classes.last && classes.count == 2 ? nil : positive, clip: clip)
  }
}

extension RecipeResults.Judged {
  fileprivate func prediction(_ probabilities: [Double]) -> Prediction {
    // The path is what it goes by here.
    Prediction(
      path: path, picture: PictureHash(of: Array(path.utf8)), probabilities: probabilities)
  }
}

extension Classifier {
  /// Whether its features are a pretrained backbone's, which other models share.
  fileprivate var isFrozen: Bool {
    (backbone as? VGGBackbone).map { $0.trainableFrom == nil } ?? false
  }
}
