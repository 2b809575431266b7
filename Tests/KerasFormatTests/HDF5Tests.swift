import Foundation
import KerasFormat
import Testing

@Suite("HDF5: what h5py writes") struct HDF5ReadTests {
  static let values: [Float] = (0..<60).map { Float($0) - 7.5 }

  @Test("Texts and numbers in attributes, in every form")
  func attributes() throws {
    let root = try HDF5File(opening: Fixture.path("hdf5/attributes.h5")).root
    #expect(try root.string("fixed") == "fixed text")
    #expect(try root.strings("fixed_array") == ["one", "seven", ""])
    #expect(try root.string("variable") == "variable text, äβ")
    #expect(try root.string("variable_ascii") == "bytes")
    #expect(try root.strings("variable_array") == ["a", "", "über"])
    #expect(try root.string("padded") == "spaces")
    #expect(try root.string("space_padded") == "a b")
    #expect(try root.strings("empty") == [])
    #expect(try root.strings("null") == [])
    #expect(try root.integer("integer") == 37)
    #expect(try root.integer("unsigned") == 7)
    #expect(try root.number("number") == 0.25)
    #expect(try root.numbers("numbers") == [1, 2.5])
    #expect(try root.hasAttribute("fixed"))
    #expect(try !root.hasAttribute("absent"))
    #expect(try root.attributeNames.count == 14)
  }

  @Test("An attribute of another type is refused, never converted")
  func wrongAttributes() throws {
    let root = try HDF5File(opening: Fixture.path("hdf5/attributes.h5")).root
    #expect(try failure { try root.string("integer") }.kind == .unexpected)
    #expect(try failure { try root.integer("number") }.kind == .unexpected)
    #expect(try failure { try root.integer("fixed") }.kind == .unexpected)
    #expect(try failure { try root.string("fixed_array") }.kind == .unexpected)
    #expect(try failure { try root.string("latin") }.kind == .unexpected)
    let absent = try failure { try root.string("absent") }
    #expect(absent.kind == .missing)
    #expect(absent.found.contains("fixed_array"))
  }

  @Test(
    "Datasets, however stored",
    arguments: ["a/contiguous", "a/deflated", "half", "double", "big_endian"])
  func datasets(name: String) throws {
    let dataset = try HDF5File(opening: Fixture.path("hdf5/datasets.h5")).root.dataset(name)
    #expect(dataset.shape == [5, 4, 3])
    #expect(dataset.count == 60)
    #expect(try dataset.read(Float.self) == Self.values)
    #expect(try dataset.read(Float.self, rows: 1..<3) == Array(Self.values[12..<36]))
    #expect(try dataset.read(Float.self, rows: 5..<5) == [])
    #expect(try failure { try dataset.read(Float.self, rows: 4..<6) }.kind == .invalidArgument)
    #expect(try failure { try dataset.read(Int64.self) }.kind == .unexpected)
  }

