import Foundation
import Headstart
import Kernels
import NeuralNetwork
import Pictures
import Testing

/// Near copies of a picture lie in its fold, wherever folds are made.
@Suite struct FoldGroupsTests {
  private let scratch: Scratch
  private let pool = ThreadPool(threads: 2)

  init() throws { scratch = try Scratch() }

  /// Twelve scenes of two classes; with copies, each once more: a little brighter, or with bytes
  /// after its end.
  private func photos(copies: Bool) throws -> DataSet {
    var generator = SeededGenerator(seed: 4)
    for scene in 0..<12 {
      let small = Picture(
        width: 8, height: 8, pixels: (0..<192).map { _ in UInt8(generator.number(below: 250)) })
      let picture = small.resized(width: 48, height: 48, .bicubic)
      let name = "photos/train/\(scene % 2 == 0 ? "cats" : "dogs")/\(scene)"
      try scratch.write(picture.png(), to: name + "-plain.png")
      guard copies else { continue }
      let brighter = Picture(
        width: 48, height: 48, pixels: picture.pixels.map { UInt8(min(Int($0) + 3, 255)) })
      try scratch.write(
        scene % 4 < 2 ? brighter.png() : picture.png() + [1, 2, 3], to: name + "-copy.png")
    }
    return try DataSet.open(
      scratch.file("photos"), options: DataSetOptions(validationFraction: 0))
  }

  /// `7` of `7-copy.png`.
  private func scene(_ path: String) -> String {
    String((path as NSString).lastPathComponent.prefix { $0 != "-" })
  }

  private func head(
    on data: DataSet, remarks: (String) -> Void = { _ in }
  ) throws -> HeadStageResult {
    let settings = FeatureSettings(layer: "block2_pool", height: 32, width: 32)
    let backbone = try VGGBackbone(
      convolutions: SeededVGG.weights(.vgg16).convolutions, dense: [], settings: settings,
      source: "seeded", pool: pool)
    var head = HeadSettings()
    head.folds = 3
    head.pooling = .average
    head.strength = 0.1
    return try HeadStage(
      settings: settings, head: head, featuresFolder: scratch.file("features"), pool: pool
    ).run(data, backbone: backbone) { if case .remark(let text) = $0 { remarks(text) } }
  }

  @Test func headsFoldsKeepNearCopiesTogether() throws {
    let data = try photos(copies: true)
    var remarks: [String] = []
    let result = try head(on: data) { remarks.append($0) }
    let scenes = data.train.map { scene($0.path) }
    let folds = try #require(result.trained.regression).folds
    #expect(Set(zip(scenes, folds).map { "\($0) \($1)" }).count == 12 && Set(folds).count == 3)
    // By their bytes alone they would lie apart.
    let apart = try Folds.stratified(
      labels: data.train.compactMap(\.label), classes: 2, folds: 3, seed: 0)
    #expect(Set(zip(scenes, apart).map { "\($0) \($1)" }).count > 12)
    #expect(remarks.count == 1 && remarks[0].hasPrefix("24 of 24 training pictures look the same"))
  }

  @Test func withoutNearCopiesTheFoldsAreThoseOfThePictures() throws {
    let data = try photos(copies: false)
    let result = try head(on: data) { Issue.record("\($0)") }
    let expected = try Folds.stratified(
      labels: data.train.compactMap(\.label), classes: 2, folds: 3, seed: 0)
    #expect(result.trained.regression?.folds == expected)
  }

  @Test func recipesFoldsKeepNearCopiesTogether() throws {
    let data = try photos(copies: true)
    let recipe = try Recipe(
      yaml: """
        name: small
        pictures: {size: 8}
        models:
          - name: net
            folds: 3
            network: [Flatten, Output]
            training: {optimizer: sgd, epochs: 1}
        """, file: "small.yaml")
    let environment = RecipeEnvironment(
      featuresFolder: scratch.file("features"), seed: 5, pool: pool)
    var remarks: [String] = []
    _ = try RecipeRun(recipe, environment: environment).run(
      data, to: try RunFolder(scratch.file("run"), command: "run")
    ) { if case .remark(let text) = $0 { remarks.append(text) } }
    var places: [String: Set<Int>] = [:]
    for fold in 1...3 {
      let judged = try JSONDecoder().decode(
        [RecipeResults.Judged].self,
        from: Data(try contents(of: scratch.file("run/net/fold-\(fold)/predictions.json"))))
      for one in judged { places[scene(one.path), default: []].insert(fold) }
    }
    #expect(places.count == 12 && places.values.allSatisfy { $0.count == 1 })
    #expect(remarks.contains { $0.hasPrefix("24 of 24 training pictures look the same") })
  }

  private func groups(_ paths: [String], labels: [Int], folds: Int = 2) throws -> FoldGroups {
    try FoldGroups(
      paths, labels: labels, classes: 2, folds: folds, featuresFolder: scratch.file("features"),
      pool: pool, cancellation: Cancellation(), progress: { _, _ in })
  }

  @Test func filesThatCannotBeReadAreAlone() throws {
    let data = try photos(copies: true)
    let junk = try ["a", "b"].map { try scratch.write([1, 2, 3], to: "\($0).png") }
    let paths = data.train.map(\.path) + [scratch.file("none.png"), scratch.file("nor.png")] + junk
    let numbers = try groups(
      paths, labels: data.train.compactMap(\.label) + [0, 1, 0, 1]
    ).numbers
    #expect(Set(numbers).count == 12 + 2 + 1)
    // Equal bytes are one group, be they a picture or not.
    #expect(numbers[26] == numbers[27] && numbers[24] != numbers[25])
  }

  @Test func aClassOfCopiesIsStillTrainedOn() throws {
    let data = try photos(copies: true)
    let dogs = data.train.filter { $0.label == 1 && scene($0.path) == "1" }
    let samples = data.train.filter { $0.label == 0 } + dogs
    let found = try groups(samples.map(\.path), labels: samples.compactMap(\.label))
    #expect(found.numbers == Array(samples.indices))
    #expect(found.remark?.contains("too many for those to lie in one fold") == true)
    // Fewer groups than folds are no folds either.
    let labels = data.train.compactMap(\.label)
    #expect(Set(try groups(data.train.map(\.path), labels: labels, folds: 12).numbers).count == 12)
    #expect(Set(try groups(data.train.map(\.path), labels: labels, folds: 13).numbers).count == 24)
  }
}
