import Foundation

/// Why a file cannot be read.
package enum FileError: Error, Equatable {
  /// The operating system refuses, for the reason given.
  case unreadable(reason: String)
  /// A folder, a pipe or a device.
  case notAFile(found: String)
  /// Fewer bytes than were to be read.
  case short(wanted: Range<Int>, size: Int)

  /// The operating system's text for an error number.
  package static func message(_ number: Int32) -> String { String(cString: strerror(number)) }
}