  @Test("Integers, scalars, empty arrays")
  func otherDatasets() throws {
    let root = try HDF5File(opening: Fixture.path("hdf5/datasets.h5")).root
    #expect(try root.dataset("int64").read(Int.self) == [-1, 1 << 40])
    #expect(try failure { try root.dataset("int64").read(Int32.self) }.kind == .unexpected)
    #expect(try failure { try root.dataset("int64").read(UInt64.self) }.kind == .unexpected)
    #expect(try root.dataset("uint8").read(Int16.self, rows: 0..<1).count == 7)
    #expect(try root.dataset("scalar").read(Float.self) == [2.5])
    #expect(try root.dataset("scalar").shape == [])
    #expect(
      try failure { try root.dataset("scalar").read(Float.self, rows: 0..<0) }.kind
        == .invalidArgument)
    #expect(try root.dataset("empty").read(Float.self) == [])
    #expect(try root.dataset("empty").shape == [0, 4])
    #expect(try failure { try root.dataset("text").read(Float.self) }.kind == .unexpected)
  }

  @Test("Groups are walked by path, and say what is there when something is not")
  func groups() throws {
    let root = try HDF5File(opening: Fixture.path("hdf5/datasets.h5")).root
    #expect(try root.names.first == "a")
    #expect(try root.group("a").names == ["contiguous", "deflated"])
    #expect(try root.group("a").path == "/a")
    #expect(try root.kind(of: "a") == .group)
    #expect(try root.kind(of: "a/contiguous") == .dataset)
    #expect(try root.kind(of: "a/b/c") == nil)
    #expect(try root.kind(of: "half/b") == nil)
    #expect(try root.contains("half"))
    let absent = try failure { try root.dataset("a/kernel:0") }
    #expect(absent.kind == .missing)
    #expect(absent.object == "/a/kernel:0")
    #expect(absent.description.contains("contiguous, deflated"))
    #expect(try failure { try root.group("half") }.kind == .unexpected)
    #expect(try failure { try root.dataset("a") }.kind == .unexpected)
    #expect(try failure { try root.dataset("") }.kind == .invalidArgument)
    #expect(try failure { try root.group("./a") }.kind == .invalidArgument)
  }

  @Test("Groups and datasets keep their file open")
  func lifetime() throws {
    var dataset: HDF5Dataset?
    do {
      let file = try HDF5File(opening: Fixture.path("hdf5/datasets.h5"))
      dataset = try file.root.group("a").dataset("contiguous")
    }
    #expect(try dataset?.read(Float.self) == Self.values)
  }

  @Test("Many threads may read at once")
  func threads() async throws {
    let file = try HDF5File(opening: Fixture.path("hdf5/datasets.h5"))
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for index in 0..<64 {
        group.addTask {
          let name = index % 2 == 0 ? "a/deflated" : "half"
          _ = try? file.root.dataset("absent")
          return try file.root.dataset(name).read(Float.self) == Self.values
        }
      }
      for try await equal in group { #expect(equal) }
    }
  }
}

@Suite("HDF5: hostile and damaged files") struct HDF5HostileTests {
  @Test("Soft and external links are not followed")
  func links() throws {
    let root = try HDF5File(opening: Fixture.path("hdf5/links.h5")).root
    #expect(try root.kind(of: "soft") == .other)
    #expect(try root.kind(of: "external") == .other)
    #expect(try !root.contains("external"))
    #expect(try failure { try root.dataset("soft") }.kind == .unexpected)
    #expect(try failure { try root.dataset("external") }.kind == .unexpected)
    #expect(try failure { try root.group("external/x") }.kind == .unexpected)
  }

  @Test("A path through a cycle of hard links is bounded")
  func cycle() throws {
    let root = try HDF5File(opening: Fixture.path("hdf5/links.h5")).root
    let deep = "real" + String(repeating: "/loop", count: 70)
    #expect(try failure { try root.group(deep) }.kind == .invalidArgument)
  }

