import Files
import Foundation

/// Copies what stands at an address into a file, going on where an earlier attempt stopped.
///
/// The program curl does the transfer: it knows proxies (`HTTPS_PROXY`, `NO_PROXY`…), certificates
/// (`CURL_CA_BUNDLE`, `SSL_CERT_FILE`), redirections and ranges. Its output comes through a pipe, so
/// the file is written here, never grows beyond what was announced, and a curl whose parent was
/// killed ends by itself.
struct Download {
  /// Of the names of files that are not whole yet.
  static let partialEnding = ".part"

  let environment: [String: String]
  let cancellation: Cancellation
  /// How long a connection may take to come about.
  var connectionSeconds = 15

  /// What curl's exit statuses mean here (curl's manual, EXIT CODES).
  private enum Status {
    static let cannotResume: Set<Int32> = [33, 36]
    static let httpError: Int32 = 22
    /// Partial file, time-out, empty reply, send error, receive error, HTTP/2 stream errors.
    static let cutOff: Set<Int32> = [18, 28, 52, 55, 56, 92]
  }

  /// Downloads into `path`, appending to what is there.
  ///
  /// A transfer that breaks off is taken up again, as long as each attempt brings something, ten
  /// times at most. Where the server cannot go on in the middle, the file is begun anew. What was
  /// received stays in `path` when this throws, unless it cannot be of use.
  ///
  /// - Parameters:
  ///   - byteCount: the size it must have in the end, where it is known.
  ///   - limit: no more bytes than this are taken.
  ///   - progress: gets the bytes that are there.
  /// - Throws: ``SourceFailure`` with the reason, ``Cancelled``, or ``WeightsError/cannotWrite``.
  func fetch(
    _ address: String, into path: String, byteCount: Int?, limit: Int, progress: (Int) -> Void
  ) throws {
    let file = try PartialFile(path)
    defer { file.close() }
    if file.count > byteCount ?? limit { try file.truncate() }
    for _ in 0..<10 {
      if let byteCount, file.count == byteCount { return }
      let start = file.count
      let ending = try transfer(address, from: start, limit: byteCount ?? limit, to: file) {
        progress(file.count)
      }
      let refusesRange =
        Status.cannotResume.contains(ending.status)
        || ending.status == Status.httpError && ending.diagnostics.contains("416")
      // curl takes "416 Range Not Satisfiable" for success: there is nothing more to get.
      let isWrongSize = ending.status == 0 && byteCount.map { $0 != file.count } ?? false
      if start > 0, refusesRange || isWrongSize {
        try file.truncate()
      } else if isWrongSize {
        let found = file.count
        try file.truncate()
        throw SourceFailure("expected \(byteCount ?? 0) bytes, found \(found)")
      } else if ending.status == 0 {
        return
      } else if !Status.cutOff.contains(ending.status) || file.count == start {
        throw SourceFailure(Download.reason(ending))
      }
    }
    throw SourceFailure("the transfer broke off ten times; \(file.count) bytes are kept")
  }

  private func transfer(
    _ address: String, from start: Int, limit: Int, to file: PartialFile, progress: () -> Void
  ) throws -> ChildProcess.Ending {
    var arguments = [
      // The user's ~/.curlrc may change what is written where.
      "--disable", "--silent", "--show-error", "--fail", "--location", "--max-redirs", "5",
      "--globoff", "--proto", address.hasPrefix("file:") ? "=file" : "=http,https",
      "--proto-redir", "=http,https", "--connect-timeout", String(connectionSeconds),
      "--speed-limit", "1000", "--speed-time", "30", "--output", "-",
    ]
    if start > 0 { arguments += ["--continue-at", String(start)] }
    arguments += ["--url", address]
    return try ChildProcess.run(
      "curl", arguments, environment: environment, cancellation: cancellation
    ) { data in
      guard file.count + data.count <= limit else {
        try file.truncate()
        throw SourceFailure("expected \(limit) bytes at most, found more")
      }
      try file.append(data)
      progress()
    }
  }

  /// curl's own words without its name and number: `Could not resolve host: example.org`.
  private static func reason(_ ending: ChildProcess.Ending) -> String {
    let line = ending.lastLine
    guard line.hasPrefix("curl: ("), let end = line.firstIndex(of: ")") else { return line }
    return line[line.index(after: end)...].trimmingCharacters(in: .whitespaces)
  }
}

/// A file that grows at its end.
private final class PartialFile {
  let path: String
  private(set) var count: Int
  private let file: OutputFile

  init(_ path: String) throws {
    self.path = path
    do {
      file = try OutputFile(path, .atEnd)
      count = try file.seek(toEnd: true)
    } catch {
      throw Self.failure(error)
    }
  }

  func append(_ data: Data) throws {
    do { try file.write(data) } catch { throw Self.failure(error) }
    count += data.count
  }

  func truncate() throws {
    do { try file.truncate() } catch { throw Self.failure(error) }
    count = 0
  }

  /// Leaves no empty file behind.
  func close() {
    try? file.close()
    if count == 0 { try? Folder.remove(file: path) }
  }

  /// The user knows the name that the file gets when it is whole.
  private static func failure(_ error: WriteError) -> WeightsError {
    let name =
      error.path.hasSuffix(Download.partialEnding)
      ? String(error.path.dropLast(Download.partialEnding.count)) : error.path
    return .cannotWrite(path: name, reason: error.reason)
  }
}
