import Foundation
import Synchronization

/// A folder of its own for a test, removed with all that is in it when nothing refers to it any
/// more, or else when the tests are over: values of static properties live until then.
package final class TemporaryFolder: Sendable {
  package let path: String

  private static let living = Mutex<Set<String>>([])
  private static let removesAll: Void = {
    atexit { TemporaryFolder.removeAll() }
  }()

  /// - Parameter name: what the folder's name begins with; it holds a space, as users' do.
  package init(_ name: String = "test") throws {
    _ = Self.removesAll
    path =
      FileManager.default.temporaryDirectory
      .appendingPathComponent("headstart \(name) \(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    Self.living.withLock { [path] in _ = $0.insert(path) }
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
    Self.living.withLock { [path] in _ = $0.remove(path) }
  }

  package func file(_ name: String) -> String { (path as NSString).appendingPathComponent(name) }

  /// What is in the folder, hidden files and all, sorted.
  package func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted()
  }

  private static func removeAll() {
    for path in living.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: path) }
  }
}
