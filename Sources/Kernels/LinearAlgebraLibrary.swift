import COpenBLAS

/// The library behind ``LinearAlgebra``.
public enum LinearAlgebraLibrary {
  /// What it says of itself: its name and version, how it was built, and the kernels it chose for
  /// this CPU.
  public static var configuration: String { String(cString: openblas_get_config()) }
}
