import Crypto
import Foundation
import KerasFormat

extension VGGWeights {
  /// SHA-256 of all weights, in hexadecimal: the same for the same numbers, whatever the file.
  ///
  /// Hashed are the values alone, as little-endian IEEE 754 binary32, each tensor row-major: for
  /// every convolution from `block1_conv1` on its kernel (height, width, in, out), then its bias
  /// (out); then for `fc1`, `fc2` and `predictions`, where there are any, kernel (in, out) and bias.
  /// So anything that can read the tensors can check it, knowing nothing of files and names.
  public func tensorSHA256() -> String {
    var hash = SHA256()
    forEachTensor { _, _, values in hash.update(floats: values) }
    return hash.finalize().hexadecimal
  }
}

/// The MD5 sum of a file, in hexadecimal, read a megabyte at a time.
///
/// - Throws: what reading the file throws, or ``Cancelled``.
package func fileMD5(
  _ path: String, cancellation: Cancellation = Cancellation()
) throws -> String {
  let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
  defer { try? file.close() }
  var hash = Insecure.MD5()
  while let data = try file.read(upToCount: 1 << 20), !data.isEmpty {
    try cancellation.check()
    hash.update(data: data)
  }
  return hash.finalize().hexadecimal
}
