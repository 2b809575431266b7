import Foundation
import KerasFormat
import TestSupport
import Testing

@Suite struct NumpyFileTests {
  private func withFolder(_ body: (_ path: (String) -> String) throws -> Void) throws {
    let folder = try TemporaryFolder("numpy")
    try withExtendedLifetime(folder) { try body(folder.file) }
  }

  @Test func writesWhatNumPyWrites() throws {
    try withFolder { path in
      try NumpyFile.write(path("a.npy"), values: [1.5, -2] as [Float], shape: [2, 1])
      // numpy.save(…, numpy.array([[1.5], [-2]], "f4")), numpy 2.3
      let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }"
      let header = text + String(repeating: " ", count: 117 - text.utf8.count) + "\n"
      let expected =
        [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(header.utf8)
        + [0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0]
      #expect([UInt8](try Data(contentsOf: URL(fileURLWithPath: path("a.npy")))) == expected)
    }
  }

  @Test func streamsAnyNumberOfRows() throws {
    try withFolder { path in
      let writer = try NumpyFile.Writer<Float>(path: path("a.npy"), rowShape: [2, 3])
      #expect(!FileManager.default.fileExists(atPath: path("a.npy")), "not before it is whole")
      for block in 0..<4 { try writer.append((0..<6 * block).map { Float(100 * block + $0) }) }
      try writer.finish()
      let found = try NumpyFile.read(path("a.npy"), Float.self)
      #expect(found.shape == [6, 2, 3])
      #expect(found.values == (0..<4).flatMap { b in (0..<6 * b).map { Float(100 * b + $0) } })

      try NumpyFile.write(path("b.npy"), values: [3, -1] as [Int64], shape: [2])
      let labels = try NumpyFile.read(path("b.npy"), Int64.self)
      #expect(labels.shape == [2] && labels.values == [3, -1])
      try NumpyFile.write(path("b.npy"), values: [] as [Int64], shape: [0])
      #expect(try NumpyFile.read(path("b.npy"), Int64.self).shape == [0])
    }
  }

  @Test func unfinishedWriterLeavesNothing() throws {
    try withFolder { path in
      do {
        let writer = try NumpyFile.Writer<Float>(path: path("a.npy"), rowShape: [2])
        try writer.append([1, 2, 3, 4])
        #expect(throws: KerasFormatError.self) { try writer.append([1]) }
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: path("")).isEmpty)
      #expect(throws: KerasFormatError.self) {
        _ = try NumpyFile.Writer<Float>(path: path("no/such/folder.npy"), rowShape: [])
      }
      #expect(throws: KerasFormatError.self) {
        try NumpyFile.write(path("a.npy"), values: [1] as [Float], shape: [2])
      }
    }
  }

  @Test func refusesWhatDoesNotFit() throws {
    try withFolder { path in
      func header(_ text: String, length: Int? = nil) -> [UInt8] {
        let length = length ?? text.utf8.count
        return [0x93] + Array("NUMPY".utf8)
          + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(text.utf8)
      }
      let files: [[UInt8]] = [
        [], Array("hello, world".utf8), header("{'descr': '<f4'}\n"),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", length: 9999),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n") + [0, 0, 0, 0],
        header("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }\n") + [0, 0, 0, 0],
        header("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n") + [0, 0, 0, 0],
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (1 2,), }\n") + [0, 0, 0, 0],
        header(
          "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387905, 4), }\n")
          + [0, 0, 0, 0],
        header(
          "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }\n"),
      ]
      for (number, bytes) in files.enumerated() {
        try Data(bytes).write(to: URL(fileURLWithPath: path("x.npy")))
        #expect(throws: KerasFormatError.self, "file \(number)") {
          try NumpyFile.read(path("x.npy"), Float.self)
        }
      }
    }
  }
}
