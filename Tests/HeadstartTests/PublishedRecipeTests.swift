import Headstart
import NeuralNetwork
import Pictures
import Testing

/// The published recipes hold the hyper-parameters of their sources, written out here a second time.
@Suite struct PublishedRecipeTests {
  struct Training: Equatable, Sendable {
    var optimizer: String
    var rate: Float
    var momentum = 0.0
    var batch: Int
    var epochs: Int
    var patience: Int?
    var augmentation = Augmentation()
  }

  struct Row: Sendable {
    let recipe, model: String
    let size: Int
    var preprocessing = Preprocessing.rescale
    let training: Training
  }

  /// Ranges by Keras' names; shear in degrees: .2 radians are 11.46.
  private static func augmentation(
    rotation: Double = 0, shift: Double = 0, shear: Double = 0, zoom: ClosedRange<Double> = 1...1,
    channelShift: Double = 0
  ) -> Augmentation {
    var augmentation = Augmentation()
    augmentation.rotationRange = rotation
    augmentation.widthShiftRange = ShiftRange(floatLiteral: shift)
    augmentation.heightShiftRange = ShiftRange(floatLiteral: shift)
    augmentation.shearRange = shear
    augmentation.zoomRange = zoom
    augmentation.channelShiftRange = channelShift
    augmentation.horizontalFlip = true
    return augmentation
  }

  private static let blog = augmentation(shear: 11.46, zoom: 0.8...1.2)
  private static let chollet = augmentation(
    rotation: 40, shift: 0.2, shear: 11.46, zoom: 0.8...1.2)
  private static let fastAI = augmentation(
    rotation: 10, shift: 0.05, shear: 2.865, zoom: 0.95...1.05, channelShift: 10)

  private static func rmsprop(
    _ rate: Float = 0.001, batch: Int, epochs: Int, patience: Int? = nil,
    _ augmentation: Augmentation = Augmentation()
  ) -> Training {
    Training(
      optimizer: "rmsprop", rate: rate, batch: batch, epochs: epochs, patience: patience,
      augmentation: augmentation)
  }

  private static func sgd(
    batch: Int, epochs: Int, patience: Int? = nil, _ augmentation: Augmentation = Augmentation()
  ) -> Training {
    Training(
      optimizer: "sgd", rate: 0.0001, momentum: 0.9, batch: batch, epochs: epochs,
      patience: patience, augmentation: augmentation)
  }

  private static func adam(
    batch: Int, epochs: Int, _ augmentation: Augmentation = Augmentation()
  ) -> Training {
    Training(
      optimizer: "adam", rate: 0.001, batch: batch, epochs: epochs, augmentation: augmentation)
  }

  static let rows = [
    Row(
      recipe: "keras-blog", model: "small-convnet", size: 150,
      training: rmsprop(batch: 16, epochs: 50, blog)),
    Row(
      recipe: "keras-blog", model: "bottleneck", size: 150,
      training: rmsprop(batch: 16, epochs: 50)),
    Row(
      recipe: "keras-blog", model: "fine-tuned", size: 150,
      training: sgd(batch: 16, epochs: 50, blog)),
    Row(
      recipe: "tutorial", model: "convnet", size: 150,
      training: rmsprop(batch: 16, epochs: 50, blog)),
    Row(
      recipe: "img-clf", model: "bottleneck", size: 200,
      training: rmsprop(batch: 32, epochs: 25, patience: 2)),
    Row(
      recipe: "img-clf", model: "fine-tuned", size: 200,
      training: sgd(batch: 32, epochs: 25, patience: 2, blog)),
    Row(
      recipe: "cats-n-dogs", model: "head", size: 250, training: rmsprop(batch: 16, epochs: 3)),
    Row(
      recipe: "cats-n-dogs", model: "fine-tuned", size: 250,
      training: sgd(batch: 16, epochs: 50, patience: 1)),
    Row(
      recipe: "cats-n-dogs-bn", model: "vgg16bn", size: 224, preprocessing: .caffe,
      training: adam(batch: 64, epochs: 10, fastAI)),
    Row(recipe: "dsouza", model: "a", size: 150, training: adam(batch: 128, epochs: 15)),
    Row(
      recipe: "dsouza", model: "b", size: 150,
      training: adam(
        batch: 128, epochs: 15, augmentation(rotation: 45, shift: 0.15, zoom: 0.5...1.5))),
    Row(
      recipe: "moazeni", model: "convnet", size: 64, training: adam(batch: 32, epochs: 32, blog)),
    Row(
      recipe: "vgg19-comparison", model: "1-convnet", size: 150,
      training: rmsprop(0.0001, batch: 20, epochs: 30)),
    Row(
      recipe: "vgg19-comparison", model: "2-augmented", size: 150,
      training: rmsprop(0.0001, batch: 32, epochs: 100, chollet)),
    Row(
      recipe: "vgg19-comparison", model: "3-dropout", size: 150,
      training: rmsprop(0.0001, batch: 32, epochs: 100, chollet)),
    Row(
      recipe: "vgg19-comparison", model: "4-features", size: 150,
      training: rmsprop(0.00002, batch: 20, epochs: 30)),
    Row(
      recipe: "vgg19-comparison", model: "5-head", size: 150,
      training: rmsprop(0.00002, batch: 20, epochs: 30)),
    Row(
      recipe: "vgg19-comparison", model: "5-fine-tuned", size: 150,
      training: rmsprop(0.00002, batch: 20, epochs: 10, chollet)),
  ]

