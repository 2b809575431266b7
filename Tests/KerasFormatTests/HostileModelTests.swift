import Files
import Foundation
import KerasFormat
import TestSupport
import Testing

/// Small files that would cost much, or lead elsewhere.
@Suite("Hostile model files") struct HostileModelTests {
  @Test("A slash parts a path, whatever mark follows it")
  func slashes() throws {
    let root = try HDF5File(opening: Fixture.path("hdf5/links.h5")).root
    let error = try failure { try root.group("external/\u{301}x") }
    #expect(error.kind == .unexpected)
    #expect(error.found.contains("not followed"))
    #expect(Folder.parts(of: "/a//\u{301}b/") == ["a", "\u{301}b"])
    #expect(Folder.parts(of: "a//b", keepingEmpty: true) == ["a", "", "b"])
    #expect(Folder.parent(of: "dir/\u{301}o.png") == "dir")
    #expect(Folder.parent(of: "/\u{301}o") == "/")
    #expect(
      ["a", "/", ".", "", "a/b//"].map { Folder.parent(of: $0) } == [".", nil, nil, nil, "a"])
    try Fixture.withFolder { folder in
      try AtomicFile.write(Data([1]), to: folder + "/\u{301}o")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["\u{301}o"])
    }
  }

  @Test("One layer or tensor by two names is refused", arguments: [["a", "a"], ["a", "b"]])
  func repeated(layers: [String]) throws {
    try Fixture.withFolder { folder in
      let path = folder + "/weights.h5"
      let file = try HDF5File(creating: path)
      try file.root.set("layer_names", layers)
      for layer in Set(layers) {
        let group = try file.root.createGroup(layer)
        try group.set("weight_names", layer == "b" ? ["w", "w"] : ["w"])
        try group.write("w", [Float](repeating: 1, count: 4), shape: [4])
      }
      try file.close()
      #expect(try failure { try WeightFile(path: path) }.found.contains("read by another"))
    }
  }

  @Test("A group's members are those written, in order")
  func members() throws {
    try Fixture.withFolder { folder in
      let path = folder + "/many.h5"
      let names = (0..<300).map { "g\($0)" }
      let file = try HDF5File(creating: path)
      for name in names { try file.root.createGroup(name) }
      try file.close()
      #expect(try HDF5File(opening: path).root.names == names.sorted())
    }
  }

  @Test("A layer that would fill the memory is named")
  func padding() throws {
    let pads = (0..<8).map {
      KerasLayer(
        name: "pad\($0)", kind: .zeroPadding2D(top: 4096, bottom: 4096, left: 4096, right: 4096))
    }
    let model = KerasModel(
      name: "m", inputShape: [8, 8, 3],
      layers: pads + [KerasLayer(name: "mean", kind: .globalAveragePooling2D)])
    for error in [
      try failure { try model.network() }, try failure { try model.weightShapes(file: "m") },
    ] {
      #expect(error.kind == .tooLarge)
      #expect(error.object?.contains("pad1") == true)
    }
    // VGG's widest layer, for large pictures.
    let wide = KerasModel(
      name: "m", inputShape: [2048, 2048, 64], layers: [KerasLayer(name: "a", kind: .softmax)])
    _ = try wide.network()
  }

  @Test("Weights in an archive that are no HDF5 file are not copied")
  func archive() throws {
    try Fixture.withFolder { folder in
      var zip = StoredZip()
      zip.add("config.json", Array("{}".utf8))
      zip.add("model.weights.h5", [UInt8](repeating: 0, count: 4096))
      let path = folder + "/m.keras"
      try Data(zip.bytes).write(to: URL(fileURLWithPath: path))
      let error = try failure { try WeightFile(path: path) }
      #expect(error.kind == .wrongFormat)
      #expect(error.found == "other bytes")
    }
  }

  @Test("Numbers of a layout of their own are not read")
  func layout() throws {
    try Fixture.withFolder { folder in
      let path = folder + "/float.h5"
      let file = try HDF5File(creating: path)
      try file.root.write("value", [Float](repeating: 1, count: 2), shape: [2])
      try file.close()
      #expect(try HDF5File(opening: path).root.dataset("value").elementType == .float(bits: 32))
      var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      // The fields of binary32, its bias last.
      let fields = Data([0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0])
      let place = try #require(bytes.range(of: fields))
      bytes[place.lowerBound + 8] = 126
      try bytes.write(to: URL(fileURLWithPath: path))
      #expect(try HDF5File(opening: path).root.dataset("value").elementType == .other)
    }
  }
}
