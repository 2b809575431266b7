import CHDF5
import Files
import Foundation

/// The process-wide state of libhdf5, which is thread-safe in some builds and not in others.
enum HDF5Library {
  private static let lock = NSRecursiveLock()

  /// What is made once, at the first use of the library, and lasts as long as the process.
  struct Start: Sendable {
    /// The driver that reads files which are not trusted.
    let driver: hid_t
    /// How members of a group are reached: external links are not followed.
    let linkAccess: hid_t
  }

  private static let start: Result<Start, StartError> = Result { () throws(StartError) in
    func succeed<Code: SignedInteger>(_ call: StaticString, _ code: Code) throws(StartError) -> Code
    {
      guard code >= 0 else { throw StartError(call: "\(call)") }
      return code
    }
    // Without an exit handler an unfinished file is simply left behind, where HDF5 would try to
    // complete it (and fail again if the disk is full). Too late, and no matter, where somebody
    // else in the process has used the library before.
    H5dont_atexit()
    _ = try succeed("H5open", H5open())
    _ = try succeed("H5Tregister", CHDF5_register_references())
    return Start(
      driver: try succeed("H5FDregister", CHDF5_register_driver()),
      linkAccess: try succeed("H5Pset_elink_cb", CHDF5_create_link_access()))
  }

  private struct StartError: Error {
    let call: String
  }

  /// What the library was started with.
  ///
  /// - Throws: `KerasFormatError` of kind `unsupported` if it did not start.
  static func started(at place: HDF5Place) throws -> Start {
    try locked {
      switch start {
      case .success(let start): return start
      case .failure(let error):
        throw place.error(
          .unsupported, expected: "libhdf5 to start", found: "a failure of \(error.call)")
      }
    }
  }

  /// Runs `body` as the only user of libhdf5 in the process.
  static func locked<R>(_ body: () throws -> R) rethrows -> R {
    lock.lock()
    defer { lock.unlock() }
    _ = start
    // Thread-safe builds keep this setting, like the error stack, for each thread.
    CHDF5_silence_errors()
    return try body()
  }
}

/// Where in which file a call is working, for error messages.
struct HDF5Place: Sendable {
  let file: String
  let object: String?

  func error(
    _ kind: KerasFormatError.Kind, expected: String, found: String
  ) -> KerasFormatError {
    KerasFormatError(kind, file: file, object: object, expected: expected, found: found)
  }

  func member(_ name: String) -> HDF5Place {
    let parent = object ?? "/"
    return HDF5Place(file: file, object: parent == "/" ? "/" + name : parent + "/" + name)
  }

  func attribute(_ name: String) -> HDF5Place {
    HDF5Place(file: file, object: "\(object ?? "/") attribute \(name)")
  }
}

/// The one place where a return code of libhdf5 becomes an error.
///
/// - Parameters:
///   - call: The C function's name.
///   - place: The file and object worked on.
///   - kind: The kind of error that a failure of this call means.
/// - Returns: What `body` returned, never negative.
@discardableResult
func check<Code: FixedWidthInteger & SignedInteger>(
  _ call: StaticString, at place: HDF5Place, else kind: KerasFormatError.Kind = .damaged,
  _ body: () -> Code
) throws -> Code {
  try HDF5Library.locked {
    let code = body()
    guard code < 0 else { return code }
    var text = [CChar](repeating: 0, count: 1024)
    CHDF5_take_error(&text, text.count)
    let end = text.firstIndex(of: 0) ?? text.count
    let message = String(decoding: text[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    if let number = systemErrorNumber(message) {
      if kind == .cannotWrite { throw KerasFormatError(WriteError(place.file, number)) }
      throw place.error(kind, expected: "\(call) to succeed", found: FileError.message(number))
    }
    throw place.error(
      kind, expected: "\(call) to succeed",
      found: message.isEmpty
        ? "error \(code)" : message.split(whereSeparator: \.isNewline).joined(separator: " "))
  }
}

/// The system's error number in a description on HDF5's error stack, which buries it among addresses
/// and byte counts; nil where the system did not refuse anything.
private func systemErrorNumber(_ text: String) -> Int32? {
  text.firstMatch(of: /errno = ([0-9]{1,9})/).flatMap { Int32($0.1) }
}

/// Owner of one HDF5 identifier of any kind.
struct HDF5Handle: ~Copyable, Sendable {
  let id: hid_t

  /// Takes ownership of an identifier that `check` let through.
  init(_ id: hid_t) {
    self.id = id
  }

  deinit {
    // Fails harmlessly when the file was closed before, which closed this identifier too.
    HDF5Library.locked {
      if H5Iis_valid(id) > 0 { H5Idec_ref(id) }
    }
  }
}
