import Foundation
import KerasFormat
import Testing

@Suite("Zip archives") struct ZipArchiveTests {
  @Test("Members come back, with 32 bits and with 64", arguments: [0xFFFF_FFFF, 100, 1])
  func roundTrip(limit: Int) throws {
    try Fixture.withFolder { folder in
      let path = folder + "/a.zip"
      let model = Fixture.path("models/keras3_functional.h5")
      var zip = try ZipWriter(creating: path, limit: limit)
      try zip.add("empty", [])
      try zip.add("text", Array("Grüße".utf8))
      try zip.add("folder/model.h5", contentsOf: model)
      try zip.finish()
      let archive = try ZipArchive(path: path)
      #expect(try archive.text("empty") == "")
      #expect(try archive.text("text") == "Grüße")
      #expect(
        try archive.openHDF5("folder/model.h5").root.names == HDF5File(opening: model).root.names)
      #expect(!archive.contains("other"))
      #expect(try failure { try archive.text("other") }.kind == .missing)
      #expect(try failure { try ZipWriter(creating: path) }.kind == .cannotWrite)
    }
  }

  /// A deflated member of 4 MB that takes 4 KB, as Python's zipfile wrote it.
  private static let deflated = "zip/deflated.zip"

  @Test("Deflated members are unpacked")
  func deflated() throws {
    let archive = try ZipArchive(path: Fixture.path(Self.deflated))
    #expect(try archive.text("zeros") == String(repeating: "0", count: 4_000_000))
    #expect(try archive.text("text") == "one, two, three; one, two, three\n")
    let model = try KerasModel(path: Fixture.path("zip/deflated.keras"))
    #expect(try model == KerasModel(path: Fixture.path("models/keras3_functional.keras")))
  }

  @Test("Deflated members that are not what the directory says are refused")
  func hostile() throws {
    let whole = try Data(contentsOf: URL(fileURLWithPath: Fixture.path(Self.deflated)))
    let entry = try #require(whole.range(of: Data([0x50, 0x4B, 0x01, 0x02]))).lowerBound
    func change(_ offset: Int, _ bytes: [UInt8]) throws -> KerasFormatError {
      var changed = whole
      changed.replaceSubrange(entry + offset..<entry + offset + bytes.count, with: bytes)
      return try Fixture.withFolder { folder in
        try changed.write(to: URL(fileURLWithPath: folder + "/a.zip"))
        return try failure { try ZipArchive(path: folder + "/a.zip").text("zeros") }
      }
    }
    // A method that is not known; encryption; a checksum.
    #expect(try change(10, [12, 0]).found == "compression method 12")
    #expect(try change(8, [1, 0]).found == "an encrypted one")
    #expect(try change(16, [1, 2, 3, 4]).expected.contains("checksum"))
    // Sizes: more and fewer bytes than there are, and a bomb.
    #expect(try change(24, [0, 0x10, 0x3D, 0]).kind == .damaged)
    #expect(try change(24, [0, 0, 0x3D, 0]).kind == .damaged)
    #expect(try change(24, [0, 0, 0, 0x30]).kind == .tooLarge)
    #expect(try change(20, [0, 0, 0, 0x30]).kind == .tooLarge)
    // Fewer packed bytes than there are, and more: the next header is no deflated data.
    #expect(try change(20, [0x00, 0x08, 0, 0]).kind == .tooLarge)
    #expect(try change(20, [0xF0, 0x0F, 0, 0]).kind == .damaged)
    // Stored, says the directory.
    #expect(try change(10, [0, 0]).kind == .tooLarge)
    var changed = whole
    changed[200] ^= 0xFF
    try Fixture.withFolder { folder in
      try changed.write(to: URL(fileURLWithPath: folder + "/a.zip"))
      let error = try failure { try ZipArchive(path: folder + "/a.zip").text("zeros") }
      #expect(error.kind == .damaged)
    }
  }
}
