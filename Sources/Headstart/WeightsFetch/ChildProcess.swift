import Foundation

/// Runs another program to its end, reading what it writes while it runs.
enum ChildProcess {
  struct Ending {
    let status: Int32
    /// What it wrote to standard error, at most the last 64 KB.
    let diagnostics: String

    /// The last line that says something, for an error message.
    var lastLine: String {
      let lines = diagnostics.split(whereSeparator: \.isNewline)
      return lines.last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "exit status \(status)"
    }
  }

  /// Runs `program`, found on the PATH of `environment`.
  ///
  /// Both pipes are read as they fill, so that the program never waits for us, and the cancellation
  /// is looked at five times a second. When `output` throws or the cancellation strikes, the
  /// program is killed.
  ///
  /// - Parameter output: gets standard output piece by piece.
  /// - Throws: ``SourceFailure`` if the program is not installed, ``Cancelled``, and what `output`
  ///   throws. A status other than zero is not an error here.
  static func run(
    _ program: String, _ arguments: [String], environment: [String: String],
    cancellation: Cancellation, output: (Data) throws -> Void = { _ in }
  ) throws -> Ending {
    let process = Process()
    process.executableURL = try find(program, environment: environment)
    process.arguments = arguments
    process.environment = environment
    let standardOutput = Pipe()
    let standardError = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = standardOutput
    process.standardError = standardError
    do {
      try process.run()
    } catch {
      throw SourceFailure("the program \(program) could not be started: \(sentence(of: error))")
    }

    var diagnostics = Data()
    do {
      try drain(
        [standardOutput.fileHandleForReading, standardError.fileHandleForReading],
        cancellation: cancellation
      ) { index, data in
        if index == 0 {
          try output(data)
        } else {
          diagnostics.append(data)
          if diagnostics.count > 1 << 16 { diagnostics = Data(diagnostics.suffix(1 << 16)) }
        }
      }
    } catch {
      // Not SIGTERM, which the child may have inherited as ignored.
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      throw error
    }
    process.waitUntilExit()
    return Ending(
      status: process.terminationStatus, diagnostics: String(decoding: diagnostics, as: UTF8.self))
  }

  /// Reads all handles to their ends, whichever has something first.
  private static func drain(
    _ handles: [FileHandle], cancellation: Cancellation, body: (Int, Data) throws -> Void
  ) throws {
    var descriptors = handles.map {
      pollfd(fd: $0.fileDescriptor, events: Int16(POLLIN), revents: 0)
    }
    while descriptors.contains(where: { $0.fd >= 0 }) {
      try cancellation.check()
      // Interrupted or timed out: nothing to read yet, only the cancellation to look at.
      guard poll(&descriptors, nfds_t(descriptors.count), 200) > 0 else { continue }
      for index in descriptors.indices where descriptors[index].revents != 0 {
        let data = handles[index].availableData
        // poll passes over negative descriptors.
        if data.isEmpty { descriptors[index].fd = -1 } else { try body(index, data) }
      }
    }
  }

  private static func find(_ program: String, environment: [String: String]) throws -> URL {
    let folders = (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
    for folder in folders {
      let path = "\(folder)/\(program)"
      if FileManager.default.isExecutableFile(atPath: path) { return URL(fileURLWithPath: path) }
    }
    throw SourceFailure(
      "the program \(program) is not installed (nor is it on the PATH); Scripts/setup.sh --demo"
        + " installs it")
  }
}