  private func training(of model: RecipeModel) throws -> Training {
    if let head = model.head {
      return Training(
        optimizer: head.solver.rawValue, rate: head.learningRate ?? 0.001,
        momentum: head.momentum, batch: head.batchSize, epochs: head.epochs,
        patience: head.patience,
        augmentation: head.views == 0 ? Augmentation() : head.augmentation)
    }
    if let own = model.training {
      return Training(
        optimizer: own.optimizer.rawValue, rate: own.learningRate ?? 0.001,
        momentum: own.momentum, batch: own.batchSize, epochs: own.epochs, patience: own.patience,
        augmentation: own.augmentation)
    }
    let own = try #require(model.fineTuning)
    return Training(
      optimizer: own.optimizer.rawValue, rate: own.learningRate,
      momentum: own.optimizer == .sgd ? own.momentum : 0, batch: own.batchSize,
      epochs: own.epochs, patience: own.patience, augmentation: own.augmentation)
  }

  private func recipe(_ name: String) throws -> Recipe {
    try Recipe(yaml: try RecipeBook.text(name), file: name)
  }

  @Test(arguments: rows.indices) func trainingIsThatOfTheSource(_ index: Int) throws {
    let row = Self.rows[index]
    let model = try #require(try recipe(row.recipe).model(row.model))
    #expect(try training(of: model) == row.training, "\(row.recipe) \(row.model)")
    #expect(model.features.height == row.size && model.features.width == row.size)
    #expect(model.features.preprocessing == row.preprocessing)
    #expect(model.features.interpolation == .nearest)
    if let head = model.head {
      #expect(head.pooling == .flatten && head.hidden == 256)
      #expect(head.dropout == (row.model == "5-head" ? 0 : 0.5))
    }
    if let fineTuning = model.fineTuning {
      #expect(fineTuning.unfreeze == "block5" && !fineTuning.refitHead)
      #expect(fineTuning.schedule == .constant && fineTuning.rateFactors.isEmpty)
    }
  }

  @Test func everyModelOfAPublishedRecipeStandsInTheTable() throws {
    for name in RecipeBook.names where name != "best" {
      let models = try recipe(name).models.map(\.name)
      #expect(models == Self.rows.filter { $0.recipe == name }.map(\.model))
    }
  }

  @Test func endingsAreThoseOfTheSources() throws {
    for name in RecipeBook.names where name != "best" {
      let recipe = try recipe(name)
      let isBN = name == "cats-n-dogs-bn"
      #expect(recipe.clip == (isBN ? 0.01 : nil))
      #expect(recipe.testTime.views == (isBN ? 5 : 1))
      #expect(recipe.testTime.augmentation == (isBN ? Self.fastAI : nil))
      #expect(recipe.models.allSatisfy { $0.folds == (name == "cats-n-dogs" ? 2 : 0) })
    }
    let parameters = try #require(try recipe("dsouza").model("a")?.network).network(
      inputShape: [150, 150, 3], classes: 2, seed: 0
    ).parameterCount
    #expect(parameters == 10_641_441)
  }
}
