import Foundation
import Headstart
import Kernels
import NeuralNetwork
import Pictures
import Testing

/// Means of several classifiers' probabilities, and the file that names them.
@Suite struct EnsembleTests {
  private let scratch: Scratch
  private let pool = ThreadPool(threads: 2)

  init() throws { scratch = try Scratch() }

  /// A classifier of pixels with a head of random weights.
  private func classifier(
    _ seed: UInt64, size: Int = 4, classes: [String] = ["cats", "dogs"],
    preprocessing: Preprocessing = .rescale
  ) throws -> Classifier {
    let settings = FeatureSettings(
      backbone: .none, height: size, width: size, preprocessing: preprocessing)
    var generator = Generator(seed: seed)
    let units = classes.count == 2 ? 1 : classes.count
    return Classifier(
      classes: classes, settings: settings, backbone: try PixelBackbone(settings: settings),
      head: try Sequential(
        inputShape: [size, size, 3],
        layers: [
          Flatten(),
          Dense(
            inputs: size * size * 3, units: units,
            activation: units == 1 ? .sigmoid : .softmax, generator: &generator),
        ]), trainedOn: PictureSet([PictureHash(of: [UInt8(seed)])]))
  }

  /// Pictures of noise, and a file that is none in second place.
  private func pictures(_ count: Int) throws -> [String] {
    var generator = SeededGenerator(seed: 5)
    var paths = try (0..<count).map { index in
      let pixels = (0..<9 * 7 * 3).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      return try scratch.write(
        try Picture(width: 9, height: 7, pixels: pixels).png(), to: "pictures/\(index).png")
    }
    paths.insert(try scratch.write(Array("none".utf8), to: "pictures/broken.png"), at: 1)
    return paths
  }

  private func probabilities(_ outcomes: [Predictor.Outcome]) -> [[Double]?] {
    outcomes.map { outcome in
      if case .predicted(let prediction) = outcome { prediction.probabilities } else { nil }
    }
  }

  @Test func probabilitiesAreTheWeightedMean() throws {
    let members = [
      try classifier(1), try classifier(2, size: 6), try classifier(3, preprocessing: .caffe),
      try classifier(4),
    ]
    let weights = [0.5, 0.125, 0.375, 0]
    let ensemble = try Ensemble(
      zip(members, weights).map { Ensemble.Member($0, weight: $1) })
    let paths = try pictures(5)
    let single = try members.map {
      probabilities(try Predictor($0, featuresFolder: nil, pool: pool).predict(paths))
    }
    #expect(Set(single.compactMap { $0[0]?[0] }).count == 4, "each member differs")
    for folder in [nil, scratch.file("features")] {
      let predictor = EnsemblePredictor(ensemble, featuresFolder: folder, pool: pool)
      var seen: Set<Int> = []
      let outcomes = try predictor.predict(paths) { member, _ in seen.insert(member) }
      #expect(seen == [0, 1, 2], "a member that does not count is not asked")
      let found = probabilities(outcomes)
      #expect(found.map { $0 == nil } == [false, true, false, false, false, false])
      for picture in paths.indices where picture != 1 {
        for place in 0..<2 {
          let mean = (0..<4).reduce(0.0) { sum, member in
            sum + weights[member] * (single[member][picture]?[place] ?? .nan)
          }
          #expect(abs((found[picture]?[place] ?? .nan) - mean) < 1e-15)
        }
      }
      #expect(try predictor.predictMembers(paths).map(probabilities) == single)
    }
    let alone = try EnsemblePredictor(Ensemble(members[1]), featuresFolder: nil, pool: pool)
      .predict(paths)
    #expect(probabilities(alone) == single[1], "a lone model says what it says, to the bit")
  }

