import CGIF
import CPictures
import CSPNG
import CWebP

/// The libraries that decode pictures, on whose versions pixels may depend.
public enum PictureLibraries {
  /// Versions by name. libspng and libwebp tell that of the library that is linked; libjpeg and giflib
  /// cannot be asked, and theirs is that of the headers that the program was built with.
  public static var versions: [String: String] {
    let webp = WebPGetDecoderVersion()
    return [
      "libjpeg": String(cString: hsp_jpeg_version()),
      "libspng": String(cString: spng_version_string()),
      "libwebp": "\(webp >> 16).\(webp >> 8 & 255).\(webp & 255)",
      "giflib": "\(GIFLIB_MAJOR).\(GIFLIB_MINOR).\(GIFLIB_RELEASE)",
    ]
  }
}
