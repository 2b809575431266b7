import Foundation
import Headstart
import Kernels
import Pictures
import Synchronization
import TestSupport

/// A folder of its own for a test, deleted when the test is over.
final class Scratch: Sendable {
  private let folder: TemporaryFolder
  var path: String { folder.path }

  init() throws { folder = try TemporaryFolder("store") }

  func file(_ name: String) -> String { folder.file(name) }

  @discardableResult
  func write(_ bytes: [UInt8], to name: String) throws -> String {
    let path = file(name)
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }
}

func contents(of path: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
}

func names(in folder: String) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
}

extension FeatureKey {
  static let example = FeatureKey(
    backbone: "vgg16", weights: String(repeating: "a", count: 64), layer: "block5_pool",
    height: 4, width: 4, preprocessing: .caffe, interpolation: .bilinear, ignoresEXIF: false,
    arithmetic: .f32, instructionSet: .portable)
}

extension FeatureShape {
  static let example = FeatureShape(height: 2, width: 3, channels: 4)
}

/// Rows that differ from each other and from those of another seed.
func rows(_ count: Int, seed: Int = 0, shape: FeatureShape = .example) -> [Float] {
  (0..<count * shape.count).map { Float($0 % 251) * 0.5 + Float(seed * 1000 + $0 / shape.count) }
}

/// Pictures that do not exist, but have hashes.
func pictures(_ range: Range<Int>) -> [PictureHash] {
  range.map { PictureHash(of: Array("picture \($0)".utf8)) }
}

extension FeatureStore {
  static func example(in scratch: Scratch, key: FeatureKey = .example) throws -> FeatureStore {
    try open(under: scratch.file("features"), key: key, shape: .example)
  }

  var shards: [String] { (try? names(in: folder).filter { $0.hasSuffix(".h5") }) ?? [] }
}

/// A network whose features are simple sums, and which remembers what it was asked.
final class ToyNetwork: FeatureExtractor {
  let key: FeatureKey
  let outputShape = FeatureShape.example
  /// The batch sizes, in order.
  let batches = Mutex<[Int]>([])
  private let onBatch: @Sendable (Int) throws -> Void

  init(key: FeatureKey = .example, onBatch: @escaping @Sendable (Int) throws -> Void = { _ in }) {
    self.key = key
    self.onBatch = onBatch
  }

  var computed: Int { batches.withLock { $0.reduce(0, +) } }

  func features(images: [Float], count: Int) throws -> [Float] {
    let size = key.height * key.width * 3
    precondition(images.count == count * size)
    let batch = batches.withLock { batches in
      batches.append(count)
      return batches.count
    }
    try onBatch(batch)
    return (0..<count).flatMap { Self.features(of: images[$0 * size..<($0 + 1) * size]) }
  }

  static func features(of image: ArraySlice<Float>) -> [Float] {
    (0..<FeatureShape.example.count).map { place in
      image.enumerated().reduce(Float(place)) { $0 + $1.element * Float(($1.offset + place) % 7) }
    }
  }

  /// The files of these tests hold a network's input as it is, a byte a value.
  static func prepare(_ bytes: [UInt8], _ name: String) throws -> [Float] {
    guard bytes.count == 48 else { throw Unreadable(name: name, size: bytes.count) }
    return bytes.map(Float.init)
  }

  /// Views of such inputs: mirrored, or with a number added.
  static func change(_ image: [Float], _ view: PictureView) -> [Float] {
    switch view {
    case .plain: image
    case .flipped: image.reversed()
    case .random(let number, _, let seed): image.map { $0 + Float(number) + Float(seed) / 4 }
    case .crop(let number): image.map { $0 - Float(number + 1) }
    }
  }

  struct Unreadable: Error, CustomStringConvertible {
    let name: String
    let size: Int
    var description: String { "\(name): expected 48 bytes, found \(size)" }
  }
}

/// The bytes of the `index`-th file of a test.
func picture(_ index: Int) -> [UInt8] {
  (0..<48).map { UInt8(truncatingIfNeeded: index &* 31 &+ $0 &* 7 &+ (index >> 8)) }
    .dropLast(2) + [UInt8(truncatingIfNeeded: index), UInt8(truncatingIfNeeded: index >> 8)]
}

extension Scratch {
  /// Writes that many picture files.
  func samples(_ count: Int) throws -> [Sample] {
    try (0..<count).map {
      Sample(path: try write(picture($0), to: "pictures/\($0).bin"), label: $0 % 2)
    }
  }
}
