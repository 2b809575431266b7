import Kernels
import Pictures

/// The library's own facts.
public enum Release {
  /// Semantic version; every model file and manifest names it.
  public static let version = "0.1.0"

  /// Changes whenever the same pictures, settings and weights would train to other bits.
  static let trainingVersion = 1

  /// Of all code that a trained model's bits depend on.
  static let codeVersions =
    "training \(trainingVersion), preparation \(PicturePreparation.codeVersion), views"
    + " \(ViewTransform.codeVersion), instructions \(InstructionSet.current.rawValue)"
}
