/// The library's own facts.
public enum Release {
  /// Semantic version; every model file and manifest names it.
  public static let version = "0.1.0"
}
