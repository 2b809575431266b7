import Foundation
import Pictures
import Testing

/// Files that Scripts/fixtures/pictures.py made.
enum Fixture {
  static let root = Bundle.module.resourcePath! + "/Fixtures"

  static func path(_ name: String) -> String { root + "/" + name }

  static func bytes(_ name: String) throws -> [UInt8] {
    try PictureDecoder.bytes(ofFile: path(name))
  }

  /// The names of the files in one of the folders.
  static func names(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path(folder))) ?? []).sorted()
  }

  /// The pixels in a binary PPM file with a header on one line.
  static func ppm(_ name: String) throws -> Picture {
    let bytes = try bytes(name)
    let end = try #require(bytes.firstIndex(of: 0x0A))
    let header = String(decoding: bytes[..<end], as: UTF8.self).split(separator: " ")
    try #require(header.count == 4 && header[0] == "P6" && header[3] == "255")
    return Picture(
      width: try #require(Int(header[1])), height: try #require(Int(header[2])),
      pixels: Array(bytes[(end + 1)...]))
  }

  /// Where a text begins in a file.
  static func place(of text: String, in bytes: [UInt8]) -> Int? {
    let text = Array(text.utf8)
    return bytes.indices.first { bytes[$0...].starts(with: text) }
  }

  static func floats(_ name: String) throws -> [Float] {
    let bytes = try bytes(name)
    return stride(from: 0, to: bytes.count, by: 4).map { i in
      let bits = bytes[i..<i + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      return Float(bitPattern: bits)
    }
  }
}

/// A folder for one test, gone with its last reference.
final class TemporaryFolder {
  let path: String

  init() throws {
    var template = Array((NSTemporaryDirectory() + "/pictures-XXXXXX").utf8CString)
    let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) }
    path = String(cString: try #require(made))
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file, making folders as needed, and returns its path.
  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = path + "/" + name
    try FileManager.default.createDirectory(
      atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    try write(name, Array(text.utf8))
  }

  /// Writes pictures of random pixels, all different, under the names.
  func writePictures(_ names: [String], seed: UInt64 = 0) throws {
    for (index, name) in names.enumerated() {
      try write(name, Bitmap.random(seed: seed &* 1_000_003 &+ UInt64(index)))
    }
  }

  func makeFolder(_ name: String) throws {
    try FileManager.default.createDirectory(
      atPath: path + "/" + name, withIntermediateDirectories: true)
  }

  func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: path + "/" + name, withDestinationPath: target)
  }

  /// A path below the folder without the folder in front.
  func relative(_ path: String) -> String {
    path.hasPrefix(self.path + "/") ? String(path.dropFirst(self.path.count + 1)) : path
  }
}

/// Uncompressed 24-bit BMP files.
enum Bitmap {
  static func file(_ picture: Picture) -> [UInt8] {
    func little(_ value: Int, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    let rowBytes = (picture.width * 3 + 3) / 4 * 4
    var bytes = Array("BM".utf8) + little(54 + rowBytes * picture.height, 4) + little(0, 4)
    bytes += little(54, 4) + little(40, 4) + little(picture.width, 4) + little(picture.height, 4)
    bytes += little(1, 2) + little(24, 2) + [UInt8](repeating: 0, count: 24)
    for y in (0..<picture.height).reversed() {
      for x in 0..<picture.width {
        let i = (y * picture.width + x) * 3
        bytes += picture.pixels[i..<i + 3].reversed()
      }
      bytes += [UInt8](repeating: 0, count: rowBytes - picture.width * 3)
    }
    return bytes
  }

  static func random(seed: UInt64, side: Int = 16) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    let pixels = (0..<side * side * 3).map { _ in UInt8(generator.number(below: 256)) }
    return file(Picture(width: side, height: side, pixels: pixels))
  }
}
