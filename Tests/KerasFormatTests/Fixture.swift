import Foundation
import KerasFormat
import TestSupport
import Testing

/// The files under Fixtures, and scratch folders for files that tests write.
enum Fixture {
  static func path(_ name: String) -> String {
    Bundle.module.bundleURL.appendingPathComponent("Fixtures/\(name)").path
  }

  /// Gives `body` an empty folder, and removes it afterwards.
  static func withFolder<R>(_ body: (String) throws -> R) throws -> R {
    let folder = try TemporaryFolder("keras")
    return try withExtendedLifetime(folder) { try body(folder.path) }
  }
}

/// The `KerasFormatError` that `body` throws; the test fails if it throws none, or another.
func failure<R>(
  _ body: () throws -> R, sourceLocation: SourceLocation = #_sourceLocation
) throws -> KerasFormatError {
  try #require(throws: KerasFormatError.self, sourceLocation: sourceLocation) { _ = try body() }
}
