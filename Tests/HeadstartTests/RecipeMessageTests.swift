import Headstart
import Testing

/// A wrong value in a recipe: the message says where it stands, what would fit and what was found,
/// in the words of recipes, never in those of Swift.
@Suite struct RecipeMessageTests {
  private static let text = """
    name: mine
    pictures: {size: 64, preprocessing: rescale}
    models:
      - name: head
        backbone: vgg16
        head: {solver: rmsprop, epochs: 3}
      - name: tuned
        startsFrom: head
        fineTuning: {views: 2, augmentation: {horizontalFlip: true}}
      - name: net
        network:
          - Conv2D: {filters: 2, kernel_size: 3, activation: relu}
          - Dropout: {rate: 0.5}
          - Flatten
          - Output
        training: {optimizer: adam, epochs: 4}
    result: {models: [tuned, net], weights: fitted}
    testTime: flip
    """

  private func message(_ override: String) -> String {
    let error = #expect(throws: (any Error).self, "\(override)") {
      try Recipe(yaml: Self.text, file: "mine.yaml", overrides: [override])
    }
    return error.map { "\($0)" } ?? ""
  }

  /// A place below `mine.yaml` or `mine`, a value, what is expected, what is found if it is not the
  /// value.
  typealias Case = (place: String, value: String, expected: String, found: String?)

  private static let head = "models.head.head."
  private static let tuned = "models.tuned.fineTuning."
  private static let net = "models.net.training."
  private static let views = "models.tuned.fineTuning.augmentation."

  private static let kinds: [Case] = [
    (head + "epochs", "many", "a whole number", "'many'"),
    (head + "epochs", "3.5", "a whole number", nil),
    (head + "epochs", "null", "a whole number", "nothing"),
    (head + "epochs", "[3]", "a whole number", "a list"),
    (head + "batchSize", "true", "a whole number", nil),
    (head + "hidden", "{units: 3}", "a whole number", "names and values"),
    (head + "dropout", "half", "a number", "'half'"),
    (head + "learningRate", "'0.1'", "a number", nil),
    (head + "learningRate", "1e60", "a number", "1e+60"),
    (head + "momentum", ".nan", "a number", "'.nan'"),
    (head + "balanced", "1", "true or false", nil),
    (head + "calibrates", "maybe", "true or false", "'maybe'"),
    (head + "seed", "-1", "a whole number of at least 0", nil),
    (head + "solver", "newtons", "one of rmsprop, adam, sgd, newton", "'newtons'"),
    (head + "pooling", "mean", "one of", "'mean'"),
    (head + "normalization", "3", "one of none, l2, standard", nil),
    (tuned + "optimizer", "Adam", "one of sgd, rmsprop, adam, adamw", "'Adam'"),
    (tuned + "schedule", "linear", "one of constant, step, cosine", "'linear'"),
    (tuned + "unfreeze", "5", "text", nil),
    (tuned + "rateFactors", "0.1", "names and values", nil),
    (tuned + "rateFactors.head", "low", "a number", "'low'"),
    (tuned + "refitHead", "'no'", "true or false", nil),
    (net + "optimizer", "lion", "one of sgd, rmsprop, adam, adamw, adagrad", "'lion'"),
    (net + "restoresBest", "2", "true or false", nil),
    (views + "rotationRange", "ten", "a number", "'ten'"),
    (views + "widthShiftRange", "wide", "a number, or a list of numbers", "'wide'"),
    (views + "zoomRange", "[1]", "a number below 1, or two factors", "a list"),
    (views + "zoomRange", "[2, 1]", "the smaller first", "a list"),
    (views + "zoomRange", "[1, 2, 3]", "two factors", "a list"),
    (views + "brightnessRange", "0.5", "two numbers in a list, the smaller first", nil),
    (views + "brightnessRange", "[dark, bright]", "two numbers in a list", "a list"),
    (views + "horizontalFlip", "sometimes", "true or false", "'sometimes'"),
    (views + "fillMode", "mirror", "one of nearest, constant, reflect, wrap", "'mirror'"),
    (views + "randomResizedCrop.scale", "0.5", "two numbers in a list", nil),
    ("models.head.backbone", "resnet50", "one of vgg16, vgg19, none", "'resnet50'"),
    ("models.head.layer", "5", "text", nil),
    ("models.head.folds", "two", "a whole number", "'two'"),
    ("models.head.name", "3", "text", nil),
    ("models.head.pictures.interpolation", "best", "one of", "'best'"),
    ("models.head.pictures.preprocessing", "imagenet", "one of", "'imagenet'"),
    ("models.head.pictures.arithmetic", "f64", "one of", "'f64'"),
    ("models.head.pictures.size", "big", "a whole number", "'big'"),
    ("models.head.pictures.size", "[64, 64]", "a whole number", "a list"),
    ("models.net.denseBlock", "resnet", "one of vgg16bn", "'resnet'"),
    ("models.net.network", "3", "a list", nil),
    ("models.net.network.1", "[Flatten, 3, Output]", "a layer: a class of Keras'", "3"),
    ("models.net.network.0", "[{}, Output]", "a layer: a class of Keras'", "names and values"),
    (
      "models.net.network.0", "[{Dense: 3}, Output]", "such as Dense: {units: 64}",
      "names and values"
    ),
    ("result.weights", "best", "one of equal, fitted", "'best'"),
    ("result.models", "net", "a list", "'net'"),
    ("result.models.1", "[net, 3]", "text", "3"),
    ("testTime", "[1]", "flip, a number of views", "a list"),
    ("testTime", "flipped", "flip, a number of views", "'flipped'"),
    ("testTime.views", "{views: two}", "a whole number", "'two'"),
    ("clip", "low", "a number", "'low'"),
    ("positive", "1", "text", nil),
    ("title", "[a]", "text", "a list"),
    ("notes", "one", "a list", "'one'"),
    ("notes.0", "[3]", "text", "3"),
    ("models", "3", "a list of models", nil),
  ]

  private static let ranges: [Case] = [
    (head + "epochs", "0", "at least 1", nil),
    (head + "batchSize", "-3", "at least 1", nil),
    (head + "batchSize", "9223372036854775807", "at most 1048576", nil),
    (head + "epochs", "1048577", "at most 1048576", nil),
    (tuned + "batchSize", "9223372036854775807", "at most 1048576", nil),
    (net + "batchSize", "9223372036854775807", "at most 1048576", nil),
    (head + "hidden", "-1", "0 to 65536", nil),
    (head + "dropout", "1", "at least 0 and below 1", "1.0"),
    (head + "learningRate", "0", "a positive number", "0.0"),
    (head + "labelSmoothing", "1.5", "at least 0 and below 1", nil),
    (head + "momentum", "1", "at least 0 and below 1", "1.0"),
    (head + "patience", "-1", "at least 0", nil),
    (head + "folds", "1", "at least 2", nil),
    (head + "strength", "-2", "a positive number", "-2.0"),
    (head + "views", "-1", "0 to 10000", nil),
    (head + "augmentation.rotationRange", "-3", "degrees, 0 or more", "-3.0"),
    (tuned + "views", "0", "1 to 10000", nil),
    (tuned + "freshViews", "0", "at least 1", nil),
    (tuned + "clipNorm", "0", "a positive number", "0.0"),
    (tuned + "weightDecay", "-1", "at least 0", nil),
    (tuned + "warmUp", "1", "at least 0 and below 1", "1.0"),
    (tuned + "learningRate", "-1", "a positive number", "-1.0"),
    (tuned + "rateFactors", "{head: -1}", "at least 0", "head"),
    (tuned + "rateFactors", "{block9: 1}", "one of block1", "block9"),
    (tuned + "unfreeze", "block6", "one of all, block1", "block6"),
    (net + "momentum", "0.5", "0 with adam", nil),
    (net + "epochs", "0", "at least 1", nil),
    (net + "views", "20000", "1 to 10000", nil),
    (views + "zoomRange", "1.5", "factors above 0", "-0.5"),
    (views + "zoomRange", ".nan", "factors", nil),
    (views + "zoomRange", "[.nan, 1]", "factors", "a list"),
    (views + "widthShiftRange", "-1", "a distance, 0 or more", "-1.0"),
    (views + "randomResizedCrop", "{scale: [0, 1], ratio: [1, 1]}", "above 0", "0.0"),
    ("models.head.layer", "block9_pool", "one of block1_conv1", "block9_pool"),
    ("models.net.layer", "block1_pool", "input", "block1_pool"),
    ("models.head.folds", "1", "0, or 2 to 100 folds", nil),
    ("models.head.name", "../up", "letters", "'../up'"),
    ("models.tuned.name", "head", "a name of its own", "taken"),
    ("models.tuned.startsFrom", "net", "the name of a model before it", "net"),
    ("models.net.denseBlock", "vgg16bn", "between vgg16 and a network", "one"),
    ("models.net.network", "[]", "at least one", "none"),
    ("models.net.network", "[{Dropout: {rate: 1.5}}, Flatten, Output]", "below 1", "1.5"),
    (
      "models.net.network", "[{Conv2D: {filters: 0, kernel_size: 3}}, Flatten, Output]",
      "filters, a whole number of at least 1", "0"
    ),
    (
      "models.net.network", "[{Conv2D: {filters: 2, kernel_size: x}}, Flatten, Output]",
      "kernel_size, 1 to 4096", "x"
    ),
    (
      "models.net.network", "[{Conv2D: {filters: 2}}, Flatten, Output]",
      "the argument kernel_size", "none"
    ),
    (
      "models.net.network", "[{Dense: {units: 2, activation: swish}}, Output]",
      "activation linear", "swish"
    ),
    ("result.models", "[]", "at least one", "none"),
    ("result.models", "[net, net]", "different models", "net, net"),
    ("testTime", "13", "1 to 12", nil),
    ("testTime", "0", "1 to 12", nil),
    ("clip", "0.7", "0 up to 0.5", nil),
    ("models", "[]", "at least one model", "none"),
  ]

  @Test(arguments: [kinds, ranges].flatMap { $0 }.indices)
  func placeExpectationAndFindingAreNamed(_ index: Int) {
    let (place, value, expected, found) = (Self.kinds + Self.ranges)[index]
    // An element's place is told by its number; it is set with its list.
    let set =
      place.split(separator: ".").last.map { Int($0) != nil } ?? false
        || place == "testTime.views"
      ? String(place[..<(place.lastIndex(of: ".") ?? place.endIndex)]) : place
    let text = message("\(set)=\(value)")
    let places = ["mine.yaml: \(place)", "mine: \(place)"]
    let isPlace =
      places.contains { text.hasPrefix($0) }
      || (place.hasSuffix(".name") && text.contains(".name: "))
    #expect(isPlace, "\(set)=\(value): \(text)")
    let halves = text.components(separatedBy: ", found ")
    #expect(halves.count == 2, "\(text)")
    let expectation = halves[0].components(separatedBy: ": expected ")
    #expect(expectation.count == 2 && expectation[1].contains(expected), "\(text)")
    let finding = halves.last ?? ""
    #expect(finding.contains(found ?? value), "\(text)")
    for word in [
      "Int", "Double", "Float", "String", "Array", "Dictionary", "Optional", "Cannot", "another",
    ] {
      #expect(!text.contains(word), "\(text)")
    }
  }

  @Test(arguments: [
    (head + "epoch=7", "models.head.head", "epochs"),
    (head + "learning_rate=1", "models.head.head", "learningRate"),
    (head + "solver=Newton", "models.head.head.solver", "newton"),
    (tuned + "optimiser=sgd", "models.tuned.fineTuning", "optimizer"),
    (net + "optimizer=adma", "models.net.training.optimizer", "adam"),
    (views + "horizontal_flip=true", "models.tuned.fineTuning.augmentation", "horizontalFlip"),
    ("models.head.pictures.interpolatoin=nearest", "models.head.pictures", "interpolation"),
    ("models.head.pictures.interpolation=bilinaer", "interpolation", "bilinear"),
    ("models.head.bakbone=vgg16", "models.head", "backbone"),
    ("models.haed.head.epochs=7", "--set models", "head"),
    ("models.head.layer=block5pool", "models.head.layer", "block5_pool"),
    (tuned + "unfreeze=blok5", "unfreeze", "block5"),
    ("models.tuned.startsFrom=heads", "models.tuned.startsFrom", "head"),
    ("models.net.network=[{Convd2D: {filters: 2}}, Output]", "models.net.network.0", "Conv2D"),
    ("models.net.network=[{Conv2D: {filter: 2}}, Output]", "network.0.Conv2D", "filters"),
    ("result={models: [net], weigths: fitted}", "mine.yaml: result", "weights"),
    ("result=[nets]", "result.models", "net"),
    ("testTime={view: 2}", "testTime", "views"),
    ("testTime=flipp", "testTime", "flip"),
    ("titel=x", "mine.yaml", "title"),
  ])
  func theNearestNameIsSuggested(_ override: String, _ place: String, _ suggestion: String) {
    let text = message(override)
    #expect(text.contains(place) && text.hasSuffix(" Perhaps \(suggestion) is meant."), "\(text)")
  }

  @Test func farNamesAreNotSuggested() {
    #expect(!message("sorcery=1").contains("Perhaps"))
    #expect(!message("models.head.head.x=1").contains("Perhaps"))
    #expect(throws: RecipeError.self) { try RecipeBook.text("keras") }
  }

  @Test(arguments: [
    ("models.net.network.99=Flatten", "a number from 0 to"),
    ("clip.x=1", "mine.yaml: clip: expected a number, found names and values"),
    ("models.head.head.epochs.x=1", "which has no members"), ("nonsense", "place=value"),
    ("models.head.network=[Flatten, Output]", "found head and network"),
    ("models.head.training={}", "found training alone"),
    ("models.tuned.startsFrom=null", "found fineTuning alone"),
  ])
  func whatCannotBeSetIsTold(_ override: String, _ fragment: String) {
    let text = message(override)
    #expect(text.contains(fragment), "\(text)")
  }
}
