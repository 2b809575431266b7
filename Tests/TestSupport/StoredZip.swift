/// Writes a zip archive whose members are stored as they are (PKWARE's APPNOTE 4.3).
public struct StoredZip {
  private var members: [UInt8] = []
  private var directory: [UInt8] = []
  private var count = 0

  public init() {}

  public mutating func add(_ name: String, _ contents: [UInt8]) {
    let common =
      little(20, 2) + little(0, 2) + little(0, 2) + little(0, 4) + little(Int(crc32(contents)), 4)
      + little(contents.count, 4) + little(contents.count, 4) + little(name.utf8.count, 2)
      + little(0, 2)
    directory +=
      little(0x0201_4B50, 4) + little(20, 2) + common + little(0, 2) + little(0, 2) + little(0, 2)
      + little(0, 4) + little(members.count, 4) + Array(name.utf8)
    members += little(0x0403_4B50, 4) + common + Array(name.utf8) + contents
    count += 1
  }

  public var bytes: [UInt8] {
    members + directory + little(0x0605_4B50, 4) + little(0, 2) + little(0, 2) + little(count, 2)
      + little(count, 2) + little(directory.count, 4) + little(members.count, 4) + little(0, 2)
  }

  private func little(_ value: Int, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  private func crc32(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(0xFFFF_FFFF) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1) * 0xEDB8_8320 }
    }
  }
}
