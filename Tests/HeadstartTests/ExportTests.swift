import Foundation
import Headstart
import KerasFormat
import Kernels
import Pictures
import Testing

@Suite struct ExportTests {
  /// Samples of which one is unreadable and one a copy, extracted.
  private func extract(
    _ scratch: Scratch, labels: Bool = true
  ) throws -> (ExtractionResult, FeatureStore) {
    var samples = try scratch.samples(9)
    try scratch.write([1], to: "pictures/4.bin")
    samples.append(Sample(path: try scratch.write(picture(2), to: "copy\nof 2.bin"), label: 1))
    if !labels { for index in samples.indices { samples[index].label = nil } }
    let store = try FeatureStore.example(in: scratch)
    let result = try Extraction(
      ToyNetwork(), store: store, pool: ThreadPool(threads: 2),
      options: ExtractionOptions(batchSize: 4),
      prepare: { bytes, name, _, _ in [try ToyNetwork.prepare(bytes, name)] }
    ).run(samples)
    return (result, store)
  }

  @Test func writesRowsLabelsAndFilesInOneOrder() throws {
    let scratch = try Scratch()
    let (result, store) = try extract(scratch)
    let report = try FeatureExport.write(
      result, of: store, split: "train", classes: ["cats", "dogs"], to: scratch.file("out/deep"))
    #expect(
      try names(in: scratch.file("out/deep")) == [
        "bottleneck_features_train.npy", "bottleneck_files_train.txt",
        "bottleneck_labels_train.npy",
      ])
    let order = [0, 1, 2, 3, 5, 6, 7, 8, 2]
    let features = try NumpyFile.read(report.features, Float.self)
    #expect(features.shape == [9, 2, 3, 4] && report.shape == features.shape)
    #expect(
      features.values
        == order.flatMap { ToyNetwork.features(of: picture($0).map(Float.init)[...]) })
    let labels = try NumpyFile.read(try #require(report.labels), Int64.self)
    #expect(labels.shape == [9])
    #expect(labels.values == [0, 1, 0, 1, 1, 0, 1, 0, 1])
    let lines = try String(contentsOfFile: report.files, encoding: .utf8)
      .split(separator: "\n").map(String.init)
    #expect(lines.dropLast() == order.dropLast().map { scratch.file("pictures/\($0).bin") }[...])
    #expect(lines.last == "\\" + scratch.file("copy\\nof 2.bin"))
  }

  @Test func withoutLabelsThereIsNoLabelFileNotEvenAnOldOne() throws {
    let scratch = try Scratch()
    try scratch.write([1], to: "out/bottleneck_labels_test.npy")
    let (result, store) = try extract(scratch, labels: false)
    let report = try FeatureExport.write(
      result, of: store, split: "test", classes: [], to: scratch.file("out"))
    #expect(report.labels == nil)
    #expect(
      try names(in: scratch.file("out")) == [
        "bottleneck_features_test.npy", "bottleneck_files_test.txt",
      ])
  }

  @Test func interruptedExportLeavesNothing() throws {
    let scratch = try Scratch()
    let (result, store) = try extract(scratch)
    let cancellation = Cancellation()
    cancellation.cancel()
    #expect(throws: Cancelled.self) {
      try FeatureExport.write(
        result, of: store, split: "train", classes: [], to: scratch.file("out"),
        cancellation: cancellation)
    }
    #expect(try names(in: scratch.file("out")).isEmpty)
  }
}
