import Foundation
import Headstart
import Kernels
import Pictures
import TestSupport
import Testing

@Suite struct DemoPicturesTests {
  private let temporary: TemporaryFolder
  private var folder: String { temporary.path }

  init() throws { temporary = try TemporaryFolder("demo") }

  @Test func drawnDataSetIsCompleteAndFreeOfProblems() throws {
    let pictures = DemoPictures(seed: 3, training: 14, validation: 6, test: 5)
    var done: [Int] = []
    try pictures.write(to: folder + "/set", pool: ThreadPool(threads: 2)) { done.append($0) }
    #expect(done.last == 25 && done == done.sorted())

    let data = try DataSet.open(folder + "/set")
    #expect(data.classes == ["flowers", "stars"])
    #expect(data.problems.isEmpty && data.skipped.isEmpty)
    for (samples, count) in [(data.train, 14), (data.validation, 6)] {
      #expect(samples.count == count)
      #expect(samples.count { $0.label == 0 } == count / 2)
    }
    #expect(data.test.count == 5)
    #expect(data.test.allSatisfy { $0.label == nil })
    #expect(
      data.test.map { URL(fileURLWithPath: $0.path).lastPathComponent }.sorted().first == "1.png")
    // The file holds the very pixels that were drawn.
    let first = try #require(data.train.first { $0.path.hasSuffix("/flower.1.png") })
    #expect(try PictureDecoder.read(first.path) == pictures.picture(0))
  }

  @Test func sameSeedDrawsTheSamePixels() {
    let pictures = DemoPictures(seed: 5)
    #expect(pictures.picture(11) == DemoPictures(seed: 5).picture(11))
    #expect(pictures.picture(11) != DemoPictures(seed: 6).picture(11))
    #expect(pictures.picture(11) != pictures.picture(13))
  }

  @Test func numberOfThreadsChangesNothing() throws {
    let pictures = DemoPictures(training: 5, validation: 0, test: 0)
    for threads in [1, 3] {
      try pictures.write(to: "\(folder)/\(threads)", pool: ThreadPool(threads: threads))
    }
    for index in 0..<5 {
      let name = index % 2 == 0 ? "flowers/flower" : "stars/star"
      let bytes = try [1, 3].map {
        try PictureDecoder.bytes(ofFile: "\(folder)/\($0)/train/\(name).\(index + 1).png")
      }
      #expect(bytes[0] == bytes[1])
    }
  }

  @Test func interruptedDrawingLeavesNoFolder() throws {
    let cancellation = Cancellation()
    let pictures = DemoPictures(training: 40, validation: 0, test: 0)
    #expect(throws: Cancelled()) {
      try pictures.write(
        to: folder + "/set", pool: ThreadPool(threads: 1), cancellation: cancellation
      ) { _ in cancellation.cancel() }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
  }

  @Test func photosThatCannotBeHadAreNamed() throws {
    let server = try LoopbackServer { request, _ in
      request.target == "/none" ? .init(status: 404) : .init(body: Array("no archive".utf8))
    }
    let environment = ProcessInfo.processInfo.environment
      .filter { !$0.key.lowercased().hasSuffix("_proxy") }
    for (target, says) in [("/none", "404"), ("/strange", "cannot be unpacked")] {
      let photos = DemoPhotos(address: server.address + target, environment: environment)
      let error = #expect(throws: DemoError.self) { try photos.fetch(to: folder + "/photos") }
      let text = String(describing: try #require(error))
      #expect(text.hasPrefix(server.address + target) && text.contains(says), "\(text)")
      #expect(!FileManager.default.fileExists(atPath: folder + "/photos"))
    }
    // Nothing that is no archive is ever taken for the beginning of one.
    #expect(!FileManager.default.fileExists(atPath: folder + "/photos.zip.part"))
  }

  @Test func archiveBecomesADataSet() throws {
    let archive = Array(try zipOfPhotos())
    let server = try LoopbackServer { request, _ in .file(archive, to: request) }
    let environment = ProcessInfo.processInfo.environment
      .filter { !$0.key.lowercased().hasSuffix("_proxy") }
    try DemoPhotos(address: server.address, environment: environment).fetch(to: folder + "/photos")
    let data = try DataSet.open(folder + "/photos")
    #expect(data.classes == ["cats", "dogs"])
    #expect(data.train.count == 20 && data.validation.count == 18 && data.test.count == 2)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["photos"])
  }

  /// The archive's layout with ten small pictures in each folder, stored uncompressed.
  private func zipOfPhotos() throws -> [UInt8] {
    var archive = StoredZip()
    var index = 0
    for part in ["train", "validation"] {
      for name in ["cats", "dogs"] {
        for number in 0..<10 {
          index += 1
          let picture = DemoPictures(seed: 9).picture(index).resized(
            width: 32, height: 32, .nearest)
          archive.add(
            "cats_and_dogs_filtered/\(part)/\(name)/\(name.dropLast()).\(number).jpg",
            try picture.png())
        }
      }
    }
    return archive.bytes
  }
}