  @Test func averagingCountsEachPartTheSame() throws {
    let pair = try Ensemble([
      .init(classifier(1), weight: 0.75), .init(classifier(2), weight: 0.25),
    ])
    let whole = try Ensemble(averaging: [pair, Ensemble(classifier(3))])
    #expect(whole.members.map(\.weight) == [0.375, 0.125, 0.5])
    #expect(try Ensemble(averaging: [pair]).members.map(\.weight) == [0.75, 0.25])
    #expect(throws: EnsembleError.self) { try Ensemble(averaging: []) }
    let other = try classifier(3, classes: ["dogs", "cats"])
    let error = #expect(throws: EnsembleError.self) {
      try Ensemble(averaging: [pair, Ensemble(other, name: "b.h5")])
    }
    #expect(try #require(error).description.contains("b.h5 knows the classes dogs, cats"))
  }

  @Test func viewsAreTheFilesUnlessAskedForOthers() throws {
    let member = try classifier(1)
    try member.save(to: scratch.file("a.h5"))
    var augmentation = Augmentation()
    augmentation.rotationRange = 20
    let kinds: [(TestTime?, [PictureView])] = [
      (nil, [.plain]), (TestTime(views: 2), [.plain, .flipped]),
      (
        TestTime(views: 3, augmentation: augmentation),
        PictureView.random(3, of: augmentation, seed: 8)
      ),
    ]
    let paths = try pictures(3)
    for (number, (testTime, views)) in kinds.enumerated() {
      let path = scratch.file("\(number).json")
      try EnsembleFile(
        members: [.init(model: "a.h5", weight: 1)], testTime: testTime, seed: 7
      ).write(to: path)
      let ensemble = try Ensemble.load(path, pool: pool)
      #expect(ensemble.views == views)
      let expected = try Predictor(member, featuresFolder: nil, views: views, pool: pool)
        .predict(paths)
      #expect(
        try probabilities(
          EnsemblePredictor(ensemble, featuresFolder: nil, pool: pool).predict(paths))
          == probabilities(expected))
      #expect(ensemble.with(views: [.flipped]).views == [.flipped])
    }
    let flip = try Ensemble.load(scratch.file("1.json"), pool: pool)
    #expect(try Ensemble(averaging: [flip, flip]).views == [.plain, .flipped])
    let error = #expect(throws: EnsembleError.self) {
      try Ensemble(averaging: [flip, Ensemble(member, name: "b.h5")])
    }
    #expect(try #require(error).description.contains("b.h5 is judged by other views"))
  }

  @Test func evaluationCountsPicturesThatAnyMemberWasTrainedOn() throws {
    let ensemble = try Ensemble([
      .init(classifier(1), weight: 0.5), .init(classifier(2), weight: 0.5),
    ])
    let outcomes = (0..<4).map { number in
      Predictor.Outcome.predicted(
        Prediction(
          path: "\(number)", picture: PictureHash(of: [UInt8(number)]), probabilities: [1, 0]))
    }
    let evaluation = try Evaluation(outcomes: outcomes, labels: [0, 0, 1, 0], ensemble: ensemble)
    #expect(evaluation.trainedOn == 2 && evaluation.report.accuracy == 0.75)
  }

  @Test func filesComeBack() throws {
    try FileManager.default.createDirectory(
      atPath: scratch.file("fold 1"), withIntermediateDirectories: true)
    try classifier(1).save(to: scratch.file("fold 1/model.h5"))
    try classifier(2, size: 5).save(to: scratch.file("b.h5"))
    let calibration = Calibration(
      probabilities: [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], labels: [0, 1, 0], source: .validation)
    let file = EnsembleFile(
      members: [.init(model: "fold 1/model.h5", weight: 0.3), .init(model: "b.h5", weight: 0.7)],
      calibration: calibration, submission: SubmissionChoice(positive: "cats", clip: 0.01))
    try file.write(to: scratch.file("ensemble.json"))
    #expect(try EnsembleFile.read(scratch.file("ensemble.json")) == file)
    let ensemble = try Ensemble.load(scratch.file("ensemble.json"), pool: pool)
    #expect(ensemble.members.map(\.weight) == [0.3, 0.7])
    #expect(ensemble.members.map(\.classifier.settings.width) == [4, 5])
    #expect(ensemble.calibration == calibration && ensemble.classes == ["cats", "dogs"])
    #expect(ensemble.submission == SubmissionChoice(positive: "cats", clip: 0.01))
    // Of other views than those it was made with it says nothing.
    #expect(ensemble.with(views: [.plain]).calibration == calibration)
    #expect(ensemble.with(views: [.plain, .flipped]).calibration == nil)
    let lone = try Ensemble.load(scratch.file("b.h5"), pool: pool)
    #expect(lone.members.map(\.weight) == [1] && lone.members[0].name.hasSuffix("b.h5"))
  }

  @Test func calibrationOfMeansIsTheirLogLoss() {
    let rows: [[Double]] = (0..<40).map { row in
      let first = 0.5 + Double(row) / 100
      return [first, 1 - first]
    }
    let labels: [Int] = (0..<40).map { $0 % 5 == 0 ? 1 : 0 }
    let calibration = Calibration(probabilities: rows, labels: labels, source: .outOfFold)
    let losses: [Double] = zip(rows, labels).map { -log($0[$1]) }
    let loss = losses.reduce(0, +) / 40
    #expect(!calibration.isApplied && abs(calibration.logLossBefore - loss) < 1e-9)
    #expect(abs((calibration.clipping.levels.first?.mean ?? 0) - loss) < 1e-9)
  }

  private static let hostile: [(String, String)] = [
    ("", "not JSON"), ("{", "not JSON"), ("[]", "another kind"), ("{}", "no format"),
    (#"{"format": 1}"#, "no members"), (#"{"format": 1, "members": []}"#, "1 to 100"),
    (#"{"format": 2, "members": [{"model": "a.h5", "weight": 1}]}"#, "format 2"),
    (#"{"format": 1, "members": [{"model": "a.h5"}]}"#, "no weight in members, number 1"),
    (#"{"format": 1, "members": [{"model": 3, "weight": 1}]}"#, "another kind"),
    (
      #"{"format": 1, "members": [{"model": "a.h5", "weight": -0.5}, {"model": "b.h5", "weight": 1.5}]}"#,
      "from 0 to 1"
    ),
    (
      #"{"format": 1, "members": [{"model": "a.h5", "weight": 0.5}, {"model": "b.h5", "weight": 0.4}]}"#,
      "sum of 0.9"
    ),
    (#"{"format": 1, "members": [{"model": "a.h5", "weight": 1e999}]}"#, "expected"),
    (
      #"{"format": 1, "members": [{"model": "a.h5", "weight": 1}], "testTime": {"views": 99}}"#,
      "1 to 12 views, found 99"
    ),
    (
      #"{"format": 1, "members": [{"model": "a.h5", "weight": 1}], "submission": {"clip": 0.5}}"#,
      "from 0 to below 0.5"
    ),
    (#"{"format": 1, "members": [{"model": "../a.h5", "weight": 1}]}"#, "below its own folder"),
    (#"{"format": 1, "members": [{"model": "x/../../a.h5", "weight": 1}]}"#, "below its own"),
    (
      "{\"format\": 1, \"members\": [{\"model\": \"../\u{301}a.h5\", \"weight\": 1}]}",
      "below its own"
    ),
    (#"{"format": 1, "members": [{"model": "/etc/passwd", "weight": 1}]}"#, "/etc/passwd"),
    (#"{"format": 1, "members": [{"model": "", "weight": 1}]}"#, "below its own folder"),
    (#"{"format": 1, "members": [{"model": "a\u0000.h5", "weight": 1}]}"#, "below its own"),
    (#"{"format": 1, "members": [{"model": "a.h5", "weight": 1}]}"#, "its member a.h5 cannot"),
    (#"{"format": 1, "members": [{"model": "ensemble.json", "weight": 1}]}"#, "its member"),
    (deep, "not JSON"), (large, "more than"),
  ]
  private static let deep = String(repeating: "[", count: 100_000)
  private static let large = String(repeating: " ", count: 1 << 20) + "{}"

  @Test(arguments: hostile)
  func hostileFilesAreRefusedByName(_ text: String, _ reason: String) throws {
    let path = try scratch.write(Array(text.utf8), to: "ensemble.json")
    let read = #expect(throws: EnsembleError.self) {
      _ = try EnsembleFile.read(path)
      _ = try Ensemble.load(path, pool: pool)
    }
    let description = try #require(read).description
    #expect(description.contains(reason), "\(description.prefix(300))")
    #expect(description.contains("ensemble.json"))
  }

  @Test func filesWithMembersOfOtherClassesAreRefused() throws {
    try classifier(1).save(to: scratch.file("a.h5"))
    try classifier(2, classes: ["cats", "owls"]).save(to: scratch.file("b.h5"))
    try EnsembleFile(members: [
      .init(model: "a.h5", weight: 0.5), .init(model: "b.h5", weight: 0.5),
    ]).write(to: scratch.file("ensemble.json"))
    let error = #expect(throws: EnsembleError.self) {
      try Ensemble.load(scratch.file("ensemble.json"), pool: pool)
    }
    let text = try #require(error).description
    #expect(text.contains("b.h5 knows the classes cats, owls"))
    #expect(throws: EnsembleError.self) {
      try EnsembleFile(members: [.init(model: "a.h5", weight: 2)])
        .write(to: scratch.file("heavy.json"))
    }
    #expect(!FileManager.default.fileExists(atPath: scratch.file("heavy.json")))
  }

  @Test func viewsThatDoNotExistAreRefused() throws {
    let predictor = Predictor(
      try classifier(1), featuresFolder: nil, views: [.plain, .crop(99)], pool: pool)
    let paths = try pictures(1)
    #expect(throws: PictureViewError.self) { try predictor.predict(paths) }
  }
}

/// Weights of least log loss.
@Suite struct EnsembleWeightsTests {
  /// Members that are right to different degrees about three classes.
  private func members(
    _ count: Int, rows: Int, seed: UInt64
  ) -> (members: [[[Double]]], labels: [Int]) {
    var generator = SeededGenerator(seed: seed)
    func unit() -> Double { Double(generator.next() >> 11) * 0x1p-53 }
    let labels = (0..<rows).map { _ in Int(generator.next() % 3) }
    let members = (0..<count).map { member in
      labels.map { label in
        let powers = (0..<3).map { place in
          exp(4 * unit() + (place == label ? Double(member) : 0))
        }
        return powers.map { $0 / powers.reduce(0, +) }
      }
    }
    return (members, labels)
  }

  private func loss(_ members: [[[Double]]], _ labels: [Int], _ weights: [Double]) -> Double {
    let losses = zip(Ensemble.mean(members, weights: weights), labels).map { -log($0[$1]) }
    return losses.reduce(0, +) / Double(labels.count)
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func noPointOfAGridIsBetter(_ seed: UInt64) {
    let (members, labels) = members(3, rows: 60, seed: seed)
    let weights = EnsembleWeights.fit(members, labels: labels)
    #expect(weights.allSatisfy { $0 >= 0 } && abs(weights.reduce(0, +) - 1) < 1e-12)
    let fitted = loss(members, labels, weights)
    var best = (loss: Double.infinity, weights: [Double]())
    for first in 0...100 {
      for second in 0...100 - first {
        let point = [first, second, 100 - first - second].map { Double($0) / 100 }
        let value = loss(members, labels, point)
        if value < best.loss { best = (value, point) }
      }
    }
    #expect(fitted <= best.loss + 1e-12)
    #expect(zip(weights, best.weights).allSatisfy { abs($0 - $1) < 0.02 })
    #expect(fitted < loss(members, labels, [1 / 3.0, 1 / 3.0, 1 / 3.0]))
  }

  @Test func membersThatOnlyHarmHaveNoWeight() {
    let labels = (0..<30).map { $0 % 2 }
    let good = labels.map { label in [0, 1].map { $0 == label ? 0.9 : 0.1 } }
    let bad = good.map { Array($0.reversed()) }
    #expect(EnsembleWeights.fit([bad, good], labels: labels) == [0, 1])
    #expect(EnsembleWeights.fit([good, good], labels: labels) == [0.5, 0.5])
    #expect(EnsembleWeights.fit([good], labels: labels) == [1])
    #expect(EnsembleWeights.fit([[], []], labels: []) == [0.5, 0.5])
    // Certain and wrong: not infinitely bad, and still of no use.
    let certain = bad.map { $0.map { $0.rounded() } }
    #expect(EnsembleWeights.fit([certain, good], labels: labels) == [0, 1])
  }

  @Test func manyMembersEndAtAnOptimum() {
    let (members, labels) = members(8, rows: 200, seed: 9)
    let weights = EnsembleWeights.fit(members, labels: labels)
    let mean = Ensemble.mean(members, weights: weights)
    // The conditions of Karush, Kuhn and Tucker.
    for (member, weight) in zip(members, weights) {
      let ratios: [Double] = labels.indices.map { row in
        member[row][labels[row]] / mean[row][labels[row]]
      }
      let slope = ratios.reduce(0, +) / 200
      #expect(weight > 0 ? abs(slope - 1) < 1e-4 : slope < 1 + 1e-9)
    }
  }
}
