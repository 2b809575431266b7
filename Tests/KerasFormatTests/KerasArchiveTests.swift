import Foundation
import KerasFormat
import NeuralNetwork
import Testing

@Suite("Archives (.keras) written here") struct KerasArchiveTests {
  @Test("Every fixture, written and read back, is the same", arguments: KerasModelReadTests.files)
  func roundTrip(file: String) throws {
    var model = try KerasModel(path: Fixture.path("models/\(file)"))
    model.metadata = #"{"classes": ["chat", "été", "犬"]}"#
    try Fixture.withFolder { folder in
      for name in ["model.keras", "again.keras"] { try model.write(to: "\(folder)/\(name)") }
      #expect(try KerasModel(path: folder + "/model.keras") == model)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == [
          "again.keras", "model.keras",
        ])
      #expect(
        FileManager.default.contentsEqual(
          atPath: folder + "/model.keras", andPath: folder + "/again.keras"))
    }
  }

  @Test("The format follows the ending, or is given")
  func formats() throws {
    let model = try KerasModel(path: Fixture.path("models/keras3_functional.h5"))
    try Fixture.withFolder { folder in
      for (name, format, layout) in [
        ("a.h5", nil, .model), ("b.keras", nil, .archive), ("c", nil, .model),
        ("d.h5", .archive, .archive), ("e.keras", .hdf5, .model),
      ] as [(String, KerasModel.Format?, WeightFile.Layout)] {
        try model.write(to: "\(folder)/\(name)", format: format)
        let file = try WeightFile(path: "\(folder)/\(name)")
        #expect(file.layout == layout)
        #expect(try KerasModel(path: file.path) == model)
      }
    }
  }

  @Test(
    "The optimizer's state comes back from either kind of file", arguments: TrainingFileTests.files,
    KerasModel.Format.allCases)
  func training(file: String, format: KerasModel.Format) throws {
    let original = try KerasModel(path: Fixture.path("training/\(file)"))
    let optimizer = try #require(try original.optimizer())
    var network = try KerasModel(try original.network(), name: "net")
    try network.setTraining(by: optimizer, labelSmoothing: 0.125)
    try Fixture.withFolder { folder in
      for (index, model) in [original, network].enumerated() {
        let path = folder + "/\(index).keras"
        try model.write(to: path, format: format)
        let again = try KerasModel(path: path)
        #expect(again.layers == model.layers)
        #expect(try again.optimizer() == optimizer)
        // From one kind of file into the other and back.
        try again.write(to: path, format: .hdf5)
        try KerasModel(path: path).write(to: path, format: .archive)
        #expect(try KerasModel(path: path).optimizer() == optimizer)
      }
      let noted = try KerasModel(path: folder + "/1.keras").trainingConfiguration
      #expect(noted?.contains("\"label_smoothing\": 0.125") == true)
    }
  }

  /// Paths, shapes and values of everything below a group.
  private func contents(_ group: HDF5Group, _ prefix: String = "") throws -> [String: [Double]] {
    var result: [String: [Double]] = [:]
    for name in try group.names {
      let place = "\(prefix)/\(name)"
      if try group.kind(of: name) == .group {
        result.merge(try contents(try group.group(name), place)) { one, _ in one }
      } else {
        let dataset = try group.dataset(name)
        let isInteger = dataset.elementType == Int64.hdf5Type
        let values =
          isInteger
          ? try dataset.read(Int64.self).map(Double.init)
          : try dataset.read(Float.self).map(Double.init)
        result["\(place) \(isInteger ? "i" : "f") \(dataset.shape)"] = values
      }
    }
    return result
  }

  @Test("Keras' own archive, written again, has its weights and state in the same places")
  func layout() throws {
    try Fixture.withFolder { folder in
      for file in ["training/keras3_adam.keras", "models/keras3_wide.keras"] {
        let original = Fixture.path(file)
        let path = folder + "/model.keras"
        try KerasModel(path: original).write(to: path)
        let expected = try contents(ZipArchive(path: original).openHDF5("model.weights.h5").root)
        #expect(try contents(ZipArchive(path: path).openHDF5("model.weights.h5").root) == expected)
        #expect(expected.count > 10)
      }
    }
  }

  /// Keras 3 so has it after reading an HDF5 file.
  @Test("A loss described as a function is written by its name", arguments: ["h5", "keras"])
  func functions(ending: String) throws {
    var model = try KerasModel(path: Fixture.path("training/keras3_adam.keras"))
    let original = try #require(model.trainingConfiguration)
    let described = """
      {"module": "builtins", "class_name": "function", "config": "binary_crossentropy", \
      "registered_name": "binary_crossentropy"}
      """
    model.trainingConfiguration = original.replacingOccurrences(
      of: "\"binary_crossentropy\"", with: described)
    #expect(model.trainingConfiguration != original)
    try Fixture.withFolder { folder in
      let (archive, path) = (folder + "/archive.keras", folder + "/model.\(ending)")
      try model.write(to: archive)
      try KerasModel(path: archive).write(to: path)
      let written = try #require(try KerasModel(path: path).trainingConfiguration)
      #expect(written.contains("\"loss\": \"binary_crossentropy\""))
    }
  }

  @Test("An HDF5 file that says how to train names an optimizer, else Keras does not open it")
  func namelessOptimizer() throws {
    var model = try KerasModel(path: Fixture.path("training/keras3_adam.keras"))
    model.trainingConfiguration = "{\"loss\": \"binary_crossentropy\"}"
    model.optimizerWeights = []
    try Fixture.withFolder { folder in
      try model.write(to: folder + "/model.h5")
      let read = try KerasModel(path: folder + "/model.h5")
      #expect(try read.optimizer() == Optimizer(.rmsprop()))
      try model.write(to: folder + "/model.keras")
      #expect(try KerasModel(path: folder + "/model.keras").optimizer() == nil)
    }
  }

  @Test("What does not fit is refused, and the old file stays")
  func invalid() throws {
    var model = try KerasModel(path: Fixture.path("training/keras3_adam.keras"))
    try Fixture.withFolder { folder in
      let path = folder + "/model.keras"
      try model.write(to: path)
      let old = try Data(contentsOf: URL(fileURLWithPath: path))
      let sound = model
      model.layers[0].name = "a/b"
      #expect(try failure { try model.write(to: path) }.kind == .invalidArgument)
      model = sound
      model.trainingConfiguration = "{"
      #expect(try failure { try model.write(to: path) }.kind == .damaged)
      model = try KerasModel(path: Fixture.path("training/keras3_adam.h5"))
      model.optimizerWeights.removeLast()
      #expect(try failure { try model.write(to: path) }.kind == .unexpected)
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == old)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["model.keras"])
      let missing = folder + "/none/model.keras"
      let error = try failure { try sound.write(to: missing) }
      #expect(error.kind == .cannotWrite)
      #expect(error.file == missing)
    }
  }

  @Test("Cut short or with a byte changed, it is refused, or what it says is sound")
  func damaged() throws {
    let model = try KerasModel(path: Fixture.path("training/keras3_adam.keras"))
    try Fixture.withFolder { folder in
      let path = folder + "/model.keras"
      try model.write(to: path)
      let whole = try Data(contentsOf: URL(fileURLWithPath: path))
      let sound = try KerasModel(path: path)
      for length in [4, 30, 100, whole.count / 2, whole.count - 30, whole.count - 1] {
        try whole.prefix(length).write(to: URL(fileURLWithPath: path))
        #expect(try failure { try KerasModel(path: path) }.kind == .damaged)
      }
      // Contents are protected by the checksum; of the directory, not every byte is read.
      var refused = 0
      let directory = whole.count - 260
      let positions =
        Array(stride(from: 40, to: directory, by: 997)) + Array(directory..<whole.count)
      for position in positions {
        var changed = whole
        changed[position] ^= 0x41
        try changed.write(to: URL(fileURLWithPath: path))
        do {
          #expect(try KerasModel(path: path) == sound)
        } catch let error as KerasFormatError {
          refused += 1
          #expect(error.file.hasPrefix(path))
        }
      }
      #expect(refused > positions.count / 3)
    }
  }
}
