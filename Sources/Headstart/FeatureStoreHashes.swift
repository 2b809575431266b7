import Crypto
import Foundation
import NeuralNetwork

/// The SHA-256 of a picture file's bytes: what a picture is called in a feature store.
///
/// The name and the place of the file do not matter, so renaming, moving and copying pictures
/// costs nothing, and a changed picture never finds the features of its former self.
public struct PictureHash: Sendable, Hashable, CustomStringConvertible {
  /// Number of bytes of a hash.
  public static let byteCount = 32

  // Four words instead of an array: an index of 100,000 pictures allocates nothing a picture.
  private let a, b, c, d: UInt64

  /// The first eight bytes as a number, to derive random numbers from.
  var firstWord: UInt64 { a }

  /// The hash of a file's bytes.
  public init(of bytes: [UInt8]) {
    self.init(digest: Array(SHA256.hash(data: bytes))[...])
  }

  /// A hash that was computed before.
  ///
  /// - Parameter digest: 32 bytes, as they stand in the `sha256` dataset of a shard.
  /// - Returns: `nil` unless there are 32 bytes.
  public init?(bytes digest: [UInt8]) {
    guard digest.count == Self.byteCount else { return nil }
    self.init(digest: digest[...])
  }

  init(digest: ArraySlice<UInt8>) {
    precondition(digest.count == Self.byteCount)
    func word(_ index: Int) -> UInt64 {
      digest.dropFirst(8 * index).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
    (a, b, c, d) = (word(0), word(1), word(2), word(3))
  }

  /// The 32 bytes.
  public var bytes: [UInt8] {
    [a, b, c, d].flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) }
    }
  }

  /// 64 hexadecimal digits, as `sha256sum` prints them.
  public var description: String { bytes.hexadecimal }

  // A SHA-256 is already uniformly distributed: its first word is as good as any hash of it all.
  public func hash(into hasher: inout Hasher) { hasher.combine(a) }
}

/// The SHA-256 of a list of tensors in canonical form, which names a set of weights.
///
/// The form does not depend on the file the weights came from: the tensors are added in the
/// network's order, after a Theano kernel was transposed and flipped. Each contributes its name,
/// its shape and its values as little-endian IEEE 754 floats. Hashing the 14.7 million parameters
/// of VGG16 takes some 40 ms: keep the result.
public struct TensorHash: Sendable {
  private var hasher = SHA256()

  public init() {}

  /// Adds one tensor; the order of the calls matters.
  public mutating func add(name: String, shape: [Int], values: [Float]) {
    let shape = shape.map(String.init).joined(separator: ",")
    hasher.update(data: Array("\(name) (\(shape)) \(values.count)\n".utf8))
    hasher.update(floats: values)
  }

  /// Adds the weights of a network's layer.
  mutating func add(_ layer: any Layer) {
    for parameter in layer.parameters {
      add(
        name: "\(layer.name)/\(parameter.name)", shape: parameter.value.shape,
        values: parameter.value.values)
    }
  }

  /// 64 hexadecimal digits.
  public func hexadecimal() -> String { Array(hasher.finalize()).hexadecimal }
}

extension SHA256 {
  /// Adds the little-endian bytes of `values`.
  mutating func update(floats values: [Float]) {
    #if _endian(little)
      // The one view of memory as bytes here: copying 100 KB a picture would halve the speed.
      values.withUnsafeBytes { update(bufferPointer: $0) }
    #else
      update(
        data: values.flatMap { value in
          (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt32($0))) }
        })
    #endif
  }
}

extension Sequence<UInt8> {
  /// Two lower-case digits a byte.
  var hexadecimal: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
