import CHDF5

/// The version of libhdf5 that is linked, such as `1.14.3`; nil if it does not tell.
public enum HDF5Version {
  public static var linked: String? {
    HDF5Library.locked {
      var (major, minor, release): (UInt32, UInt32, UInt32) = (0, 0, 0)
      guard H5get_libversion(&major, &minor, &release) >= 0 else { return nil }
      return "\(major).\(minor).\(release)"
    }
  }
}
