import Foundation
import KerasFormat
import Testing

@Suite("NumPy files from elsewhere") struct NumpyFixtureTests {
  private static func write(_ bytes: [UInt8], to path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  /// A file of version 1 with the header's text as given.
  private static func file(_ header: String, data: [UInt8]) -> [UInt8] {
    let text = Array(header.utf8)
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.count & 0xFF), UInt8(text.count >> 8)]
      + text + data
  }

  @Test("Files that NumPy wrote")
  func fromNumPy() throws {
    let floats = try NumpyFile.read(Fixture.path("numpy/float32.npy"), Float.self)
    #expect(floats.shape == [2, 3, 4])
    #expect(floats.values == (0..<24).map { Float($0) * 0.5 - 3 })
    let integers = try NumpyFile.read(Fixture.path("numpy/int64.npy"), Int64.self)
    #expect(integers.shape == [3])
    #expect(integers.values == [-1, 0, 1 << 40])
    #expect(
      try NumpyFile.read(Fixture.path("numpy/version2.npy"), Float.self).values == [1, 2])
    #expect(try NumpyFile.read(Fixture.path("numpy/scalar.npy"), Float.self).shape == [])
    #expect(try NumpyFile.read(Fixture.path("numpy/empty.npy"), Float.self).shape == [0, 7])
  }

  @Test("Another type or order is refused")
  func otherTypes() throws {
    func read(_ name: String) throws -> KerasFormatError {
      try failure { try NumpyFile.read(Fixture.path("numpy/\(name)"), Float.self) }
    }
    #expect(try read("int64.npy").found.contains("<i8"))
    #expect(try read("fortran.npy").found.contains("Fortran"))
    #expect(try read("big_endian.npy").found.contains(">f4"))
  }

  @Test("What is written has NumPy's very bytes")
  func bytes() throws {
    try Fixture.withFolder { folder in
      let path = folder + "/out.npy"
      let values = (0..<24).map { Float($0) * 0.5 - 3 }
      try NumpyFile.write(path, values: values, shape: [2, 3, 4])
      let ours = try Data(contentsOf: URL(fileURLWithPath: path))
      let theirs = try Data(contentsOf: URL(fileURLWithPath: Fixture.path("numpy/float32.npy")))
      #expect(ours == theirs)
    }
  }

  @Test(
    "Hostile headers",
    arguments: [
      "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }",
      "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}",
      "{'descr': '<f4", "", "(((((((((", "{'shape': (2,",
    ])
  func hostile(header: String) throws {
    try Fixture.withFolder { folder in
      let path = folder + "/a.npy"
      try Self.write(Self.file(header, data: [0, 0, 0, 0, 0, 0, 0, 0]), to: path)
      let error = try failure { try NumpyFile.read(path, Float.self) }
      #expect(error.kind == .damaged || error.kind == .tooLarge)
      #expect(error.file == path)
    }
  }

  @Test("Cut short anywhere, or not NumPy at all")
  func truncated() throws {
    let whole = try Data(contentsOf: URL(fileURLWithPath: Fixture.path("numpy/float32.npy")))
    try Fixture.withFolder { folder in
      let path = folder + "/a.npy"
      for length in 0..<whole.count {
        try whole.prefix(length).write(to: URL(fileURLWithPath: path))
        let error = try failure { try NumpyFile.read(path, Float.self) }
        #expect(error.kind == (length < 10 ? .wrongFormat : .damaged))
      }
      try Self.write(Array("PK\u{3}\u{4} and more bytes".utf8), to: path)
      #expect(try failure { try NumpyFile.read(path, Float.self) }.found == "a zip archive")
      let longHeader = [0x93] + Array("NUMPY".utf8) + [2, 0, 0xFF, 0xFF, 0xFF, 0xFF]
      try Self.write(longHeader, to: path)
      #expect(try failure { try NumpyFile.read(path, Float.self) }.kind == .damaged)
    }
  }
}
