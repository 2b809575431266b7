import Foundation
import Headstart
import Kernels
import NeuralNetwork
import Pictures
import Testing

@Suite struct RecipeTests {
  private static let text = """
    name: mine
    pictures: {size: 32, preprocessing: rescale}
    models:
      - name: head
        backbone: vgg16
        layer: block2_pool
        head: {solver: rmsprop, epochs: 3}
      - name: tuned
        startsFrom: head
        fineTuning: {unfreeze: block2, views: 2, augmentation: {horizontalFlip: true}}
        filters: {layer: block2_conv1}
      - name: net
        network:
          - Conv2D: {filters: 2, kernel_size: 3, activation: relu}
          - Flatten
          - Output
        training: {optimizer: adam, epochs: 4}
    result: {models: [tuned, net], weights: fitted}
    testTime: flip
    """

  private func recipe(_ text: String = text, _ overrides: String...) throws -> Recipe {
    try Recipe(yaml: text, file: "mine.yaml", overrides: overrides)
  }

  @Test(arguments: RecipeBook.names) func everyRecipeComesBackFromItsText(_ name: String) throws {
    let recipe = try Recipe(yaml: try RecipeBook.text(name), file: name)
    #expect(recipe.name == name)
    #expect(try Recipe(yaml: try recipe.yaml, file: "again") == recipe)
    #expect(!recipe.title.isEmpty && recipe.models.allSatisfy { $0.features.height >= 64 })
  }

