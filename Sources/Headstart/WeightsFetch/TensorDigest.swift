import Crypto
import Foundation
import KerasFormat

extension VGGWeights {
  /// SHA-256 of all weights, in hexadecimal: the same for the same numbers, whatever the file.
  ///
  /// Hashed are the values alone, as little-endian IEEE 754 binary32, each tensor row-major: for
  /// every convolution from `block1_conv1` on its kernel (height, width, in, out), then its bias
  /// (out); then for `fc1`, `fc2` and `predictions`, where there are any, kernel (in, out) and bias.
  public func tensorSHA256() -> String {
    var hash = SHA256()
    forEachTensor { _, _, values in
      // In pieces, so that the 400 MB of fc1 are not held twice.
      for start in stride(from: 0, to: values.count, by: 1 << 20) {
        hash.update(data: littleEndianBytes(values[start..<min(start + 1 << 20, values.count)]))
      }
    }
    return hexadecimal(hash.finalize())
  }
}

private func littleEndianBytes(_ values: ArraySlice<Float>) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: 4 * values.count)
  var position = 0
  for value in values {
    let bits = value.bitPattern
    bytes[position] = UInt8(truncatingIfNeeded: bits)
    bytes[position + 1] = UInt8(truncatingIfNeeded: bits >> 8)
    bytes[position + 2] = UInt8(truncatingIfNeeded: bits >> 16)
    bytes[position + 3] = UInt8(truncatingIfNeeded: bits >> 24)
    position += 4
  }
  return bytes
}

/// Bytes as two lower-case digits each.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { String(format: "%02x", $0) }.joined()
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
  return hexadecimal(hash.finalize())
}