  @Test(
    "Sizes that the file cannot hold are refused before allocation",
    arguments: ["chunked", "deflated", "contiguous", "chunk"])
  func sizes(name: String) throws {
    let dataset = try HDF5File(opening: Fixture.path("hdf5/sizes.h5")).root.dataset(name)
    #expect(try failure { try dataset.read(Float.self) }.kind == .tooLarge)
    #expect(
      try failure { try dataset.read(Float.self, rows: 0..<dataset.shape[0]) }.kind == .tooLarge)
  }

  @Test("A shape that overflows is refused when opened")
  func overflow() throws {
    let root = try HDF5File(opening: Fixture.path("hdf5/sizes.h5")).root
    #expect(try failure { try root.dataset("overflow") }.kind == .tooLarge)
  }

  @Test("Data in other files is not read", arguments: ["external", "virtual"])
  func outside(name: String) throws {
    let dataset = try HDF5File(opening: Fixture.path("hdf5/outside.h5")).root.dataset(name)
    #expect(try failure { try dataset.read(Float.self) }.kind == .unsupported)
  }

  @Test("A filter that is not there is named")
  func filter() throws {
    let dataset = try HDF5File(opening: Fixture.path("hdf5/filter.h5")).root.dataset("lzf")
    let error = try failure { try dataset.read(Float.self) }
    #expect(error.kind == .unsupported)
    #expect(error.found.contains("32000"))
  }

  @Test("A wrong checksum is damage")
  func checksum() throws {
    let dataset = try HDF5File(opening: Fixture.path("hdf5/checksum.h5")).root.dataset("data")
    #expect(try failure { try dataset.read(UInt8.self) }.kind == .damaged)
  }

  @Test("Not HDF5, absent, a folder, a pipe: each told apart")
  func notHDF5() throws {
    try Fixture.withFolder { folder in
      let path = folder + "/weights.h5"
      let absent = try failure { try HDF5File(opening: path) }
      #expect(absent.kind == .cannotOpen)
      #expect(absent.description.contains(path))
      #expect(try failure { try HDF5File(opening: folder) }.found == "a folder")

      for (contents, found) in [
        ("", "an empty file"), ("<html>404</html>", "web page"), ("version https://git", "LFS"),
        ("PK\u{3}\u{4}", "zip"), ("hello", "5 bytes that begin with 68 65 6C"),
      ] {
        try Data(contents.utf8).write(to: URL(fileURLWithPath: path))
        let error = try failure { try HDF5File(opening: path) }
        #expect(error.kind == .wrongFormat)
        #expect(error.found.contains(found))
      }
      #expect(mkfifo(folder + "/pipe", 0o600) == 0)
      #expect(try failure { try HDF5File(opening: folder + "/pipe") }.kind == .cannotOpen)
    }
  }

  @Test("A file cut short at any point gives an error, never a crash or wrong values")
  func truncated() throws {
    let whole = try Data(contentsOf: URL(fileURLWithPath: Fixture.path("hdf5/datasets.h5")))
    try Fixture.withFolder { folder in
      let path = folder + "/cut.h5"
      for length in stride(from: 0, to: whole.count, by: 97) {
        try whole.prefix(length).write(to: URL(fileURLWithPath: path))
        let error = try failure { try HDF5File(opening: path) }
        #expect(error.file == path)
        if length > 96 {
          #expect(error.kind == .damaged)
          #expect(error.description.contains("truncated"))
        }
      }
    }
  }
}

@Suite("HDF5: writing") struct HDF5WriteTests {
  @Test("What is written is read back, with every option and type")
  func roundTrip() throws {
    try Fixture.withFolder { folder in
      let path = folder + "/out.h5"
      let values: [Float] = (0..<60).map { Float($0) * 0.25 }
      let options: [HDF5DatasetOptions] = [
        .contiguous, .chunked([2, 4, 3]), .chunked([5, 1, 3], deflate: 6),
        .chunked([1, 4, 3], deflate: 1, shuffle: true, checksum: true),
      ]
      let file = try HDF5File(creating: path)
      for (index, option) in options.enumerated() {
        try file.root.write("group/nested/\(index)", values, shape: [5, 4, 3], options: option)
      }
      try file.root.write("half", values.map { Float16($0) }, shape: [60])
      try file.root.write("int8", [Int8.min, 0, Int8.max], shape: [3])
      try file.root.write("uint8", [UInt8](0...255), shape: [16, 16])
      try file.root.write("uint16", [UInt16.max], shape: [])
      try file.root.write("int64", [Int64.min, Int64.max], shape: [2])
      try file.root.write("uint64", [UInt64.max], shape: [1])
      try file.root.write("empty", [Float](), shape: [0, 7])
      let rows = try file.root.createDataset(
        "rows", shape: [4, 2], of: Float.self, options: .chunked([2, 2]))
      try rows.write([5, 6, 7, 8] as [Float], rows: 2..<4)
      try rows.write([1, 2, 3, 4] as [Float], rows: 0..<2)
      try file.flush()
      try file.close()
      #expect(throws: KerasFormatError.self) { try file.root.names }

      let root = try HDF5File(opening: path).root
      for index in options.indices {
        #expect(try root.dataset("group/nested/\(index)").read(Float.self) == values)
      }
      #expect(try root.dataset("half").elementType == .float(bits: 16))
      #expect(try root.dataset("half").read(Float16.self) == values.map { Float16($0) })
      #expect(try root.dataset("half").read(Float.self) == values)
      #expect(try root.dataset("int8").read(Int8.self) == [Int8.min, 0, Int8.max])
      #expect(try root.dataset("uint8").read(UInt8.self) == [UInt8](0...255))
      #expect(try root.dataset("uint16").read(UInt16.self) == [.max])
      #expect(try root.dataset("int64").read(Int64.self) == [.min, .max])
      #expect(try root.dataset("uint64").read(UInt64.self) == [.max])
      #expect(try root.dataset("empty").shape == [0, 7])
      #expect(try root.dataset("rows").read(Float.self) == [1, 2, 3, 4, 5, 6, 7, 8])
    }
  }

