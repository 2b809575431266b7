import Foundation
import Headstart
import KerasFormat
import Kernels
import TestSupport

/// The built command, run as a user runs it.
struct CommandRun {
  let exitCode: Int32
  let output: String
  let errors: String

  /// The executable that was built beside these tests.
  static let executable: URL = {
    var folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    while folder.path != "/" {
      let candidate = folder.appendingPathComponent("headstart")
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: candidate.path, isDirectory: &isFolder),
        !isFolder.boolValue
      {
        return candidate
      }
      folder.deleteLastPathComponent()
    }
    return URL(fileURLWithPath: "headstart was not built")
  }()

  /// Runs `headstart` with the arguments in a folder.
  ///
  /// Both outputs go to files: a pipe that nobody drains would stop a chatty child.
  @discardableResult
  init(_ arguments: [String], in folder: String, environment: [String: String] = [:]) throws {
    let process = Process()
    process.executableURL = Self.executable
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let files = [UUID().uuidString, UUID().uuidString].map {
      FileManager.default.temporaryDirectory.appendingPathComponent("headstart-\($0)")
    }
    defer { for file in files { try? FileManager.default.removeItem(at: file) } }
    let handles = try files.map { file in
      try Data().write(to: file)
      return try FileHandle(forWritingTo: file)
    }
    process.standardOutput = handles[0]
    process.standardError = handles[1]
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    exitCode = process.terminationReason == .exit ? process.terminationStatus : -1
    output = try String(contentsOf: files[0], encoding: .utf8)
    errors = try String(contentsOf: files[1], encoding: .utf8)
  }

  /// Standard output as JSON.
  func json<Value: Decodable>(_: Value.Type) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(output.utf8))
  }
}

/// A folder with drawn pictures and random VGG16 weights, deleted when the tests are over.
final class Workspace: Sendable {
  private let folder: TemporaryFolder
  var path: String { folder.path }

  init() throws {
    folder = try TemporaryFolder("command")
    try DemoPictures(seed: 2, training: 20, validation: 8, test: 12)
      .write(to: path + "/pictures", pool: ThreadPool(threads: 2))
    // The same in every run, so that what is learned of the sketches is.
    var state: UInt64 = 1
    func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state
    }
    try VGGWeights(
      architecture: .vgg16,
      convolutions: VGGWeights.Architecture.vgg16.convolutions.map { name, inputs, outputs in
        let bound = (6 / Float(9 * inputs)).squareRoot()
        return VGGWeights.Convolution(
          name: name, inputChannels: inputs, outputChannels: outputs,
          kernel: (0..<9 * inputs * outputs).map { _ in
            (Float(next() >> 40) / Float(1 << 23) - 1) * bound
          },
          bias: [Float](repeating: 0, count: outputs))
      }
    ).save(path + "/weights.h5")
  }

  /// Runs the command here.
  func run(_ arguments: String..., environment: [String: String] = [:]) throws -> CommandRun {
    try CommandRun(arguments, in: path, environment: environment)
  }

  /// Trains on the drawn pictures, at a size that takes no time.
  func train(_ arguments: String...) throws -> CommandRun {
    try CommandRun(
      ["train", "pictures", "--weights", "weights.h5", "--size", "32", "--layer", "block3_pool"]
        + arguments, in: path)
  }

  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(name)") }

  func text(_ name: String) throws -> String {
    try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
  }

  /// Which file a name stands for.
  func inode(_ name: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")
    return attributes[.systemFileNumber] as? Int ?? -1
  }
}
