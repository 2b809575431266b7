import Headstart
import KerasFormat
import TestSupport
import Testing

/// The reader of ONNX constants, on files made here by hand.
@Suite struct ONNXInitializersTests {
  static let kernel = NamedTensor(
    name: "k", shape: [2, 1, 1, 3], values: [1, -2, 0.5, .leastNonzeroMagnitude, 3e38, -0.0])
  static let valid = ONNXFile.model([
    ONNXFile.tensor("k", dimensions: [2, 1, 1, 3], data: ONNXFile.bytes(kernel.values)),
    ONNXFile.tensor("other", dimensions: [1], type: 7, data: [UInt8](repeating: 1, count: 8)),
    ONNXFile.tensor("b", dimensions: [2], data: ONNXFile.bytes([7, 8])),
  ])

  func read(_ names: Set<String>, _ bytes: [UInt8]) throws(WeightsError) -> [String: NamedTensor] {
    try ONNXInitializers.read(names, from: bytes, file: "net.onnx")
  }

  @Test func tensorsAskedForAreRead() throws {
    let found = try read(["k", "b"], Self.valid)
    #expect(found.count == 2)
    #expect(found["k"] == Self.kernel)
    #expect(found["b"]?.values == [7, 8])
  }

  @Test func packedDimensionsAndFloatData() throws {
    let tensor =
      ONNXFile.bytes(1, ONNXFile.varint(2) + ONNXFile.varint(1)) + ONNXFile.number(2, 1)
      + ONNXFile.bytes(4, ONNXFile.bytes([5, 6])) + ONNXFile.bytes(8, Array("p".utf8))
    let found = try read(["p"], ONNXFile.model([tensor]))
    #expect(found["p"] == NamedTensor(name: "p", shape: [2, 1], values: [5, 6]))
  }

  /// What each broken tensor's error must say.
  static let broken: [(tensor: [UInt8], says: String)] = [
    (ONNXFile.tensor("x", dimensions: [2], type: 11, data: ONNXFile.bytes([1, 2])), "type 11"),
    (ONNXFile.tensor("x", dimensions: [3], data: ONNXFile.bytes([1, 2])), "only 8 bytes"),
    (ONNXFile.tensor("x", dimensions: [1], data: ONNXFile.bytes([1, 2])), "expected 4 bytes"),
    (ONNXFile.tensor("x", dimensions: [0], data: []), "only 0 bytes"),
    (
      ONNXFile.tensor("x", dimensions: [1 << 40, 1 << 40], data: ONNXFile.bytes([1])),
      "only 4 bytes"
    ),
    (ONNXFile.tensor("x", dimensions: [.max], data: ONNXFile.bytes([1])), "only 4 bytes"),
    (ONNXFile.tensor("x", dimensions: [0, .max], data: ONNXFile.bytes([1])), "only 4 bytes"),
    (ONNXFile.number(2, 1) + ONNXFile.bytes(8, Array("x".utf8)), "expected the data of x"),
    (
      ONNXFile.tensor("x", dimensions: [1], data: ONNXFile.bytes([1])) + ONNXFile.number(14, 1),
      "expected the data of x"
    ),
    (ONNXFile.tensor("y", dimensions: [1], data: ONNXFile.bytes([1])), "none named x"),
  ]

  @Test(arguments: 0..<broken.count)
  func unfitTensorIsRefused(index: Int) throws {
    let (tensor, says) = Self.broken[index]
    let error = #expect(throws: WeightsError.self) { try read(["x"], ONNXFile.model([tensor])) }
    let text = String(describing: try #require(error))
    #expect(text.hasPrefix("net.onnx: ") && text.contains(says), "\(text)")
  }

  @Test func sameNameTwiceIsRefused() {
    let one = ONNXFile.tensor("x", dimensions: [1], data: ONNXFile.bytes([1]))
    #expect(throws: WeightsError.self) { try read(["x"], ONNXFile.model([one, one])) }
  }

  @Test(arguments: [
    [], [0x00], [0x3A], [0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
    [0x3B], [0x3C], [0x3F, 1], [0x08] + [UInt8](repeating: 0x80, count: 20),
    [0x08] + [UInt8](repeating: 0xFF, count: 9) + [0x02], [0x0D, 1, 2, 3], [0x09, 1, 2, 3, 4],
    Array("PK\u{3}\u{4} no model".utf8),
  ])
  func foreignBytesAreRefused(bytes: [UInt8]) {
    #expect(throws: WeightsError.self) { try read(["x"], bytes) }
  }

  @Test func everyTruncationIsRefused() {
    for count in 0..<Self.valid.count {
      #expect(throws: WeightsError.self, "\(count) bytes") {
        try read(["k", "b"], Array(Self.valid[..<count]))
      }
    }
  }

  /// Any damage is either refused or harmless; none may trap.
  @Test func damagedBytesNeverTrap() {
    var state: UInt64 = 1
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    var refused = 0
    for _ in 0..<20_000 {
      var bytes = Self.valid
      for _ in 0...random(3) { bytes[random(bytes.count)] = UInt8(random(256)) }
      do {
        let found = try read(["k", "b"], bytes)
        #expect(found["k"]!.values.count == found["k"]!.shape.reduce(1, *))
      } catch {
        refused += 1
      }
    }
    #expect(refused > 1000)
  }
}
