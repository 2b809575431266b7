import Files
import Foundation
import KerasFormat
import Kernels

/// `ensemble.json`: which model files are averaged, and with what weights.
///
///     {"format": 1,
///      "members": [{"model": "fold-1/model.h5", "weight": 0.5},
///                  {"model": "fold-2/model.h5", "weight": 0.5}],
///      "testTime": {"views": 2},
///      "submission": {"positive": "dogs", "clip": 0.01}}
///
/// Without `testTime`, pictures are judged as they are.
///
/// Paths are relative to the file's folder and do not leave it by `..`, so that the folder can be
/// moved and a file from elsewhere cannot name files outside it; symbolic links in the folder are
/// followed.
public struct EnsembleFile: Codable, Sendable, Equatable {
  /// A model file and what it counts.
  public struct Member: Codable, Sendable, Equatable {
    /// Path of the model, relative to the file.
    public var model: String
    /// What it counts beside the others.
    public var weight: Double

    public init(model: String, weight: Double) {
      self.model = model
      self.weight = weight
    }
  }

  /// Version of the file's structure.
  public private(set) var format = 1
  /// What is averaged.
  public var members: [Member]
  /// Of held-out predictions of the mean.
  public var calibration: Calibration?

  /// The views of each picture that are averaged as well; nil: the plain picture.
  public var testTime: TestTime?
  /// Of the draws of ``testTime``; nil: 0.
  public var seed: UInt64?
  /// What `submit` writes unless told otherwise; nil: what it writes of any model.
  public var submission: SubmissionChoice?

  public init(
    members: [Member], calibration: Calibration? = nil, testTime: TestTime? = nil,
    seed: UInt64? = nil, submission: SubmissionChoice? = nil
  ) {
    self.members = members
    self.calibration = calibration
    self.testTime = testTime
    self.seed = seed
    self.submission = submission
  }

  func views() throws -> [PictureView] {
    try (testTime ?? TestTime()).views(seed: seed ?? 0)
  }

  /// More members than anybody averages.
  static let maximumMembers = 100
  private static let maximumBytes = 1 << 20

  /// Writes the file, atomically.
  ///
  /// - Throws: ``EnsembleError`` if ``read(_:)`` would refuse it; the members' files need not be
  ///   there yet.
  public func write(to path: String) throws {
    try check(path)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.write(try encoder.encode(self), to: path)
  }

  /// Reads and checks a file.
  public static func read(_ path: String) throws(EnsembleError) -> EnsembleFile {
    let bytes: [UInt8]
    do throws(FileError) {
      let file = try OpenFile(path)
      guard file.size <= maximumBytes else {
        throw .unreadable(reason: "\(file.size) bytes, more than \(maximumBytes)")
      }
      bytes = try file.bytes(0..<file.size)
    } catch {
      throw .unreadable(path: path, reason: error.text)
    }
    let file: EnsembleFile
    do {
      // Foundation bounds the depth of nesting.
      file = try JSONDecoder().decode(EnsembleFile.self, from: Data(bytes))
    } catch {
      throw .invalid(
        path: path,
        expected: "an ensemble: {\"format\": 1, \"members\": [{\"model\": …, \"weight\": …}]}",
        found: Self.reason(error))
    }
    try file.check(path)
    return file
  }

  /// Whether a file begins as JSON does, and so not as a model.
  static func isJSON(_ path: String) -> Bool {
    guard let file = try? OpenFile(path), let start = try? file.bytes(0..<min(64, file.size))
    else { return false }
    let first = start.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
  }

  private func check(_ path: String) throws(EnsembleError) {
    guard format == 1 else {
      throw .invalid(path: path, expected: "format 1", found: "format \(format)")
    }
    guard (1...Self.maximumMembers).contains(members.count) else {
      throw .invalid(
        path: path, expected: "1 to \(Self.maximumMembers) members", found: "\(members.count)")
    }
    for member in members {
      let parts = Folder.parts(of: member.model)
      let leaves = member.model.utf8.first == 0x2F || parts.contains("..")
      guard !leaves, !member.model.isEmpty, !member.model.utf8.contains(0) else {
        throw .invalid(
          path: path, expected: "a path below its own folder for each member",
          found: "\"\(member.model)\"")
      }
    }
    do {
      try Ensemble.check(weights: members.map(\.weight))
    } catch {
      throw error.naming(path)
    }
    if let clip = submission?.clip, !(clip >= 0 && clip < 0.5) {
      throw .invalid(path: path, expected: "a clip from 0 to below 0.5", found: "\(clip)")
    }
    if let fault = calibration?.clipping.fault {
      throw .invalid(path: path, expected: "a calibration with clip levels", found: fault)
    }
    do {
      _ = try views()
    } catch let error as PictureViewError {
      throw .invalid(path: path, expected: error.expected, found: error.found)
    } catch {
      throw .invalid(path: path, expected: "an augmentation", found: "\(error)")
    }
  }

  private static func reason(_ error: any Error) -> String {
    func place(_ path: [any CodingKey]) -> String {
      let names = path.map { $0.intValue.map { "number \($0 + 1)" } ?? $0.stringValue }
      return names.isEmpty ? "" : " in " + names.joined(separator: ", ")
    }
    switch error as? DecodingError {
    case .keyNotFound(let key, let context):
      return "no \(key.stringValue)\(place(context.codingPath))"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "a value of another kind\(place(context.codingPath))"
    case .dataCorrupted(let context) where !context.codingPath.isEmpty:
      return "a value that does not fit\(place(context.codingPath))"
    default: return "text that is not JSON"
    }
  }
}

extension Ensemble {
  /// Reads a classifier (`model.h5`) or an ensemble of them (`ensemble.json`), told apart by
  /// content.
  ///
  /// Members with the same frozen network share it in memory.
  ///
  /// - Throws: ``EnsembleError``, or what ``Classifier/load(_:pool:)`` throws of a lone model.
  public static func load(_ path: String, pool: ThreadPool) throws -> Ensemble {
    guard EnsembleFile.isJSON(path) else {
      return Ensemble(try Classifier.load(path, pool: pool), name: path)
    }
    let file = try EnsembleFile.read(path)
    let folder = (path as NSString).deletingLastPathComponent
    var backbones: [FeatureKey: any FeatureExtractor] = [:]
    let members = try file.members.map { member in
      let model = (folder as NSString).appendingPathComponent(member.model)
      let classifier: Classifier
      do {
        classifier = try Classifier.load(model, pool: pool)
      } catch {
        throw EnsembleError.member(path: path, model: member.model, reason: "\(error)")
      }
      let shared = backbones[classifier.backbone.key] ?? classifier.backbone
      backbones[classifier.backbone.key] = shared
      return Member(classifier.with(shared), weight: member.weight, name: model)
    }
    do {
      return try Ensemble(
        members, calibration: file.calibration, views: try file.views(),
        submission: file.submission ?? SubmissionChoice())
    } catch let error as EnsembleError {
      throw error.naming(path)
    }
  }
}

extension Classifier {
  /// The same with a backbone that computes the same features.
  fileprivate func with(_ backbone: any FeatureExtractor) -> Classifier {
    Classifier(
      classes: classes, settings: settings, backbone: backbone, head: head, trainedOn: trainedOn,
      calibration: calibration)
  }
}

extension FileError {
  fileprivate var text: String {
    switch self {
    case .unreadable(let reason): reason
    case .notAFile(let found): "it is \(found)"
    case .short: "it was cut short while it was read"
    }
  }
}
