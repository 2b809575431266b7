import Foundation
import Headstart
import KerasFormat
import TestSupport
import Testing

@Suite struct WeightsVerificationTests {
  private let temporary: TemporaryFolder
  private var folder: String { temporary.path }

  init() throws {
    temporary = try TemporaryFolder("verify")
  }

  /// A weight file of one dense layer, as Keras 1 writes it.
  func writeDense(_ values: [Float], to path: String) throws {
    let file = try HDF5File(creating: path)
    try file.root.set("layer_names", ["dense_1"])
    let group = try file.root.createGroup("dense_1")
    try group.set("weight_names", ["dense_1_W"])
    try group.write("dense_1_W", values, shape: [values.count, 1])
    try file.close()
  }

  @Test func officialNamesOfOfficialFiles() {
    #expect(PretrainedWeights.all.count == 4)
    #expect(
      PretrainedWeights.file(.vgg19, includesTop: true).fileName
        == "vgg19_weights_tf_dim_ordering_tf_kernels.h5")
    #expect(
      PretrainedWeights.file(.vgg16, includesTop: false).officialAddresses == [
        "https://storage.googleapis.com/tensorflow/keras-applications/vgg16/"
          + "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "https://github.com/fchollet/deep-learning-models/releases/download/v0.1/"
          + "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
      ])
  }

  @Test func unknownVGGIsSoundUnlessItClaimsToBeOfficial() throws {
    let weights = try SyntheticVGG.counting()
    let own = folder + "/own.h5"
    try weights.save(own)
    let report = try WeightsVerification.verify(own)
    #expect(report.verdict == .sound && report.isSound && report.problems.isEmpty)
    #expect(report.architecture == "vgg16" && report.parameters == 14_714_688)
    #expect(report.tensorSHA256 == SyntheticVGG.countingSHA256)

    for includesTop in [true, false] {
      let claimed = PretrainedWeights.file(.vgg16, includesTop: includesTop)
      let path = "\(folder)/\(claimed.fileName)"
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: own)
      let report = try WeightsVerification.verify(path)
      #expect(report.verdict == .bad && report.problems.count == 1)
      #expect(report.problems[0].contains(claimed.tensorSHA256 ?? claimed.md5))
    }
  }

  @Test func otherNetworkIsSoundWhenFinite() throws {
    let path = folder + "/dense.h5"
    try writeDense([1, -2, .greatestFiniteMagnitude], to: path)
    let report = try WeightsVerification.verify(path)
    #expect(report.verdict == .sound && report.architecture == nil && report.parameters == 3)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func valueThatIsNotFiniteIsNamed(value: Float) throws {
    let path = folder + "/dense.h5"
    try writeDense([1, value, 3, value], to: path)
    let report = try WeightsVerification.verify(path)
    #expect(report.verdict == .bad)
    #expect(report.problems.count == 1)
    for word in [path, "dense_1_W", "finite", "position 1"] {
      #expect(report.problems[0].contains(word))
    }
  }

  @Test func missingForeignAndTruncatedFilesAreBad() throws {
    let dense = folder + "/dense.h5"
    try writeDense([Float](repeating: 1, count: 10_000), to: dense)
    let whole = try Data(contentsOf: URL(fileURLWithPath: dense))
    let cut = folder + "/cut.h5"
    try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: cut))
    let text = folder + "/text.h5"
    try Data("not HDF5".utf8).write(to: URL(fileURLWithPath: text))
    for path in [cut, text, folder + "/absent.h5", folder] {
      let report = try WeightsVerification.verify(path)
      #expect(report.verdict == .bad && report.problems.count == 1)
      #expect(report.problems[0].contains(path))
    }
  }

  @Test func cancellationIsNotAVerdict() throws {
    let path = folder + "/dense.h5"
    try writeDense([1], to: path)
    let cancellation = Cancellation()
    cancellation.cancel()
    #expect(throws: Cancelled()) {
      try WeightsVerification.verify(path, cancellation: cancellation)
    }
  }
}
