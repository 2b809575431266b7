import Foundation
import Headstart
import KerasFormat
import Kernels
import NeuralNetwork
import Pictures
import Testing

/// Models that Keras saved (`Scripts/fixtures/conversion.py`), made classifiers.
@Suite struct ConversionTests {
  private let scratch: Scratch
  private let pool = ThreadPool(threads: 2)

  init() throws { scratch = try Scratch() }

  private static func fixture(_ name: String) -> String {
    Bundle.module.bundleURL.appendingPathComponent("Fixtures/conversion/\(name)").path
  }

  private static let pictures = (0..<4).map { fixture("pictures/\($0).png") }

  /// What Keras makes of the pictures, a probability for each class.
  private static func golden(_ name: String) throws -> [[Double]] {
    let data = try Data(contentsOf: URL(fileURLWithPath: fixture("golden.json")))
    let all = try JSONDecoder().decode([String: [[Double]]].self, from: data)
    return try #require(all[name]).map { $0.count == 1 ? [1 - $0[0], $0[0]] : $0 }
  }

  private func probabilities(_ classifier: Classifier) throws -> [[Double]] {
    try Predictor(classifier, featuresFolder: nil, pool: pool).predict(Self.pictures).map {
      guard case .predicted(let prediction) = $0 else { return [] }
      return prediction.probabilities
    }
  }

  private static func settings(
    _ classes: [String] = ["cats", "dogs"], _ preprocessing: Preprocessing = .rescale,
    change: (inout ClassifierConversion.Settings) -> Void = { _ in }
  ) -> ClassifierConversion.Settings {
    var settings = ClassifierConversion.Settings()
    settings.classes = classes
    settings.preprocessing = preprocessing
    settings.interpolation = .nearest
    change(&settings)
    return settings
  }

  private func convert(
    _ path: String, _ settings: ClassifierConversion.Settings = ClassifierConversion.Settings()
  ) throws -> ClassifierConversion {
    try ClassifierConversion(path, settings, pool: pool)
  }

  /// The refusal of a conversion; the test fails if there is none.
  private func refusal(
    _ path: String, _ settings: ClassifierConversion.Settings,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> ConversionError {
    try #require(throws: ConversionError.self, sourceLocation: sourceLocation) {
      _ = try convert(path, settings)
    }
  }

  /// A model as Keras would leave it: without our attribute.
  private func foreign(
    _ layers: [KerasLayer], inputShape: [Int?] = [4, 4, 3], to name: String = "foreign.h5"
  ) throws -> String {
    var model = KerasModel(inputShape: inputShape, layers: layers)
    try model.initializeWeights(seed: 1, file: name)
    try model.write(to: scratch.file(name))
    return scratch.file(name)
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var file: String
    var classes = ["cats", "dogs"]
    var preprocessing = Preprocessing.rescale
    var size: Int?
    var hasLogits = false
    var testDescription: String { file }
  }

  static let cases = [
    Case(file: "vgg.h5", classes: ["ants", "bees", "cats"], preprocessing: .caffe),
    Case(file: "trained3.keras"), Case(file: "trained3.h5"), Case(file: "trained2.h5"),
    Case(file: "logits.keras", classes: ["ants", "bees", "cats"], hasLogits: true),
    Case(file: "any.keras", preprocessing: .none, size: 32),
  ]

