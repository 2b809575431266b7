import Files

/// A writer of zip archives whose members are stored as they are (PKWARE's APPNOTE 4.3), as Keras
/// writes `.keras` files.
///
/// Equal members give equal bytes: the time noted is always the format's first, 1980. The 64-bit
/// extensions are used only for what 32 bits cannot hold.
package struct ZipWriter {
  private let file: OutputFile
  /// The first value that the 64-bit extensions are used for.
  private let limit: Int
  private var directory: [UInt8] = []
  private var offset = 0
  private var count = 0

  /// Creates the archive, which must not be there yet.
  package init(creating path: String, limit: Int = 0xFFFF_FFFF) throws {
    do {
      file = try OutputFile(path, .new)
    } catch {
      throw KerasFormatError(error)
    }
    self.limit = limit
  }

  /// Adds a member of these bytes.
  package mutating func add(_ name: String, _ bytes: [UInt8]) throws {
    var checksum = CRC32()
    checksum.update(bytes)
    try begin(name, size: bytes.count, checksum: checksum.value)
    try write(bytes)
  }

  /// Adds the contents of a file, read twice: for its checksum, which comes first, and to copy it.
  package mutating func add(_ name: String, contentsOf source: String) throws {
    let source = try BinaryFile(opening: source)
    let parts = stride(from: 0, to: source.size, by: 1 << 20).map {
      $0..<min($0 + 1 << 20, source.size)
    }
    var checksum = CRC32()
    for part in parts { checksum.update(try source.bytes(part)) }
    try begin(name, size: source.size, checksum: checksum.value)
    for part in parts { try write(try source.bytes(part)) }
  }

  /// Writes the directory and closes the file.
  package mutating func finish() throws {
    let (start, length) = (offset, directory.count)
    try write(directory)
    if start >= limit || length >= limit {
      let record = offset
      try write(
        little(0x0606_4B50, 4) + little(44, 8) + little(0x0300 | 45, 2) + little(45, 2)
          + little(0, 4) + little(0, 4) + little(count, 8) + little(count, 8) + little(length, 8)
          + little(start, 8))
      try write(little(0x0706_4B50, 4) + little(0, 4) + little(record, 8) + little(1, 4))
    }
    try write(
      little(0x0605_4B50, 4) + little(0, 2) + little(0, 2) + little(count, 2) + little(count, 2)
        + short(length) + short(start) + little(0, 2))
    do { try file.close() } catch { throw KerasFormatError(error) }
  }

  /// Writes a member's local header, and notes it for the directory.
  private mutating func begin(_ name: String, size: Int, checksum: UInt32) throws {
    let name = Array(name.utf8)
    let sizes = size >= limit ? little(size, 8) + little(size, 8) : []
    let place = offset >= limit ? little(offset, 8) : []
    // Version needed, flags, method 0 (stored), midnight of 1 January 1980.
    let head =
      little(sizes.isEmpty && place.isEmpty ? 20 : 45, 2) + little(0, 2) + little(0, 2)
      + little(0, 2) + little(0x21, 2) + little(Int(checksum), 4) + short(size) + short(size)
      + little(name.count, 2)
    let far = extra(sizes + place)
    // Made on Unix; no comment, disk 0, no internal attributes; a file that its owner reads.
    directory += little(0x0201_4B50, 4) + little(0x0300 | 45, 2) + head + little(far.count, 2)
    directory += little(0, 2) + little(0, 2) + little(0, 2) + little(0o100600 << 16, 4)
    directory += short(offset) + name + far
    count += 1
    let near = extra(sizes)
    try write(little(0x0403_4B50, 4) + head + little(near.count, 2) + name + near)
  }

  /// The extra field of 64-bit values, for those that 32 bits cannot hold.
  private func extra(_ values: [UInt8]) -> [UInt8] {
    values.isEmpty ? [] : little(1, 2) + little(values.count, 2) + values
  }

  /// A size or offset in 32 bits; all ones where its 64 bits stand elsewhere.
  private func short(_ value: Int) -> [UInt8] { little(value >= limit ? 0xFFFF_FFFF : value, 4) }

  private func little(_ value: Int, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  private mutating func write(_ bytes: [UInt8]) throws {
    do { try file.write(bytes) } catch { throw KerasFormatError(error) }
    offset += bytes.count
  }
}
