import Foundation
import KerasFormat
import Kernels
import Pictures
import Synchronization

/// A data set that needs no network: drawn flowers and stars, the same for the same seed.
///
/// `train/` and `validation/` with a folder for each class, and a flat `test/` without labels.
public struct DemoPictures: Sendable {
  /// The same seed draws the same pictures.
  public let seed: UInt64
  /// Of both classes together.
  public let training: Int
  /// Validation pictures of both classes.
  public let validation: Int
  /// Test pictures, whose names tell no class.
  public let test: Int

  public init(seed: UInt64 = 0, training: Int = 300, validation: Int = 100, test: Int = 60) {
    self.seed = seed
    self.training = training
    self.validation = validation
    self.test = test
  }

  /// All pictures.
  public var count: Int { training + validation + test }

  /// Draws all pictures into a folder, which appears when the last one is in it.
  ///
  /// - Throws: ``DemoError/cannotWrite(path:reason:)``, ``Cancelled``.
  public func write(
    to folder: String, pool: ThreadPool, cancellation: Cancellation = Cancellation(),
    progress: (_ done: Int) -> Void = { _ in }
  ) throws {
    try DemoFolder.fill(folder) { temporary in
      for part in ["train", "validation"] {
        for kind in DemoScene.Kind.allCases {
          try DemoFolder.create("\(temporary)/\(part)/\(kind)")
        }
      }
      try DemoFolder.create("\(temporary)/test")
      // A batch at a time, so that an interruption and the progress are not far behind.
      let batch = 4 * pool.threads
      for start in stride(from: 0, to: count, by: batch) {
        try cancellation.check()
        let range = start..<min(start + batch, count)
        for (index, bytes) in zip(range, try pngs(range, pool: pool)) {
          try DemoFolder.write(bytes, to: "\(temporary)/\(path(index))")
        }
        progress(range.upperBound)
      }
    }
  }

  private func pngs(_ range: Range<Int>, pool: ThreadPool) throws -> [[UInt8]] {
    let results = Mutex([Result<[UInt8], PictureError>?](repeating: nil, count: range.count))
    pool.parallelFor(range.count) { offset in
      let result = Result { () throws(PictureError) in
        try picture(range.lowerBound + offset).png()
      }
      results.withLock { $0[offset] = result }
    }
    return try results.withLock { try $0.compactMap { try $0?.get() } }
  }

  /// The i-th picture; classes alternate.
  package func picture(_ index: Int) -> Picture {
    // Far apart, so that neighbouring seeds share no picture.
    var scene = DemoScene(seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(index))
    return scene.picture(of: kind(index))
  }

  private func kind(_ index: Int) -> DemoScene.Kind { index % 2 == 0 ? .flowers : .stars }

  /// `train/stars/star.17.png`, or `test/3.png`, whose class only the drawing shows.
  private func path(_ index: Int) -> String {
    let kind = kind(index).rawValue
    let name = "\(kind)/\(kind.dropLast()).\(index + 1).png"
    if index < training { return "train/\(name)" }
    if index < training + validation { return "validation/\(name)" }
    return "test/\(index - training - validation + 1).png"
  }
}
