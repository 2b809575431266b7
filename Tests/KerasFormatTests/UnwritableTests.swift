import Files
import Foundation
import KerasFormat
import TestSupport
import Testing

/// Files that cannot be written: one sentence, with the path that was asked for and the reason.
@Suite struct UnwritableTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder("unwritable") }

  private static let writers: [(String, @Sendable (String) throws -> Void)] = [
    ("data", { try AtomicFile.write(Data([1, 2, 3]), to: $0) }),
    ("check", { try AtomicFile.check($0) }),
    (
      "Foundation",
      { try AtomicFile.write(to: $0) { try Data([1]).write(to: URL(fileURLWithPath: $0)) } }
    ),
    ("HDF5", { try AtomicFile.write(to: $0) { try HDF5File(creating: $0).close() } }),
    ("NumPy", { try NumpyFile.write($0, values: [1] as [Float], shape: [1]) }),
    ("model", { try Self.model.write(to: $0, format: .hdf5) }),
    ("archive", { try Self.model.write(to: $0, format: .archive) }),
  ]

  private static let model = KerasModel(
    name: "m", inputShape: [2], layers: [KerasLayer(name: "flatten", kind: .flatten)])

  @Test(arguments: writers.indices) func thePathAndTheReasonAreNamed(_ writer: Int) throws {
    let write = Self.writers[writer].1
    try Data("x".utf8).write(to: URL(fileURLWithPath: folder.file("file")))
    try FileManager.default.createDirectory(
      atPath: folder.file("taken"), withIntermediateDirectories: true)
    #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
    for (name, reason) in [
      ("file/out", "\(folder.file("file")) is not a folder"),
      ("none/deep/out", "there is no folder \(folder.file("none"))"),
      ("taken", "there is a folder of that name"),
      ("pipe", "it is a pipe or device, not a file"),
    ] {
      let path = folder.file(name)
      let error = try failure { try write(path) }
      #expect(error.kind == .cannotWrite && error.file == path)
      #expect("\(error)" == "Cannot write \(path): \(reason).")
    }
    // Nothing was left, nothing replaced.
    #expect(try folder.names() == ["file", "pipe", "taken"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("taken")).isEmpty)
    try write(folder.file("out"))
  }

  @Test func aFullDiskIsCalledThat() throws {
    #if os(Linux)
      let file = try OutputFile("/dev/full", .atEnd)
      #expect(throws: WriteError("/dev/full", reason: "no space left on device")) {
        try file.write([1, 2, 3] as [UInt8])
      }
    #endif
  }

  @Test func foldersAreMadeOrRefusedByName() throws {
    try Folder.create(folder.file("a/b/c"))
    try Folder.create(folder.file("a/b/c/"))
    #expect(Folder.isFolder(folder.file("a/b/c")))
    try Data("x".utf8).write(to: URL(fileURLWithPath: folder.file("file")))
    for (name, reason) in [
      ("file", "there is a file of that name"),
      ("file/in/it", "\(folder.file("file")) is not a folder"),
    ] {
      #expect(throws: WriteError(folder.file(name), reason: reason)) {
        try Folder.create(folder.file(name))
      }
    }
    // A folder is never removed in place of a file.
    #expect(throws: WriteError(folder.file("a"), reason: "there is a folder of that name")) {
      try Folder.remove(file: folder.file("a"))
    }
    try Folder.remove(file: folder.file("file"))
    try Folder.remove(file: folder.file("file"))
    #expect(try folder.names() == ["a"])
  }

  @Test func foundationsErrorsBecomeOneSentence() throws {
    let path = folder.file("none/x")
    let error = #expect(throws: (any Error).self) {
      try Data([1]).write(to: URL(fileURLWithPath: path))
    }
    #expect(SystemReason.sentence(try #require(error)) == "\(path): no such file or directory.")
    #expect(SystemReason.sentence(WriteError("x", reason: "y")) == nil)
  }

  @Test(arguments: writers.indices) func linksAndPermissionsStay(_ writer: Int) throws {
    let (_, write) = Self.writers[writer]
    let manager = FileManager.default
    let (real, alias) = (folder.file("far/real"), folder.file("link"))
    try manager.createDirectory(atPath: folder.file("far"), withIntermediateDirectories: true)
    try Data("old".utf8).write(to: URL(fileURLWithPath: real))
    #expect(chmod(real, 0o600) == 0)
    try manager.createSymbolicLink(atPath: alias, withDestinationPath: "far/real")
    #expect(link(real, folder.file("partner")) == 0)
    try write(alias)
    var status = stat()
    #expect(lstat(alias, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
    #expect(lstat(real, &status) == 0 && status.st_mode & 0o777 == 0o600)
    let isWritten = Self.writers[writer].0 != "check"
    #expect((manager.contents(atPath: real) != Data("old".utf8)) == isWritten)
    // Another name of the old file keeps what was in it.
    #expect(manager.contents(atPath: folder.file("partner")) == Data("old".utf8))
    #expect(try folder.names() == ["far", "link", "partner"])
    #expect(try manager.contentsOfDirectory(atPath: folder.file("far")) == ["real"])
  }
}
