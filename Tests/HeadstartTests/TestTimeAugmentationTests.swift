import Foundation
import Headstart
import Kernels
import NeuralNetwork
import Pictures
import Testing

/// Predictions that are means over views.
@Suite struct TestTimeAugmentationTests {
  private let scratch: Scratch
  private let data: DataSet
  private let classifier: Classifier
  private let pool = ThreadPool(threads: 2)

  init() throws {
    scratch = try Scratch()
    try DemoPictures(seed: 4, training: 12, validation: 4, test: 5)
      .write(to: scratch.file("pictures"), pool: pool)
    data = try DataSet.open(scratch.file("pictures"))
    let settings = FeatureSettings(layer: "block2_pool", height: 32, width: 32)
    let backbone = try VGGBackbone(
      convolutions: SeededVGG.weights(.vgg16).convolutions, dense: [], settings: settings,
      source: "seeded", pool: pool)
    var head = HeadSettings()
    head.folds = 3
    classifier = try HeadStage(
      settings: settings, head: head, featuresFolder: scratch.file("features"), pool: pool
    ).run(data, backbone: backbone).classifier
  }

  private func predict(
    _ paths: [String], _ views: [PictureView], cached: Bool
  ) throws -> [[Double]?] {
    try Predictor(
      classifier, featuresFolder: cached ? scratch.file("features") : nil, views: views,
      pool: pool
    ).predict(paths).map { outcome in
      if case .predicted(let prediction) = outcome { prediction.probabilities } else { nil }
    }
  }

  @Test func probabilitiesAreTheMeanOverTheViews() throws {
    let paths = data.test.map(\.path)
    let views: [PictureView] = [
      .plain, .flipped, .crop(0), .random(1, FineTuneSettings.defaultAugmentation, seed: 2),
    ]
    // Each view by itself, from its own pixels.
    let single = try views.map { try predict(paths, [$0], cached: false).compactMap { $0 } }
    #expect(Set(single.map { $0[0] }).count == 4, "each view is another picture")
    let mean = paths.indices.map { picture in
      [0, 1].map { place in views.indices.reduce(0) { $0 + single[$1][picture][place] } / 4 }
    }
    for cached in [false, true] {
      #expect(try predict(paths, views, cached: cached) == mean)
    }
    // The mirrored view is that of the mirrored picture, not of mirrored features.
    let mirrored = try PictureDecoder.read(paths[0])
    let levels = ViewTransform.flipped.apply(
      to: mirrored.resized(width: 32, height: 32, .bilinear))
    let file = scratch.file("mirrored.png")
    try Data(try Picture(width: 32, height: 32, levels: levels).png())
      .write(to: URL(fileURLWithPath: file))
    #expect(try predict([file], [.plain], cached: false)[0] == single[1][0])
  }

  @Test func unreadablePicturesStayInTheirPlaces() throws {
    var paths = data.test.map(\.path)
    paths.insert(scratch.file("none.png"), at: 1)
    paths.append(paths[0])
    for cached in [false, true] {
      let found = try predict(paths, [.plain, .flipped], cached: cached)
      #expect(found.map { $0 == nil } == [false, true, false, false, false, false, false])
      #expect(found[0] == found[6])
    }
  }

  @Test func repeatedViewsCountOnce() throws {
    let paths = [data.test[0].path]
    #expect(
      try predict(paths, [.plain, .plain], cached: true)
        == predict(paths, [.plain], cached: false))
  }
}