  @Test(arguments: cases, ["h5", "keras"])
  func predictionsAreThoseOfKeras(_ item: Case, _ ending: String) throws {
    let settings = Self.settings(item.classes, item.preprocessing) {
      $0.size = item.size
      $0.hasLogits = item.hasLogits
    }
    let conversion = try convert(Self.fixture(item.file), settings)
    let path = scratch.file("converted.\(ending)")
    try conversion.write(to: path)
    let classifier = try Classifier.load(path, pool: pool)
    #expect(classifier.classes == item.classes)
    #expect(classifier.settings == conversion.classifier.settings)
    #expect(classifier.settings.preprocessing == item.preprocessing)
    #expect(classifier.settings.interpolation == .nearest)
    #expect(classifier.settings.height == 32 && classifier.settings.width == 32)
    let expected = try Self.golden(String(item.file.split(separator: ".")[0]))
    let found = try probabilities(classifier)
    for (found, expected) in zip(found, expected) {
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 }, "\(found), \(expected)")
    }
    // From file to file, the same bits; and no change of what is known.
    let again = scratch.file(ending == "h5" ? "again.keras" : "again.h5")
    try convert(path).write(to: again)
    #expect(try probabilities(try Classifier.load(again, pool: pool)) == found)
    let (first, second) = (try KerasModel(path: path), try KerasModel(path: again))
    #expect(first.layers == second.layers && first.metadata == second.metadata)
  }

  @Test func nestedVGGIsTheBackbone() throws {
    let conversion = try convert(
      Self.fixture("vgg.h5"), Self.settings(["ants", "bees", "cats"], .caffe))
    let settings = conversion.classifier.settings
    #expect(settings.backbone == .vgg16 && settings.layer == "block5_pool")
    #expect(conversion.classifier.backbone is VGGBackbone)
    #expect(
      conversion.classifier.head.layers.map(\.className)
        == ["GlobalAveragePooling2D", "Dense", "Dropout", "Dense"])
    let trained = conversion.model.layers.filter { $0.trainable && !$0.weights.isEmpty }.map(\.name)
    #expect(
      trained == ["block5_conv1", "block5_conv2", "block5_conv3", "dense", "dense_1"])
    #expect(conversion.optimizer?.rule == .sgd(momentum: 0.9))
    #expect(
      try convert(Self.fixture("trained3.h5"), Self.settings())
        .classifier.settings.backbone == .none)
  }

  /// All of the base under other names is the base; a network that begins like it is not.
  @Test func backboneIsToldByWhatItComputes() throws {
    let architecture = VGGWeights.Architecture.vgg16
    var layers: [KerasLayer] = []
    var number = 0
    for (block, (count, channels)) in architecture.blocks.enumerated() {
      for _ in 0..<count {
        number += 1
        layers.append(
          KerasLayer(
            name: "conv\(number)",
            kind: .conv2D(
              filters: channels, kernelSize: KerasLayer.Size(3), padding: .same,
              activation: .relu)))
      }
      layers.append(KerasLayer(name: "pool\(block + 1)", kind: .maxPooling2D()))
    }
    let head = [
      KerasLayer(name: "flat", kind: .flatten),
      KerasLayer(name: "last", kind: .dense(units: 1, activation: .sigmoid)),
    ]
    let whole = try convert(
      foreign(layers + head, inputShape: [32, 32, 3]), Self.settings()
    )
    #expect(whole.classifier.settings.layer == "block5_pool")
    #expect(
      whole.model.layers.prefix(3).map(\.name) == ["block1_conv1", "block1_conv2", "block1_pool"])
    let part = try convert(
      foreign(Array(layers.prefix(10)) + head, inputShape: [32, 32, 3]), Self.settings())
    #expect(part.classifier.settings.backbone == .none)
    #expect(part.model.layers[0].name == "conv1")
  }

  @Test(arguments: ["trained3.keras", "trained3.h5", "trained2.h5"])
  func optimizerRidesAlong(_ file: String) throws {
    let original = try #require(try KerasModel(path: Self.fixture(file)).optimizer())
    #expect(original.iterations == 3 && original.rule.className == "Adam")
    let conversion = try convert(Self.fixture(file), Self.settings())
    #expect(conversion.optimizer == original && conversion.remarks.isEmpty)
    for name in ["a.h5", "b.keras"] {
      try conversion.write(to: scratch.file(name))
      let found = try #require(try KerasModel(path: scratch.file(name)).optimizer())
      #expect(found.slots == original.slots && found.iterations == 3)
      #expect(found.learningRate == original.learningRate)
    }
  }

  @Test func unknownOptimizerIsLeftOutAndSaid() throws {
    var model = try KerasModel(path: Self.fixture("trained3.h5"))
    model.trainingConfiguration = model.trainingConfiguration?.replacingOccurrences(
      of: "\"Adam\"", with: "\"Nadam\"")
    try model.write(to: scratch.file("nadam.h5"))
    let conversion = try convert(scratch.file("nadam.h5"), Self.settings())
    #expect(conversion.optimizer == nil && conversion.remarks.count == 1)
    #expect(conversion.remarks[0].contains("Nadam"))
    try conversion.write(to: scratch.file("written.keras"))
    let written = try KerasModel(path: scratch.file("written.keras"))
    #expect(written.optimizerWeights.isEmpty)
    #expect(written.trainingConfiguration?.contains("Nadam") == true)
  }

  @Test func lossFromLogitsBecomesOneFromProbabilities() throws {
    let conversion = try convert(
      Self.fixture("logits.keras"),
      Self.settings(["ants", "bees", "cats"]) { $0.hasLogits = true })
    let training = try #require(conversion.model.trainingConfiguration)
    #expect(training.contains("\"from_logits\": false"))
    #expect(!training.contains("\"from_logits\": true") && training.contains("0.1"))
    #expect(conversion.model.layers.last?.kind == .dense(units: 3, activation: .softmax))
    // Where the last layer has no activation, one follows.
    let pooled = try convert(
      foreign([
        KerasLayer(name: "softmax", kind: .conv2D(filters: 2, kernelSize: KerasLayer.Size(1))),
        KerasLayer(name: "pool", kind: .globalAveragePooling2D),
      ]), Self.settings { $0.hasLogits = true })
    #expect(pooled.model.layers.last == KerasLayer(name: "softmax_", kind: .activation(.softmax)))
  }

  @Test func remarksSayWhatWasAssumed() throws {
    let plain = try convert(
      Self.fixture("trained3.h5"), Self.settings { $0.interpolation = nil })
    #expect(plain.classifier.settings.interpolation == .bilinear)
    #expect(plain.remarks.count == 1 && plain.remarks[0].contains("bilinear"))
    let twice = try convert(Self.fixture("any.keras"), Self.settings { $0.size = 32 })
    #expect(twice.remarks.count == 1 && twice.remarks[0].contains("--preprocessing none"))
  }

  // MARK: --like

  /// A classifier of ours, and the path of its file.
  private func ours(_ name: String = "ours.h5", size: Int = 4) throws -> (Classifier, String) {
    let settings = FeatureSettings(
      backbone: .none, height: size, width: size, preprocessing: .rescale,
      interpolation: .lanczos, ignoreEXIF: true)
    var generator = Generator(seed: 3)
    let classifier = Classifier(
      classes: ["b", "a"], settings: settings, backbone: try PixelBackbone(settings: settings),
      head: try Sequential(
        inputShape: [size, size, 3],
        layers: [
          Flatten(),
          Dense(inputs: size * size * 3, units: 1, activation: .sigmoid, generator: &generator),
        ]), trainedOn: PictureSet([PictureHash(of: [7])]),
      calibration: Calibration(
        logits: (0..<20).map { [0, Double($0 % 7) - 3] }, labels: (0..<20).map { $0 % 2 },
        source: .validation))
    try classifier.save(to: scratch.file(name))
    return (classifier, scratch.file(name))
  }

  @Test func likeTakesWhatKerasLost() throws {
    let (original, path) = try ours()
    var model = try KerasModel(path: path)
    model.metadata = nil
    try model.write(to: scratch.file("same.keras"))
    model.layers[1].weights[0].values[5] += 1
    try model.write(to: scratch.file("trained.keras"))
    var settings = ClassifierConversion.Settings()
    settings.like = path
    for (name, calibration) in [("same.keras", original.calibration), ("trained.keras", nil)] {
      let conversion = try convert(scratch.file(name), settings)
      #expect(conversion.classifier.classes == ["b", "a"])
      #expect(conversion.classifier.settings == original.settings)
      #expect(conversion.classifier.trainedOn == original.trainedOn)
      // It tells of predictions by other weights.
      #expect(conversion.classifier.calibration == calibration)
      #expect(conversion.remarks.isEmpty)
    }
    // Another network keeps its own size.
    let other = try convert(Self.fixture("trained3.keras"), settings)
    #expect(other.classifier.settings.height == 32)
    #expect(other.classifier.settings.interpolation == .lanczos)
    #expect(other.classifier.settings.ignoreEXIF && other.classifier.classes == ["b", "a"])
  }

  @Test func likeMustBeAClassifierOfAsManyClasses() throws {
    var settings = ClassifierConversion.Settings()
    settings.like = Self.fixture("trained3.h5")
    #expect(throws: StageError.foreignModel(path: Self.fixture("trained3.h5"))) {
      try convert(Self.fixture("trained3.keras"), settings)
    }
    settings.like = try ours().1
    #expect(
      try refusal(
        try foreign([
          KerasLayer(name: "flat", kind: .flatten),
          KerasLayer(name: "last", kind: .dense(units: 3, activation: .softmax)),
        ]), settings)
        == .classes(path: scratch.file("foreign.h5"), expected: 3, found: ["b", "a"]))
  }

  // MARK: Refusals

  @Test func whatIsNotSaidIsNotGuessed() throws {
    let path = Self.fixture("trained3.keras")
    var settings = ClassifierConversion.Settings()
    #expect(
      try refusal(path, settings)
        == .notSaid(path: path, options: ["--classes", "--preprocessing"], classes: 2))
    settings.classes = ["cats", "dogs"]
    #expect(
      try refusal(path, settings) == .notSaid(path: path, options: ["--preprocessing"], classes: 2))
    for classes in [["cats"], ["a", "b", "c"], ["a", "a"], ["a", ""]] {
      #expect(
        try refusal(path, Self.settings(classes))
          == .classes(path: path, expected: 2, found: classes))
    }
    let known = try ours().1
    #expect(
      try refusal(known, Self.settings())
        == .saidTwice(
          path: known, options: ["--classes", "--preprocessing", "--interpolation"]))
  }

  @Test func outputsMustBeProbabilities() throws {
    func dense(_ units: Int, _ activation: KerasLayer.Activation) throws -> String {
      try foreign([
        KerasLayer(name: "flat", kind: .flatten),
        KerasLayer(name: "last", kind: .dense(units: units, activation: activation)),
        KerasLayer(name: "drop", kind: .dropout(rate: 0.5)),
      ])
    }
    for (units, activation) in [(3, .linear), (3, .sigmoid), (1, .softmax), (1, .tanh)]
      as [(Int, KerasLayer.Activation)]
    {
      let error = try refusal(try dense(units, activation), Self.settings())
      #expect(
        error
          == .activation(
            path: scratch.file("foreign.h5"), outputs: units, found: activation))
      #expect("\(error)".contains("\(activation)") || activation == .linear)
    }
    #expect(
      "\(try refusal(try dense(2, .linear), Self.settings()))".contains("--logits"))
    #expect(
      try refusal(try dense(2, .softmax), Self.settings { $0.hasLogits = true })
        == .notLogits(path: scratch.file("foreign.h5"), found: .softmax))
    let map = try foreign([
      KerasLayer(
        name: "map",
        kind: .conv2D(filters: 2, kernelSize: KerasLayer.Size(1), activation: .softmax))
    ])
    #expect(try refusal(map, Self.settings()) == .outputShape(path: map, shape: [4, 4, 2]))
  }

  @Test func inputsMustBeColourPicturesOfOneSize() throws {
    let last = KerasLayer(name: "last", kind: .dense(units: 1, activation: .sigmoid))
    let pool = KerasLayer(name: "pool", kind: .globalAveragePooling2D)
    let grey = try foreign([pool, last], inputShape: [4, 4, 1])
    #expect(try refusal(grey, Self.settings()) == .notPictures(path: grey, shape: [4, 4, 1]))
    let vector = try foreign([last], inputShape: [7])
    #expect(try refusal(vector, Self.settings()) == .notPictures(path: vector, shape: [7]))
    let any = try foreign([pool, last], inputShape: [nil, 8, 3])
    #expect(try refusal(any, Self.settings()) == .sizeNotFixed(path: any, shape: [nil, 8, 3]))
    #expect(
      try refusal(any, Self.settings { $0.size = 9 })
        == .otherSize(path: any, shape: [nil, 8, 3], asked: 9))
    #expect(try convert(any, Self.settings { $0.size = 8 }).classifier.settings.height == 8)
  }

  @Test func foreignModelsAreRefusedByNameOfTheCommand() throws {
    let path = Self.fixture("trained3.keras")
    let error = try #require(throws: StageError.self) { try Classifier.load(path, pool: pool) }
    #expect(error == .foreignModel(path: path))
    #expect("\(error)".contains("headstart convert \(path) --classes"))
    #expect("\(error)".contains("--like"))
  }
}
