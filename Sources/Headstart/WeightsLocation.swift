import Foundation
import KerasFormat

/// Where pretrained weights are kept.
public enum WeightsLocation {
  /// `$HEADSTART_WEIGHTS`, or `weights/` in the working directory.
  public static var folder: String {
    let chosen = ProcessInfo.processInfo.environment["HEADSTART_WEIGHTS"] ?? ""
    return chosen.isEmpty ? "weights" : chosen
  }

  /// The backbone's file in ``folder``: without top if it is there and serves, else with.
  ///
  /// - Parameter layer: `fc1` and `fc2` are in the file with top only.
  /// - Throws: ``StageError/noWeights(backbone:searched:)``.
  public static func find(_ backbone: Backbone, layer: String) throws(StageError) -> String {
    let paths = (layer.hasPrefix("fc") ? [true] : [false, true]).compactMap { top in
      VGGWeights.Architecture(rawValue: backbone.rawValue).map {
        URL(fileURLWithPath: folder)
          .appendingPathComponent(PretrainedWeights.file($0, includesTop: top).fileName).path
      }
    }
    for path in paths where FileManager.default.fileExists(atPath: path) { return path }
    throw .noWeights(backbone: backbone.rawValue, searched: paths)
  }
}
