import Foundation
import KerasFormat
import Pictures

/// Writes the features of a split in the form that Keras' users know: `bottleneck_features_*.npy`.
public enum FeatureExport {
  /// What was written.
  public struct Report: Sendable, Equatable, Encodable {
    /// (n, h, w, c) float32, row by row in the order of the samples.
    public let features: String
    /// (n) int64; `nil` if the samples have no labels.
    public let labels: String?
    /// A path a line, in the order of the rows.
    public let files: String
    /// (pictures, h, w, c) of the array.
    public let shape: [Int]
    /// Names of the labels, in their order.
    public let classes: [String]
  }

  /// Writes the features, labels and file names of all readable samples of an extraction.
  ///
  /// - `bottleneck_features_<split>.npy`: (n, h, w, c) float32
  /// - `bottleneck_labels_<split>.npy`: (n) int64, the place of the class in alphabetical order;
  ///   left out where a sample has no label
  /// - `bottleneck_files_<split>.txt`: a path a line. A path with a newline in it is written as
  ///   `sha256sum` does: the line begins with a backslash, and `\n` and `\\` stand for the newline
  ///   and the backslash.
  ///
  /// The rows of all three are in the order of the samples. Features are streamed, so memory does
  /// not depend on their number, and each file appears whole or not at all.
  ///
  /// - Parameters:
  ///   - view: The view whose features are written; one of those that were extracted.
  ///   - progress: Called with the number of rows written and in all.
  /// - Throws: ``StageError``, ``FeatureStoreError`` or `KerasFormatError`.
  public static func write(
    _ extraction: ExtractionResult, of store: FeatureStore, view: FeatureView = .plain,
    split: String, classes: [String], to folder: String,
    cancellation: Cancellation = Cancellation(),
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> Report {
    let rows = extraction.readable
    try StageError.create(folder: folder)
    func path(_ name: String) -> String { (folder as NSString).appendingPathComponent(name) }
    let shape = [store.shape.height, store.shape.width, store.shape.channels]
    let features = path("bottleneck_features_\(split).npy")
    let labels = path("bottleneck_labels_\(split).npy")
    let files = path("bottleneck_files_\(split).txt")

    let writer = try NumpyFile.Writer<Float>(path: features, rowShape: shape)
    let step = max(1, (32 << 20) / (4 * store.shape.count))
    for start in stride(from: 0, to: rows.count, by: step) {
      try cancellation.check()
      let part = rows[start..<min(rows.count, start + step)]
      try writer.append(try store.read(part.map(\.picture), view: view))
      progress(part.endIndex, rows.count)
    }
    try writer.finish()

    let numbers = rows.compactMap { $0.sample.label.map { Int64($0) } }
    let hasLabels = numbers.count == rows.count
    if hasLabels {
      try NumpyFile.write(labels, values: numbers, shape: [numbers.count])
    } else {
      // Those of an earlier export would be taken for the labels of these rows.
      try AtomicFile.remove(labels)
    }
    let lines = rows.map { line(for: $0.sample.path) + "\n" }.joined()
    try AtomicFile.write(Data(lines.utf8), to: files)
    return Report(
      features: features, labels: hasLabels ? labels : nil, files: files,
      shape: [rows.count] + shape, classes: classes)
  }

  private static func line(for path: String) -> String {
    guard path.utf8.contains(UInt8(ascii: "\n")) || path.hasPrefix("\\") else { return path }
    return "\\"
      + path.replacingOccurrences(of: "\\", with: "\\\\")
      .replacingOccurrences(of: "\n", with: "\\n")
  }
}
