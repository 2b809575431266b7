import Foundation

/// Where pretrained weights are kept, and under which names.
public enum WeightsLocation {
  /// `$HEADSTART_WEIGHTS`, or `weights/` in the working directory.
  public static var folder: String {
    let chosen = ProcessInfo.processInfo.environment["HEADSTART_WEIGHTS"] ?? ""
    return chosen.isEmpty ? "weights" : chosen
  }

  /// The official file's name.
  ///
  /// - Parameter top: with the dense layers.
  public static func fileName(_ backbone: Backbone, top: Bool) -> String {
    "\(backbone.rawValue)_weights_tf_dim_ordering_tf_kernels\(top ? "" : "_notop").h5"
  }

  /// The backbone's file in ``folder``: without top if it is there and serves, else with.
  ///
  /// - Parameter layer: `fc1` and `fc2` are in the file with top only.
  /// - Throws: ``StageError/noWeights(backbone:searched:)``.
  public static func find(_ backbone: Backbone, layer: String) throws(StageError) -> String {
    let names =
      layer.hasPrefix("fc")
      ? [fileName(backbone, top: true)]
      : [fileName(backbone, top: false), fileName(backbone, top: true)]
    let paths = names.map { URL(fileURLWithPath: folder).appendingPathComponent($0).path }
    for path in paths where FileManager.default.fileExists(atPath: path) { return path }
    throw .noWeights(backbone: backbone.rawValue, searched: paths)
  }
}
