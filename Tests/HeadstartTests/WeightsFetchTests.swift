import Foundation
import Headstart
import Synchronization
import TestSupport
import Testing

/// Downloads from a server on loopback, as bad as servers can be.
@Suite struct WeightsFetchTests {
  /// Long enough for several pieces of a pipe.
  static let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }

  /// A folder of its own for each test.
  private let temporary: TemporaryFolder
  private var folder: String { temporary.path }
  let weights: PretrainedWeights
  var path: String { "\(folder)/\(weights.fileName)" }
  var part: String { path + ".part" }

  init() throws {
    temporary = try TemporaryFolder("fetch")
    let original = temporary.file("original")
    try Data(Self.content).write(to: URL(fileURLWithPath: original))
    weights = PretrainedWeights(
      architecture: .vgg16, includesTop: false, byteCount: Self.content.count,
      md5: try fileMD5(original), tensorSHA256: nil)
    try FileManager.default.removeItem(atPath: original)
  }

  /// The environment of this process without what would lead loopback through a proxy.
  static var environment: [String: String] {
    ProcessInfo.processInfo.environment.filter { !$0.key.lowercased().hasSuffix("_proxy") }
  }

  func fetch(
    _ addresses: [String], environment: [String: String] = Self.environment,
    replacing: Bool = false,
    cancellation: Cancellation = Cancellation(),
    progress: (WeightsFetch.Event) -> Void = { _ in }
  ) throws -> WeightsFetch.Outcome {
    let fetch = WeightsFetch(
      weights, into: folder, addresses: addresses, triesWheel: false, environment: environment)
    return try fetch(replacing: replacing, cancellation: cancellation, progress: progress)
  }

  func bytes(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  @Test func wholeFileArrivesUnderItsName() throws {
    let server = try LoopbackServer { request, _ in .file(Self.content, to: request) }
    var received: [Int] = []
    let outcome = try fetch([server.address + "/a/b.h5"]) {
      if case .received(let bytes, let total) = $0 {
        received.append(bytes)
        #expect(total == Self.content.count)
      }
    }
    #expect(outcome.path == path && outcome.source == server.address + "/a/b.h5")
    #expect(try bytes(path) == Self.content)
    #expect(!exists(part))
    #expect(received == received.sorted() && received.last == Self.content.count)
    #expect(server.requests.map(\.target) == ["/a/b.h5"])
    #expect(server.requests[0].rangeStart == nil)
  }

  @Test func fileThatIsThereIsNotFetchedAgain() throws {
    let server = try LoopbackServer { request, _ in .file(Self.content, to: request) }
    _ = try fetch([server.address])
    let second = try fetch([server.address])
    #expect(second.path == path && second.source == nil)
    #expect(server.requests.count == 1)
  }

  @Test func strangeFileIsReplacedOnlyOnRequest() throws {
    let server = try LoopbackServer { request, _ in .file(Self.content, to: request) }
    try Data("mine".utf8).write(to: URL(fileURLWithPath: path))
    #expect(throws: WeightsError.self) { try fetch([server.address]) }
    #expect(try bytes(path) == Array("mine".utf8))
    _ = try fetch([server.address], replacing: true)
    #expect(try bytes(path) == Self.content)
  }

  @Test func wrongSumIsRefusedAndNothingKept() throws {
    var wrong = Self.content
    wrong[77] ^= 1
    let server = try LoopbackServer { [wrong] request, _ in .file(wrong, to: request) }
    let reason = try #require(failures { try fetch([server.address]) }.first?.reason)
    #expect(reason.contains("MD5") && reason.contains(weights.md5))
    #expect(!exists(path) && !exists(part))
  }

  @Test func cutTransferGoesOnWhereItStopped() throws {
    let server = try LoopbackServer { request, index in
      .file(Self.content, to: request, cutAfter: index < 2 ? 100_000 : nil)
    }
    _ = try fetch([server.address])
    #expect(try bytes(path) == Self.content)
    #expect(server.requests.map(\.rangeStart) == [nil, 100_000, 200_000])
  }

  @Test func earlierPartIsResumed() throws {
    let server = try LoopbackServer { request, _ in .file(Self.content, to: request) }
    try Data(Self.content[..<123_456]).write(to: URL(fileURLWithPath: part))
    _ = try fetch([server.address])
    #expect(try bytes(path) == Self.content)
    #expect(server.requests.map(\.rangeStart) == [123_456])
  }

  @Test func completePartNeedsNoServer() throws {
    try Data(Self.content).write(to: URL(fileURLWithPath: part))
    _ = try fetch(["http://127.0.0.1:1/none"])
    #expect(try bytes(path) == Self.content)
  }

  @Test func serverWithoutRangesStartsOver() throws {
    let server = try LoopbackServer { _, _ in .init(body: Self.content) }
    try Data(Self.content[..<1000]).write(to: URL(fileURLWithPath: part))
    _ = try fetch([server.address])
    #expect(try bytes(path) == Self.content)
    #expect(server.requests.map(\.rangeStart) == [1000, nil])
  }

  @Test func serverThatRefusesTheRangeStartsOver() throws {
    let server = try LoopbackServer { request, _ in
      request.rangeStart == nil ? .init(body: Self.content) : .init(status: 416)
    }
    try Data(Self.content[..<1000]).write(to: URL(fileURLWithPath: part))
    _ = try fetch([server.address])
    #expect(try bytes(path) == Self.content)
  }

  @Test(arguments: [1000, 300_000, 300_001])
  func partOfAnotherFileStartsOver(count: Int) throws {
    let server = try LoopbackServer { request, _ in .file(Self.content, to: request) }
    try Data(repeating: 7, count: count).write(to: URL(fileURLWithPath: part))
    _ = try fetch([server.address])
    #expect(try bytes(path) == Self.content)
    #expect(!exists(part))
  }

  @Test func nextAddressIsTried() throws {
    let server = try LoopbackServer { request, _ in
      request.target == "/good" ? .file(Self.content, to: request) : .init(status: 404)
    }
    var failed: [String] = []
    let outcome = try fetch([server.address + "/bad", server.address + "/good"]) {
      if case .failed(let source, _) = $0 { failed.append(source) }
    }
    #expect(outcome.source == server.address + "/good")
    #expect(failed == [server.address + "/bad"])
  }

  @Test func everyFailureIsNamed() throws {
    let server = try LoopbackServer { request, _ in
      switch request.target {
      case "/missing": .init(status: 404)
      case "/page": .init(body: Array("<html>Log in</html>".utf8))
      case "/endless": .init(body: Self.content + Self.content)
      default: .init(body: Self.content, cutAfter: 0)
      }
    }
    let targets = ["/missing", "/page", "/endless", "/silent"]
    let attempts = try failures { try fetch(targets.map { server.address + $0 }) }
    #expect(attempts.map(\.source) == targets.map { server.address + $0 })
    #expect(attempts[0].reason.contains("404"))
    #expect(attempts[1].reason == "expected 300000 bytes, found 19")
    #expect(attempts[2].reason == "expected 300000 bytes at most, found more")
    #expect(!attempts[3].reason.isEmpty)
    #expect(!exists(path) && !exists(part))
  }

  @Test func proxyIsHonoured() throws {
    let proxy = try LoopbackServer { request, _ in .file(Self.content, to: request) }
    var environment = Self.environment
    environment["http_proxy"] = proxy.address
    _ = try fetch(["http://weights.invalid/vgg16.h5"], environment: environment)
    #expect(proxy.requests.map(\.target) == ["http://weights.invalid/vgg16.h5"])
  }

  @Test func mirrorTakesThePlaceOfTheOfficialAddresses() throws {
    var environment = Self.environment
    for (mirror, address) in [
      ("https://mirror.example/keras/", "https://mirror.example/keras/"),
      ("/srv/my weights", "file:///srv/my%20weights/"),
    ] {
      environment["HEADSTART_MIRROR"] = mirror
      let fetch = try WeightsFetch(weights, into: folder, environment: environment)
      #expect(fetch.addresses == [address + weights.fileName])
    }
    for bad in ["ftp://mirror.example", "mirror.example/keras", "-o/tmp/x"] {
      environment["HEADSTART_MIRROR"] = bad
      #expect(throws: WeightsError.badMirror(value: bad)) {
        try WeightsFetch(weights, into: folder, environment: environment)
      }
    }
    environment["HEADSTART_MIRROR"] = nil
    let official = try WeightsFetch(weights, into: folder, environment: environment)
    #expect(official.addresses == weights.officialAddresses)
    #expect(official.addresses.count == 2 && official.triesWheel)
  }

  @Test func mirrorInAFolder() throws {
    let mirror = folder + "/a mirror"
    try FileManager.default.createDirectory(atPath: mirror, withIntermediateDirectories: true)
    try Data(Self.content).write(to: URL(fileURLWithPath: "\(mirror)/\(weights.fileName)"))
    try Data(Self.content[..<5000]).write(to: URL(fileURLWithPath: part))
    let address = try WeightsFetch.address(mirror: mirror, fileName: weights.fileName)
    _ = try fetch([address])
    #expect(try bytes(path) == Self.content)
  }

  @Test func cancelledDownloadIsResumed() throws {
    let server = try LoopbackServer { request, index in
      // However fast the first answer is, it does not bring everything before the cancellation.
      .file(Self.content, to: request, cutAfter: index == 0 ? 150_000 : nil)
    }
    let cancellation = Cancellation()
    #expect(throws: Cancelled()) {
      try fetch([server.address], cancellation: cancellation) {
        if case .received = $0 { cancellation.cancel() }
      }
    }
    #expect(!exists(path))
    let kept = try bytes(part).count
    #expect(kept > 0 && kept < Self.content.count)
    _ = try fetch([server.address])
    #expect(try bytes(path) == Self.content)
    #expect(server.requests.last?.rangeStart == kept)
  }

  @Test func missingProgramIsNamed() throws {
    let attempts = try failures {
      try fetch(["http://127.0.0.1:1/x"], environment: ["PATH": "/nonexistent"])
    }
    #expect(attempts[0].reason.contains("curl is not installed"))
  }

  @Test func folderThatCannotBeMade() throws {
    let file = folder + "/file"
    try Data().write(to: URL(fileURLWithPath: file))
    let fetch = WeightsFetch(
      weights, into: file + "/sub", addresses: [], triesWheel: false, environment: [:])
    #expect(throws: WeightsError.self) { try fetch() }
  }

  @Test func twoAtOnceFetchOnce() async throws {
    let server = try LoopbackServer { request, _ in .file(Self.content, to: request) }
    let sources = try await withThrowingTaskGroup(of: String?.self) { group in
      for _ in 0..<2 { group.addTask { try fetch([server.address]).source } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(sources.count { $0 == nil } == 1)
    #expect(server.requests.count == 1)
    #expect(try bytes(path) == Self.content)
  }

  /// The attempts that an error of total failure lists.
  func failures(_ body: () throws -> WeightsFetch.Outcome) throws -> [WeightsError.Attempt] {
    let error = #expect(throws: WeightsError.self) { _ = try body() }
    guard case .unavailable(let file, let attempts, _) = try #require(error) else {
      throw try #require(error)
    }
    #expect(file == weights.fileName)
    for attempt in attempts {
      #expect(String(describing: error!).contains("\(attempt.source)\n    \(attempt.reason)"))
    }
    return attempts
  }
}
