import Crypto
import Files
import Foundation
import Kernels
import Pictures

/// `manifest.json`: what a run was made of, and so how to repeat it.
public struct Manifest: Codable, Sendable {
  public struct Machine: Codable, Sendable {
    public var cpu: String
    public var instructionSet: String
    public var cores: Int
    public var threads: Int

    public init(threads: Int) {
      cpu = Machine.processorName
      instructionSet = InstructionSet.current.rawValue
      cores = ThreadPool.availableCores
      self.threads = threads
    }

    /// The processor's name as Linux gives it, `unknown` elsewhere.
    private static var processorName: String {
      guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8),
        let line = text.split(separator: "\n").first(where: { $0.hasPrefix("model name") }),
        let colon = line.firstIndex(of: ":")
      else { return "unknown" }
      return line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
  }

  public struct Data: Codable, Sendable {
    public var path: String
    public var classes: [String]
    public var training: Int
    public var validation: Int
    /// SHA-256 of the sorted hashes of all pictures used, with their labels: equal for equal data,
    /// wherever it lies and whatever its files are called.
    public var sha256: String

    public init(
      path: String, classes: [String], training: Int, validation: Int, sha256: String
    ) {
      self.path = path
      self.classes = classes
      self.training = training
      self.validation = validation
      self.sha256 = sha256
    }
  }

  public struct Unreadable: Codable, Sendable {
    public var path: String
    public var reason: String
  }

  public var headstart = Release.version
  public var command: [String]
  public var started: Date
  public var features: FeatureSettings
  public var head: HeadSettings?
  public var fineTuning: FineTuneSettings?
  public var data: Data
  public var weightsFile: String?
  /// SHA-256 of the backbone's tensors.
  public var weightsSHA256: String
  public var modelSHA256: String
  public var machine: Machine
  /// Seconds by stage.
  public var seconds: [String: Double]
  public var unreadable: [Unreadable]

  public init(
    command: [String], started: Date, head: HeadSettings, dataPath: String,
    weightsFile: String?, result: HeadStageResult, modelPath: String, threads: Int
  ) throws {
    self.command = command
    self.started = started
    self.head = head
    self.weightsFile = weightsFile
    features = result.classifier.settings
    data = Data(
      path: dataPath, classes: result.classifier.classes, training: result.train.count,
      validation: result.validation?.count ?? 0, sha256: result.dataHash)
    weightsSHA256 = result.classifier.backbone.key.weights
    modelSHA256 = try FileHash.sha256(modelPath)
    machine = Machine(threads: threads)
    seconds = [
      "extraction": result.extraction.counts.seconds, "head": result.headSeconds,
      "all": result.seconds,
    ]
    unreadable = result.extraction.problems.map {
      Unreadable(path: $0.sample.path, reason: $0.reason)
    }
  }
}

extension Manifest {
  /// Of a fine-tuning.
  public init(
    command: [String], started: Date, fineTuning: FineTuneSettings, dataPath: String,
    result: FineTuneResult, modelPath: String, threads: Int
  ) throws {
    self.command = command
    self.started = started
    self.fineTuning = fineTuning
    features = result.original.settings
    data = Data(
      path: dataPath, classes: result.original.classes, training: result.trainingCount,
      validation: result.comparison?.count ?? 0, sha256: result.dataHash)
    weightsSHA256 = result.original.backbone.key.weights
    modelSHA256 = try FileHash.sha256(modelPath)
    machine = Machine(threads: threads)
    let extractions = [result.extraction, result.validationExtraction]
    seconds = [
      "extraction": extractions.reduce(0) { $0 + $1.counts.seconds },
      "training": result.trainingSeconds, "all": result.seconds,
    ]
    unreadable = extractions.flatMap(\.problems).map {
      Unreadable(path: $0.sample.path, reason: $0.reason)
    }
  }
}

extension Manifest {
  /// ``Data/sha256`` of pictures and their labels.
  static func dataHash(
    train: [(PictureHash, Int)], validation: [(PictureHash, Int)]
  ) -> String {
    var lines: [String] = []
    for (split, rows) in [("train", train), ("validation", validation)] {
      for (picture, label) in rows { lines.append("\(split) \(label) \(picture)\n") }
    }
    var hash = SHA256()
    for line in lines.sorted() { hash.update(data: Array(line.utf8)) }
    return Array(hash.finalize()).hexadecimal
  }

  /// ``Data/sha256`` of a data set's pictures as they are on the disk now.
  ///
  /// - Parameter unreadable: paths of pictures that were not used.
  /// - Throws: if a picture's file cannot be read.
  public static func dataHash(of dataSet: DataSet, without unreadable: Set<String>) throws -> String
  {
    func rows(_ samples: [Sample]) throws -> [(PictureHash, Int)] {
      try samples.compactMap { sample in
        guard let label = sample.label, !unreadable.contains(sample.path) else { return nil }
        let file = try OpenFile(sample.path)
        return (PictureHash(of: try file.bytes(0..<file.size)), label)
      }
    }
    return dataHash(train: try rows(dataSet.train), validation: try rows(dataSet.validation))
  }
}

/// SHA-256 of whole files.
public enum FileHash {
  public static func sha256(_ path: String) throws -> String {
    let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    defer { try? handle.close() }
    var hash = SHA256()
    while let part = try handle.read(upToCount: 1 << 22), !part.isEmpty { hash.update(data: part) }
    return Array(hash.finalize()).hexadecimal
  }
}
