import Crypto
import Foundation

/// Names of the files that a process is still writing, and the proof that nobody writes one any
/// more.
///
/// A name is `.partial-<domain>-<pid>-<start>-<uuid>.h5`. The domain stands for the machine since
/// it was started and for the process namespace (two containers have a process 7 each), the start
/// tells a process from a later one that got the same number. A shard that is complete has another
/// name, so nothing that is lost here was ever in the store.
package struct TemporaryName {
  package static let prefix = ".partial-"
  /// Where nothing can be proven about the writer, a file this old (in seconds) has none.
  static let staleAge: TimeInterval = 24 * 3600

  /// A new name for a file of this process.
  package static func make() -> String {
    let pid = ProcessInfo.processInfo.processIdentifier
    return prefix + "\(domain)-\(pid)-\(startTime(of: pid) ?? "0")-\(UUID().uuidString).h5"
  }

  /// Whether the process that wrote the file is gone for certain.
  ///
  /// - Parameter modified: when the file was last written to.
  static func isAbandoned(_ name: String, modified: Date, now: Date = Date()) -> Bool {
    let parts = name.dropFirst(prefix.count).split(separator: "-", maxSplits: 3)
    guard name.hasPrefix(prefix), parts.count == 4, parts[0] == domain, let pid = Int32(parts[1]),
      // Where the system does not tell when a process was started, only age counts.
      startTime(of: ProcessInfo.processInfo.processIdentifier) != nil
    else { return now.timeIntervalSince(modified) > staleAge }
    return startTime(of: pid) != String(parts[2])
  }

  /// Eight digits that stand for this machine, this boot and this process namespace.
  package static let domain: String = {
    let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
    let space = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
    let text = "\(boot ?? "") \(space ?? "") \(ProcessInfo.processInfo.hostName)"
    return String(SHA256.hash(data: Array(text.utf8)).hexadecimal.prefix(8))
  }()

  /// When a living process was started, in clock ticks after the boot; `nil` if there is none.
  package static func startTime(of pid: Int32) -> String? {
    guard let line = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
      // The second field is the program's name in brackets, and may itself hold brackets.
      let end = line.lastIndex(of: ")")
    else { return nil }
    let fields = line[line.index(after: end)...].split(separator: " ")
    // Fields 3 and 22 of proc(5). A zombie was killed and writes no more, though it has a number.
    guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
    return String(fields[19])
  }
}
