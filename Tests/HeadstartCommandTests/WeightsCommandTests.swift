import Foundation
import KerasFormat
import TestSupport
import Testing

/// `headstart weights` as a person meets it: output, errors, exit codes.
@Suite struct WeightsCommandTests {
  private let temporary: TemporaryFolder
  private var folder: String { temporary.path }

  init() throws {
    temporary = try TemporaryFolder("weights")
  }

  /// A weight file of one dense layer, as Keras 1 writes it.
  func writeDense(_ values: [Float], to name: String) throws {
    let file = try HDF5File(creating: "\(folder)/\(name)")
    try file.root.set("layer_names", ["dense_1"])
    let group = try file.root.createGroup("dense_1")
    try group.set("weight_names", ["dense_1_W", "dense_1_b"])
    try group.write("dense_1_W", values, shape: [values.count / 2, 2])
    try group.write("dense_1_b", [Float](repeating: 0, count: 2), shape: [2])
    try file.close()
  }

  /// Runs the command in the folder, with its own weights directory.
  func run(_ arguments: String...) throws -> CommandRun {
    try CommandRun(arguments, in: folder, environment: ["HEADSTART_WEIGHTS": ""])
  }

  func json(_ text: String) throws -> Any {
    try JSONSerialization.jsonObject(with: Data(text.utf8))
  }

  /// In a child process, so that a crash fails one test and not all.
  @Test("A wrong number anywhere in a file's structure is an error, never a crash")
  func wrongWords() throws {
    try writeDense([1, 2, 3, 4, 5, 6], to: "whole.h5")
    let whole = try Data(contentsOf: URL(fileURLWithPath: folder + "/whole.h5"))
    let wrong: [UInt64] = [.max, 0, UInt64(whole.count - 4), 1 << 63]
    var names: [String] = []
    for place in stride(from: 0, to: whole.count - 7, by: 8)
    where whole[place..<place + 8].contains(where: { $0 != 0 }) {
      for word in wrong {
        var changed = whole
        for byte in 0..<8 { changed[place + byte] = UInt8(truncatingIfNeeded: word >> (8 * byte)) }
        let name = "\(place).\(word).h5"
        try changed.write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        names.append(name)
      }
    }
    #expect(names.count > 200)
    for start in stride(from: 0, to: names.count, by: 200) {
      let part = Array(names[start..<min(start + 200, names.count)])
      let result = try CommandRun(["weights", "verify"] + part, in: folder)
      #expect([0, 1].contains(result.exitCode), "among \(part[0]) … \(part[part.count - 1])")
    }
  }

  @Test func inspectTellsLayoutLayersAndShapes() throws {
    try writeDense([1, 2, 3, 4, 5, 6], to: "own.h5")
    let text = try CommandRun(["weights", "inspect", "own.h5"], in: folder)
    #expect(text.exitCode == 0 && text.errors.isEmpty)
    for word in ["layout: Keras 1", "dense_1_W", "3×2", "parameters: 8"] {
      #expect(text.output.contains(word))
    }

    let output = try CommandRun(["weights", "inspect", "own.h5", "--json"], in: folder)
    let report = try #require(try json(output.output) as? [String: Any])
    #expect(report["parameters"] as? Int == 8)
    let layers = try #require(report["layers"] as? [[String: Any]])
    #expect(layers.map { $0["name"] as? String } == ["dense_1"])
    let tensors = try #require(layers[0]["tensors"] as? [[String: Any]])
    #expect(tensors.map { $0["shape"] as? [Int] } == [[3, 2], [2]])
  }

  @Test func inspectOfSomethingElseFails() throws {
    try Data("hello".utf8).write(to: URL(fileURLWithPath: folder + "/text.h5"))
    for name in ["text.h5", "absent.h5"] {
      let output = try CommandRun(["weights", "inspect", name], in: folder)
      #expect(output.exitCode == 1 && output.output.isEmpty)
      #expect(output.errors.contains(name))
    }
  }

  @Test func verifyFailsWhenOneFileIsBad() throws {
    try FileManager.default.createDirectory(
      atPath: folder + "/weights", withIntermediateDirectories: true)
    let none = try run("weights", "verify")
    #expect(none.exitCode == 1 && none.errors.contains("weights fetch"))

    try writeDense([1, 2], to: "weights/a.h5")
    let good = try run("weights", "verify")
    #expect(good.exitCode == 0)
    #expect(good.output == "weights/a.h5: sound (4 parameters)\n")

    try writeDense([1, .nan], to: "weights/b.h5")
    let bad = try run("weights", "verify", "--json")
    #expect(bad.exitCode == 1)
    let reports = try #require(try json(bad.output) as? [[String: Any]])
    #expect(reports.map { $0["verdict"] as? String } == ["sound", "bad"])
    #expect(reports.map { ($0["problems"] as? [String])?.count } == [0, 1])
  }

  @Test func fetchNamesEveryPlaceItTried() throws {
    let output = try CommandRun(
      ["weights", "fetch", "vgg19", "--weights-directory", "w", "--quiet"], in: folder,
      environment: ["HEADSTART_MIRROR": folder + "/nowhere"])
    #expect(output.exitCode == 1 && output.output.isEmpty)
    #expect(output.errors.contains("nowhere/vgg19_weights_tf_dim_ordering_tf_kernels_notop"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/w").isEmpty)
  }

  @Test func fetchOfAnUnknownNetworkIsWrongUsage() throws {
    let output = try CommandRun(["weights", "fetch", "vgg17"], in: folder)
    #expect(output.exitCode == 64 && output.errors.contains("vgg16"))
    let mirror = try CommandRun(
      ["weights", "fetch", "vgg16"], in: folder, environment: ["HEADSTART_MIRROR": "nonsense"])
    #expect(mirror.exitCode == 1 && mirror.errors.contains("HEADSTART_MIRROR"))
  }
}
