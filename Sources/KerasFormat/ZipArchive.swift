import Files
import Foundation

/// A reader of zip archives whose members are stored as they are, as `.keras` files of Keras are, or
/// deflated, as those become that were unpacked and packed again.
///
/// Reads the central directory (with its 64-bit extensions), checks every size against the file's,
/// and verifies each member's CRC-32.
package struct ZipArchive {
  /// The first bytes of an archive with at least one member.
  static let signature: [UInt8] = [0x50, 0x4B, 0x03, 0x04]

  private struct Member {
    var offset: Int
    var size: Int
    /// What it takes in the archive.
    var packedSize: Int
    var method: Int
    var checksum: UInt32
    var isEncrypted: Bool
  }

  package let path: String
  private let size: Int
  private var members: [String: Member] = [:]

  /// Configurations are far smaller than this.
  private static let textLimit = 1 << 23
  private static let directoryLimit = 1 << 24

  package init(path: String) throws {
    self.path = path
    size = try RegularFile.inspect(path)
    let file = try open()
    defer { try? file.close() }
    try readDirectory(file)
  }

  package func contains(_ name: String) -> Bool { members[name] != nil }

  /// The text of a small member.
  package func text(_ name: String) throws -> String {
    let member = try member(name)
    guard member.size <= Self.textLimit else {
      throw error(.tooLarge, name, "at most \(Self.textLimit) bytes", "\(member.size)")
    }
    var bytes: [UInt8] = []
    try forEachPart(of: member, name: name) { bytes += $0 }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw error(.damaged, name, "UTF-8 text", "other bytes")
    }
    return text
  }

  /// Opens a member that is an HDF5 file, from an unnamed temporary copy that goes when it closes.
  package func openHDF5(_ name: String) throws -> HDF5File {
    let member = try member(name)
    let copy = FileManager.default.temporaryDirectory
      .appendingPathComponent("headstart-\(UUID().uuidString).h5").path
    defer { unlink(copy) }
    do {
      let output = try OutputFile(copy, .new, permissions: 0o600)
      var isFirst = true
      try forEachPart(of: member, name: name) { part in
        // Before a gigabyte of something else is written.
        guard !isFirst || part.starts(with: [0x89, 0x48, 0x44, 0x46]) else {
          throw self.error(.wrongFormat, name, "an HDF5 file", "other bytes")
        }
        isFirst = false
        try output.write(part)
      }
      try output.close()
    } catch let error as WriteError {
      throw KerasFormatError(
        WriteError(copy, reason: "\(error.reason), which a copy of \(name) of \(path) needs"))
    }
    return try HDF5File(opening: copy, named: "\(path)/\(name)")
  }

  // MARK: Members

  private func member(_ name: String) throws -> Member {
    guard let member = members[name] else {
      throw error(.missing, name, "a member of that name", WeightFile.list(members.keys.sorted()))
    }
    guard [0, 8].contains(member.method), !member.isEncrypted else {
      throw error(
        .unsupported, name, "a member stored as it is, or deflated",
        member.isEncrypted ? "an encrypted one" : "compression method \(member.method)")
    }
    let largest =
      member.method == 0
      ? member.packedSize
      : member.packedSize.multipliedReportingOverflow(by: RawInflater.largestRatio).partialValue
    guard member.packedSize <= size, member.size <= largest else {
      throw error(
        .tooLarge, name, "what \(member.packedSize) bytes of an archive of \(size) can hold",
        "\(member.size) bytes")
    }
    return member
  }

  /// Reads a member in parts of at most 1 MB, and checks its size and CRC-32 at the end.
  private func forEachPart(
    of member: Member, name: String, _ body: ([UInt8]) throws -> Void
  ) throws {
    var (checksum, rest) = (CRC32(), member.size)
    func take(_ part: [UInt8]) throws {
      rest -= part.count
      guard rest >= 0 else { throw error(.damaged, name, "\(member.size) bytes", "more") }
      checksum.update(part)
      try body(part)
    }
    if member.method == 0 {
      try forEachStoredPart(of: member, name: name, take)
    } else {
      do {
        let inflater = try RawInflater()
        try forEachStoredPart(of: member, name: name) { try inflater.unpack($0, take) }
      } catch is RawInflater.Failure {
        throw error(.damaged, name, "deflated data", "other data")
      }
    }
    guard rest == 0, checksum.value == member.checksum else {
      throw error(.damaged, name, "contents of the checksum noted for them", "other contents")
    }
  }

  /// Reads a member as it lies in the archive.
  private func forEachStoredPart(
    of member: Member, name: String, _ body: ([UInt8]) throws -> Void
  ) throws {
    let file = try open()
    defer { try? file.close() }
    let header = Fields(try read(file, at: member.offset, count: 30, name))
    guard header.bytes.starts(with: Self.signature) else {
      throw error(.damaged, name, "a local header", "other bytes")
    }
    var position = member.offset + 30 + header.uint16(26) + header.uint16(28)
    guard position <= size, member.packedSize <= size - position else {
      throw error(.damaged, name, "\(member.packedSize) bytes", "an archive of \(size) bytes")
    }
    let end = position + member.packedSize
    while position < end {
      let part = try read(file, at: position, count: min(1 << 20, end - position), name)
      try body(part)
      position += part.count
    }
  }

  // MARK: The directory

  private mutating func readDirectory(_ file: FileHandle) throws {
    // The end record is the last thing in the file but for a comment of at most 65,535 bytes.
    let tailStart = max(0, size - 22 - 65_535 - 20)
    let tail = Fields(try read(file, at: tailStart, count: size - tailStart, nil))
    guard
      let end = stride(from: tail.bytes.count - 22, through: 0, by: -1)
        .first(where: { tail.bytes[$0...].starts(with: [0x50, 0x4B, 0x05, 0x06]) })
    else { throw error(.damaged, nil, "a zip directory at the end", "none; is the file whole?") }
    var count = tail.uint16(end + 10)
    var length = tail.uint32(end + 12)
    var offset = tail.uint32(end + 16)
    if end >= 20, tail.bytes[(end - 20)...].starts(with: [0x50, 0x4B, 0x06, 0x07]) {
      let position = tail.uint64(end - 20 + 8)
      let record = Fields(try read(file, at: position, count: 56, nil))
      count = record.uint64(32)
      length = record.uint64(40)
      offset = record.uint64(48)
    }
    guard length <= Self.directoryLimit, count <= length / 46 else {
      throw error(.tooLarge, nil, "a directory that fits the archive", "\(count) members")
    }
    let directory = Fields(try read(file, at: offset, count: length, nil))
    var position = 0
    for _ in 0..<count {
      guard position + 46 <= length,
        directory.bytes[position...].starts(with: [0x50, 0x4B, 0x01, 0x02])
      else { throw error(.damaged, nil, "\(count) entries in the zip directory", "fewer") }
      let nameLength = directory.uint16(position + 28)
      let extraLength = directory.uint16(position + 30)
      let next = position + 46 + nameLength + extraLength + directory.uint16(position + 32)
      guard next <= length else {
        throw error(.damaged, nil, "a whole zip directory", "one cut short")
      }
      let nameBytes = directory.bytes[position + 46..<position + 46 + nameLength]
      var member = Member(
        offset: directory.uint32(position + 42), size: directory.uint32(position + 24),
        packedSize: directory.uint32(position + 20),
        method: directory.uint16(position + 10),
        checksum: UInt32(truncatingIfNeeded: directory.uint32(position + 16)),
        isEncrypted: directory.uint16(position + 8) & 1 != 0)
      let extra = position + 46 + nameLength
      readExtra(directory, extra..<extra + extraLength, into: &member)
      members[String(decoding: nameBytes, as: UTF8.self)] = member
      position = next
    }
  }

  /// Takes 64-bit sizes and offsets from the extra field where the entry's own are all ones.
  private func readExtra(
    _ directory: Fields, _ range: Range<Int>, into member: inout Member
  ) {
    var position = range.lowerBound
    while position + 4 <= range.upperBound {
      let end = position + 4 + directory.uint16(position + 2)
      if directory.uint16(position) == 1 {
        var field = position + 4
        func next() -> Int? {
          guard field + 8 <= min(end, range.upperBound) else { return nil }
          defer { field += 8 }
          return directory.uint64(field)
        }
        if member.size == 0xFFFF_FFFF, let value = next() { member.size = value }
        if member.packedSize == 0xFFFF_FFFF, let value = next() { member.packedSize = value }
        if member.offset == 0xFFFF_FFFF, let value = next() { member.offset = value }
      }
      position = end
    }
  }

  // MARK: Bytes

  private func open() throws -> FileHandle {
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw KerasFormatError(
        .cannotOpen, file: path, expected: "a readable file",
        found: RegularFile.systemMessage(errno))
    }
    return file
  }

  private func read(_ file: FileHandle, at offset: Int, count: Int, _ name: String?) throws
    -> [UInt8]
  {
    guard offset >= 0, count >= 0, offset <= size, count <= size - offset else {
      throw error(.damaged, name, "\(count) bytes at \(offset)", "an archive of \(size) bytes")
    }
    do {
      try file.seek(toOffset: UInt64(offset))
      let bytes = [UInt8](try file.read(upToCount: count) ?? Data())
      guard bytes.count == count else {
        throw error(.damaged, name, "\(count) bytes at \(offset)", "\(bytes.count)")
      }
      return bytes
    } catch let error as KerasFormatError {
      throw error
    } catch let cause {
      throw error(.damaged, name, "\(count) bytes at \(offset)", "\(cause)")
    }
  }

  private func error(
    _ kind: KerasFormatError.Kind, _ object: String?, _ expected: String, _ found: String
  ) -> KerasFormatError {
    KerasFormatError(kind, file: path, object: object, expected: expected, found: found)
  }

  /// Little-endian numbers within bytes; the caller knows that they are there.
  private struct Fields {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func uint16(_ offset: Int) -> Int { Int(bytes[offset]) | Int(bytes[offset + 1]) << 8 }
    func uint32(_ offset: Int) -> Int { uint16(offset) | uint16(offset + 2) << 16 }
    /// Values beyond `Int.max` become `Int.max`, which every later check refuses.
    func uint64(_ offset: Int) -> Int {
      Int(clamping: UInt64(uint32(offset)) | UInt64(uint32(offset + 4)) << 32)
    }
  }
}