  @Test(arguments: [
    ("keras-blog", "small-convnet", 1_212_513), ("tutorial", "convnet", 1_212_513),
    ("moazeni", "convnet", 813_217), ("vgg19-comparison", "1-convnet", 3_453_121),
  ])
  func publishedNetworksHaveTheirParameters(
    _ name: String, _ model: String, _ parameters: Int
  ) throws {
    let recipe = try Recipe(yaml: try RecipeBook.text(name), file: name)
    let found = try #require(recipe.model(model))
    let network = try #require(found.network).network(
      inputShape: [found.features.height, found.features.width, 3], classes: 2, seed: 0)
    #expect(
      network.layers.flatMap(\.parameters).reduce(0) { $0 + $1.value.values.count } == parameters)
  }

  @Test func settingsThatAreNotNamedKeepTheirDefaults() throws {
    let recipe = try recipe()
    let head = try #require(recipe.model("head")?.head)
    #expect(head.solver == .rmsprop && head.epochs == 3 && head.batchSize == 32)
    let tuned = try #require(recipe.model("tuned"))
    #expect(tuned.features == recipe.models[0].features && tuned.features.height == 32)
    // An augmentation that is given replaces the default one; it is not mixed with it.
    #expect(tuned.fineTuning?.augmentation.rotationRange == 0)
    #expect(tuned.fineTuning?.augmentation.horizontalFlip == true)
    #expect(tuned.filters?.layer == "block2_conv1" && tuned.filters?.count == 16)
    #expect(recipe.model("head")?.filters == nil)
    #expect(recipe.models[2].features.backbone == .none && recipe.models[2].features.width == 32)
    #expect(recipe.testTime == TestTime(views: 2) && recipe.result.weights == .fitted)
  }

  @Test func anyValueCanBeSet() throws {
    let changed = try recipe(
      Self.text, "models.head.head.epochs=7", "clip=.02", "models.net.pictures.size=48",
      "models.tuned.fineTuning.learningRate=3e-4", "testTime=1")
    #expect(changed.model("head")?.head?.epochs == 7 && changed.clip == 0.02)
    #expect(changed.model("net")?.features.height == 48)
    #expect(changed.model("tuned")?.fineTuning?.learningRate == 3e-4)
    #expect(changed.testTime.views == 1)
    // One value of several; the others stay.
    let views = try recipe(
      Self.text, "models.tuned.fineTuning.augmentation.rotationRange=15", "pictures.size=64")
    #expect(views.model("tuned")?.fineTuning?.augmentation.rotationRange == 15)
    #expect(views.model("tuned")?.fineTuning?.augmentation.horizontalFlip == true)
    #expect(views.models.map(\.features.height) == [64, 64, 64])
    var limited = changed
    limited.limit(epochs: 2)
    #expect(limited.models.compactMap(\.head?.epochs) == [2])
    #expect(limited.models.compactMap(\.training?.epochs) == [2])
    try limited.keep(only: ["tuned"])
    #expect(limited.models.map(\.name) == ["head", "tuned"] && limited.result.models == ["tuned"])
    #expect(throws: RecipeError.self) { try limited.keep(only: ["net"]) }
  }

  @Test(arguments: [
    ("models.head.head.epoch=7", "one of"), ("models.head.head.epochs=many", "head.head.epochs"),
    ("models.other.head.epochs=7", "one of head, tuned"), ("models.head=1", "names and values"),
    ("clip=.7", "0 up to 0.5"), ("result=nobody", "one of head"), ("nonsense", "place=value"),
    ("models.tuned.startsFrom=net2", "a model before it"), ("testTime=13", "views"),
    ("models.net.folds=1", "folds"), ("models.head.folds=3", "3 folds"),
    ("models.head.name=../up", "letters"), ("models.tuned.name=head", "taken"),
    ("models.head.network=[Flatten, Output]", "one of head"), ("pictures.size=0", "pixels"),
    ("models.net.network=[{Conv2D: {filter: 3}}, Output]", "filter"),
    ("sorcery=1", "sorcery"), ("=1", "place=value"), ("=", "place=value"),
    ("", "place=value"), ("clip==1", "clip"), ("models.head.name=model.h5", "letters"),
    ("models.tuned.fineTuning.augmentation={horizontal_flip: true}", "horizontal_flip"),
    ("result={models: [net], weigths: fitted}", "weigths"),
    ("testTime={views: 2, augmentation: {zoom: 2}}", "zoom"),
    ("models.head.pictures.interpolation=best", "interpolation"),
    ("models.net.filters={count: 3}", "vgg16 or vgg19"),
    ("models.tuned.filters.counts=3", "one of"),
    ("models.tuned.filters.layer=block3_conv1", "block2_conv2"),
    ("models.tuned.filters.indices=[128]", "128 filters"), ("models.tuned.filters.size=4", "size"),
  ])
  func whatMakesNoSenseIsRefusedByPlace(_ override: String, _ fragment: String) {
    let error = #expect(throws: (any Error).self) { try recipe(Self.text, override) }
    #expect("\(error.map { "\($0)" } ?? "")".contains(fragment), "\(error.map { "\($0)" } ?? "")")
  }

  @Test func hostileTextIsRefused() throws {
    for text in [
      "", "[]", "name: x", "name: [", "- - - - -", "name: x\nmodels: 3\n",
      String(repeating: "[", count: 60_000), String(repeating: "- ", count: 30_000),
      String(repeating: "{a: ", count: 15_000), "name: x\nname: y\nmodels: []",
      "a: &a [x, x, x, x, x, x, x, x]\n"
        + (0..<9).map {
          "\("bcdefghij".map(String.init)[$0]): &\("bcdefghij".map(String.init)[$0])"
            + " [\(Array(repeating: "*\("abcdefghi".map(String.init)[$0])", count: 8).joined(separator: ", "))]"
        }.joined(separator: "\n"),
      String(repeating: "x", count: 70_000), "name: &a x\n? [*a, *a]\n: y", "? &b [x]\n: y",
    ] {
      #expect(throws: (any Error).self) { try Recipe(yaml: text, file: "hostile.yaml") }
    }
  }

  @Test func foldsAndLimitsKeepTheClassesApart() throws {
    let scratch = try Scratch()
    for name in ["a", "b"] {
      for index in 0..<6 {
        try scratch.write([UInt8(index)], to: "data/train/\(name)/\(index).png")
      }
    }
    let data = try DataSet.open(
      scratch.file("data"), options: DataSetOptions(validationFraction: 0))
    let limited = data.limited(to: 5)
    #expect(
      limited.train.map(\.label) == [0, 0, 0, 1, 1] && data.limited(to: 99).train.count == 12)
    let fold = data.fold(1, of: data.train.indices.map { $0 % 3 })
    #expect(fold.validation.count == 4 && fold.train.count == 8)
    #expect(Set((fold.validation + fold.train).map(\.path)) == Set(data.train.map(\.path)))
  }
}
