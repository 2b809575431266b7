import Foundation
import Pictures

/// The public photos of cats and dogs that Google's machine-learning courses use: 2000 to train on
/// and 1000 to validate, a part of the Kaggle competition's (from Asirra, Microsoft Research).
public struct DemoPhotos: Sendable {
  public static let address =
    "https://storage.googleapis.com/mledu-datasets/cats_and_dogs_filtered.zip"

  private let address: String
  private let environment: [String: String]

  public init(
    address: String = DemoPhotos.address,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    self.address = address
    self.environment = environment
  }

  /// Downloads and unpacks the photos into a folder, which appears when all is in it: `train/` and
  /// `validation/` with `cats/` and `dogs/`, and `test/`, a tenth of the validation photos under
  /// new names and without labels.
  ///
  /// The archive stands beside the folder while it is on its way; an interrupted download is
  /// resumed by the next call.
  ///
  /// - Parameter progress: gets the bytes received.
  /// - Throws: ``DemoError``, ``Cancelled``.
  public func fetch(
    to folder: String, cancellation: Cancellation = Cancellation(),
    progress: (Int) -> Void = { _ in }
  ) throws {
    let archive = folder + ".zip" + Download.partialEnding
    try DemoFolder.create(URL(fileURLWithPath: folder).deletingLastPathComponent().path)
    let download = Download(
      environment: environment, cancellation: cancellation, connectionSeconds: 5)
    try namingAddress {
      try download.fetch(
        address, into: archive, byteCount: nil, limit: 256 << 20, progress: progress)
    }
    // Unpacked or of no use: either way it has served.
    defer { if !cancellation.isCancelled { try? FileManager.default.removeItem(atPath: archive) } }
    try namingAddress {
      try DemoFolder.fill(folder) { try unpack(archive, into: $0, cancellation: cancellation) }
    }
  }

  private func namingAddress(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch let failure as SourceFailure {
      throw DemoError.noPhotos(address: address, reason: failure.description)
    }
  }

  private func unpack(
    _ archive: String, into folder: String, cancellation: Cancellation
  ) throws {
    let unpacked = folder + "/unpacked"
    let ending = try ChildProcess.run(
      "unzip", ["-q", archive, "-d", unpacked], environment: environment,
      cancellation: cancellation)
    guard ending.status == 0 else {
      throw SourceFailure("the archive cannot be unpacked: \(ending.lastLine)")
    }
    let root = unpacked + "/cats_and_dogs_filtered"
    for part in ["train", "validation"] {
      for name in ["cats", "dogs"] {
        let photos = DemoFolder.names(in: "\(root)/\(part)/\(name)").filter { $0.hasSuffix(".jpg") }
        guard photos.count >= 10 else {
          throw SourceFailure("expected photos in \(part)/\(name), found \(photos.count)")
        }
        try DemoFolder.create("\(folder)/\(part)/\(name)")
        for photo in photos {
          try DemoFolder.move(
            "\(root)/\(part)/\(name)/\(photo)", to: "\(folder)/\(part)/\(name)/\(photo)")
        }
      }
    }
    try DemoFolder.remove(unpacked)
    try setAsideTest(folder)
  }

  /// Moves every tenth validation photo to `test/`, numbered in random order.
  private func setAsideTest(_ folder: String) throws {
    let photos = ["cats", "dogs"].flatMap { name in
      DemoFolder.names(in: "\(folder)/validation/\(name)").enumerated()
        .filter { $0.offset % 10 == 0 }.map { "\(folder)/validation/\(name)/\($0.element)" }
    }
    try DemoFolder.create("\(folder)/test")
    var random = SeededGenerator(seed: 0)
    for (index, photo) in random.shuffled(photos).enumerated() {
      try DemoFolder.move(photo, to: "\(folder)/test/\(index + 1).jpg")
    }
  }
}
