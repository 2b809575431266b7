import Files

/// What can be told about a path before a library opens it.
enum RegularFile {
  /// Opens a regular file.
  ///
  /// - Throws: `KerasFormatError` of kind `cannotOpen` if it is none, or not readable.
  static func open(_ path: String) throws -> OpenFile {
    do {
      return try OpenFile(path)
    } catch {
      throw KerasFormatError(error, file: path)
    }
  }

  /// Checks that `path` is a regular file that can be read, and returns its size in bytes.
  ///
  /// Without the check a named pipe would block the process, and a folder gives odd messages.
  @discardableResult
  static func inspect(_ path: String) throws -> Int { try open(path).size }

  /// The first `count` bytes of a file, fewer if it is shorter.
  static func firstBytes(_ path: String, count: Int) throws -> [UInt8] {
    let file = try BinaryFile(opening: path)
    return try file.bytes(0..<min(count, file.size))
  }

  /// Says what a file seems to be that is not of the expected format.
  static func describeContents(_ path: String) throws -> String {
    let size = try inspect(path)
    guard size > 0 else { return "an empty file" }
    let bytes = try firstBytes(path, count: 16)
    let known: [([UInt8], String)] = [
      ([0x50, 0x4B, 0x03, 0x04], "a zip archive"),
      ([0x93] + Array("NUMPY".utf8), "a NumPy array"),
      ([0x1F, 0x8B], "a gzip-compressed file"),
      ([0xFF, 0xD8, 0xFF], "a JPEG picture"),
      ([0x80, 0x02], "a Python pickle (PyTorch's old format, perhaps)"),
      (Array("<".utf8), "a web page or XML (a failed download, perhaps)"),
      (Array("{".utf8), "JSON text"),
      (Array("version https://".utf8), "a Git LFS pointer, not the file itself"),
    ]
    for (start, name) in known where bytes.starts(with: start) { return name }
    let shown = bytes.prefix(8).map { byte in
      let digits = String(byte, radix: 16, uppercase: true)
      return digits.count < 2 ? "0" + digits : digits
    }
    return "\(size) bytes that begin with \(shown.joined(separator: " "))"
  }

  /// The system's text for an error number.
  static func systemMessage(_ number: Int32) -> String { FileError.message(number) }
}

extension KerasFormatError {
  /// A failure to open or to read a file.
  init(_ error: FileError, file: String) {
    switch error {
    case .unreadable(let reason):
      self.init(.cannotOpen, file: file, expected: "a readable file", found: reason)
    case .notAFile(let found):
      self.init(.cannotOpen, file: file, expected: "a regular file", found: found)
    case .short(let wanted, let size):
      self.init(
        .damaged, file: file, expected: "\(wanted.count) bytes at \(wanted.lowerBound)",
        found: "\(size) in all")
    }
  }
}
