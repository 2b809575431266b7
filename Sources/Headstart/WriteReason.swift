import Files
import KerasFormat

/// An error in words: the system's for Foundation's errors, whose descriptions are for debugging;
/// the description for ours.
func sentence(of error: any Error) -> String {
  guard let text = SystemReason.sentence(error) else { return "\(error)" }
  return text.hasSuffix(".") ? String(text.dropLast()) : text
}

/// Why a file or folder could not be written, without its name.
func writeReason(_ error: any Error, _ path: String) -> String {
  if let error = error as? KerasFormatError { return error.found }
  return SystemReason.text(error, writing: path)
}

extension StageError {
  /// Makes a folder, and those above it.
  ///
  /// - Throws: ``StageError/cannotCreateFolder(path:reason:)``.
  static func create(folder: String) throws(StageError) {
    do {
      try Folder.create(folder)
    } catch {
      throw .cannotCreateFolder(path: folder, reason: error.reason)
    }
  }
}
