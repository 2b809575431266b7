import Crypto
import Files
import Foundation
import KerasFormat
import Kernels
import Pictures

/// `manifest.json`: what a run was made of, and so how to repeat it.
public struct Manifest: Codable, Sendable {
  /// What it was computed on.
  public struct Machine: Codable, Sendable {
    /// The processor's name.
    public var cpu: String
    /// What the kernels were chosen for, ``InstructionSet/current``: part of every feature's key.
    public var instructionSet: String
    /// Cores that the process may use.
    public var cores: Int
    /// Threads that computed; they change no bits.
    public var threads: Int
    /// Versions of the libraries whose results are in the numbers: `openblas` (with the kernels it
    /// chose), `hdf5`, and those of ``PictureLibraries``. Nil in manifests of earlier versions.
    public var libraries: [String: String]?

    public init(threads: Int) {
      cpu = Machine.processorName
      instructionSet = InstructionSet.current.rawValue
      cores = ThreadPool.availableCores
      self.threads = threads
      libraries = Machine.linked
    }

    private static var linked: [String: String] {
      var versions = PictureLibraries.versions
      versions["openblas"] = LinearAlgebraLibrary.configuration
      versions["hdf5"] = HDF5Version.linked
      return versions
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

  /// The pictures.
  public struct Data: Codable, Sendable {
    /// Their folder, as it was given.
    public var path: String
    /// In the order of the labels.
    public var classes: [String]
    /// Pictures trained on.
    public var training: Int
    /// Validation pictures.
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

  /// A picture that could not be read, and why.
  public struct Unreadable: Codable, Sendable {
    public var path: String
    public var reason: String
  }

  /// The program's version.
  public var headstart = Release.version
  /// As it was typed.
  public var command: [String]
  /// When.
  public var started: Date
  /// How pictures became features.
  public var features: FeatureSettings
  /// Nil where no head was trained.
  public var head: HeadSettings?
  /// Nil where nothing was fine-tuned.
  public var fineTuning: FineTuneSettings?
  /// What it was trained on.
  public var data: Data
  /// The pretrained weights; nil where there are none, or those of a model.
  public var weightsFile: String?
  /// SHA-256 of the backbone's tensors.
  public var weightsSHA256: String
  /// SHA-256 of the file `model.h5`.
  public var modelSHA256: String
  /// What it was computed on.
  public var machine: Machine
  /// Seconds by stage.
  public var seconds: [String: Double]
  /// Pictures among those for training and validation.
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
  /// In hexadecimal, read a part at a time.
  public static func sha256(_ path: String) throws -> String {
    let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    defer { try? handle.close() }
    var hash = SHA256()
    while let part = try handle.read(upToCount: 1 << 22), !part.isEmpty { hash.update(data: part) }
    return Array(hash.finalize()).hexadecimal
  }
}