  @Test("Attributes are read back, replaced, and may be long")
  func attributes() throws {
    try Fixture.withFolder { folder in
      let path = folder + "/out.h5"
      let long = String(repeating: "0123456789", count: 20_000)
      do {
        let file = try HDF5File(creating: path)
        try file.root.set("text", "first")
        try file.root.set("text", "second, ä")
        try file.root.set("long", long)
        try file.root.set("none", "")
        try file.root.set("texts", ["a", "", "three"])
        try file.root.set("empty", [String]())
        try file.root.set("integer", -5)
        try file.root.set("integers", [1, 2])
        try file.root.set("number", 1e-3)
        try file.root.set("numbers", [0.5])
        try file.root.write("data", [Float](repeating: 0, count: 3), shape: [3])
          .set("name", "kernel")
        try file.close()
      }
      let root = try HDF5File(opening: path).root
      #expect(try root.string("text") == "second, ä")
      #expect(try root.string("long") == long)
      #expect(try root.string("none") == "")
      #expect(try root.strings("texts") == ["a", "", "three"])
      #expect(try root.strings("empty") == [])
      #expect(try root.integer("integer") == -5)
      #expect(try root.integers("integers") == [1, 2])
      #expect(try root.number("number") == 1e-3)
      #expect(try root.numbers("numbers") == [0.5])
      #expect(try root.dataset("data").string("name") == "kernel")
    }
  }

  @Test("Wrong values are refused")
  func wrongValues() throws {
    try Fixture.withFolder { folder in
      let root = try HDF5File(creating: folder + "/out.h5").root
      #expect(try failure { try root.write("a", [Float](), shape: [2]) }.kind == .invalidArgument)
      #expect(
        try failure {
          try root.write("b", [1, 2] as [Float], shape: [2], options: .chunked([1, 1]))
        }.kind == .invalidArgument)
      var options = HDF5DatasetOptions.contiguous
      options.deflate = 3
      #expect(
        try failure { try root.write("c", [1] as [Float], shape: [1], options: options) }.kind
          == .invalidArgument)
      #expect(
        try failure { try root.createDataset("d", shape: [-1], of: Float.self) }.kind
          == .invalidArgument)
      try root.write("e", [1] as [Float], shape: [1])
      #expect(
        try failure { try root.write("e", [1] as [Float], shape: [1]) }.kind == .cannotWrite)
      #expect(try failure { try HDF5File(creating: folder + "/no/out.h5") }.kind == .cannotWrite)
    }
  }

  @Test("An atomic write leaves the whole new file, or the old one and nothing beside it")
  func atomic() throws {
    struct Interrupted: Error {}
    try Fixture.withFolder { folder in
      let path = folder + "/model.h5"
      func write(_ value: Float, fails: Bool) throws {
        try AtomicFile.write(to: path) { temporary in
          let file = try HDF5File(creating: temporary)
          try file.root.write("value", [value], shape: [1])
          if fails { throw Interrupted() }
          try file.close()
        }
      }
      try write(1, fails: false)
      #expect(throws: Interrupted.self) { try write(2, fails: true) }
      #expect(try HDF5File(opening: path).root.dataset("value").read(Float.self) == [1])
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["model.h5"])
      try write(3, fails: false)
      #expect(try HDF5File(opening: path).root.dataset("value").read(Float.self) == [3])
    }
  }
}
